"""Adverse events, their suspected causes and mitigations.

``selection`` finds what may tell of an event, ``reports`` reads what it tells (a ``report``); ``terms`` names it in CTCAE's
words, ``grades`` and ``outcomes`` read how bad it was and how it ended. ``courses`` joins the reports of one event. ``causes``
(of ``suspects``) and ``mitigations`` make the children's drafts. ``adverse_event`` is the mapper.
"""
