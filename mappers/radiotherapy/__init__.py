"""Radiotherapy: one course is one entity, with a dosage per irradiated volume and a setting per modality and technique.

``procedures`` tells which Procedures are radiotherapy and of what shape; ``statements`` reads one (``beams`` its modality and
technique, ``sites`` its volumes' locations, ``volumes`` its doses); ``courses`` puts statements together; ``drafts`` writes them.
"""
