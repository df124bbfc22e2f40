"""Tumour markers: what ``mappers.tumor_marker`` is made of.

``analytes`` tells which analyte a test measures, ``answers`` what words and codes of qualitative results mean, ``numbers`` reads
numbers that people type, ``scores`` the scores of PD-L1 and HER2, ``results`` puts a result into POP's fields, and ``repeats``
finds the results that a record tells more than once.
"""
