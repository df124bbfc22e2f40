"""Variants and signatures of the tumour's genome, as HL7 Genomics Reporting, mCODE, MII and laboratories tell them."""
