"""Stagings: fourteen kinds of POP.

``systems`` knows which staging system an Observation or a ``Condition.stage`` speaks of; ``statements`` collects what a record
says in one system and settles duplicates. ``staging`` makes the drafts of thirteen kinds, with what is particular to some in
``breslow``, ``gleason`` and ``lymphoma``. TNM, which is made of parts: ``tnm`` is its mapper, ``tnm_parts`` tells the parts,
``tnm_sets`` what belongs together, ``tnm_conditions`` what Conditions state, ``tnm_draft`` fills the fields, and
``stage_tables`` holds the published groups for sites that want them. Spellings: ``mappers.terminology.stage_names``.
"""
