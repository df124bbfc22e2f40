"""Treatment responses: ``answers`` knows what is said in RECIST's categories, ``methods`` how it was found, ``assessments`` what
the Observations tell together; ``treatment_response`` is the mapper."""
