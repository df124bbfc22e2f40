"""``docs/mapping``: a page for each kind of POP entity, made from what the mappers do with records that the project owns."""
