"""Patients adjudicated by hand, and how the mappers score on them."""
