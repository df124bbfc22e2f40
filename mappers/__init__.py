"""Pure mapping of FHIR R4 resources to drafts of POP entities."""
