"""What a row of a concept map says of source and target, whatever the standard spells it, and which fields take what.

FHIR R4 *ConceptMapEquivalence* (http://hl7.org/fhir/R4/valueset-concept-map-equivalence.html), R5 *ConceptMapRelationship*
(http://hl7.org/fhir/R5/valueset-concept-map-relationship.html), SSSOM's SKOS predicates
(https://mapping-commons.github.io/sssom/). Each tells how the *target* stands to the source.
"""

from __future__ import annotations

from typing import Literal

Relation = Literal["equivalent", "wider", "narrower", "related", "none"]

RELATIONS: dict[str, Relation] = {
    # R4; "equals" stands in documents of DSTU2.
    "equal": "equivalent", "equals": "equivalent", "equivalent": "equivalent",
    "wider": "wider", "subsumes": "wider", "narrower": "narrower", "specializes": "narrower",
    "inexact": "related", "relatedto": "related", "related": "related", "unmatched": "none", "disjoint": "none",
    # R5: the source is narrower, so the target is wider.
    "source-is-narrower-than-target": "wider", "source-is-broader-than-target": "narrower", "related-to": "related",
    "not-related-to": "none",
    # SSSOM: subject skos:broadMatch object says that the object is broader.
    "skos:exactMatch": "equivalent", "owl:equivalentClass": "equivalent", "skos:broadMatch": "wider",
    "rdfs:subClassOf": "wider", "skos:narrowMatch": "narrower", "skos:closeMatch": "related", "skos:relatedMatch": "related",
}  # fmt: skip

#: Fields for which a wider target is still true, only less exact: a category of ICD-10, a region. A narrower one never is: it
#: says what nobody said.
WIDER: frozenset[str] = frozenset(
    {"ICD10Condition", "CancerTopography", "ObservationBodySite", "RadiotherapyTreatmentLocation"}
)


def relation_of(said: str) -> Relation | None:
    """The relation that a map names; None for a word of no standard."""
    return RELATIONS.get(said) or RELATIONS.get(said.casefold())


def counts(relation: Relation, terminology: str) -> bool:
    """True if a target of this relation may be written into a field of the terminology."""
    return relation == "equivalent" or (relation == "wider" and terminology in WIDER)
