"""Stagings: fourteen kinds of POP, one module each for what is particular to them.

``systems`` knows which staging system an Observation or a ``Condition.stage`` speaks of; ``statements`` collects what a record
says in one system and settles duplicates; ``staging`` makes the drafts of thirteen kinds, ``tnm`` those of TNM.
"""
