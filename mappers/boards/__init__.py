"""Tumour boards: which resources tell of one, what it recommends, and the drugs and trials of a molecular one."""
