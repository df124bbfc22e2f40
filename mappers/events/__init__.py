"""Adverse events, their suspected causes and mitigations.

``reports`` reads what an AdverseEvent, a Condition or an Observation tells of an event; ``terms`` names it in CTCAE's words,
``grades`` and ``outcomes`` read how bad it was and how it ended. ``courses`` joins the reports of one event. ``causes`` and
``mitigations`` make the children's drafts. ``adverse_event`` is the mapper.
"""
