"""Systemic therapies: which drugs count, which of them are one course, and what the source says of each."""

from mappers.systemic_therapy.mapper import SystemicTherapyMapper

__all__ = ["SystemicTherapyMapper"]
