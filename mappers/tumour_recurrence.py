"""Recurrences that course reports tell of (oBDS *Verlauf*, MII ``mii-pr-onko-verlauf``).

A report has parts for the primary tumour (oBDS 2021 item 17.3) and the regional nodes (17.4); key R is a recurrence there
(*Lokalrezidiv*, *neu aufgetretenes Lymphknotenrezidiv*). The reports after it may repeat R: it is the same recurrence until one
finds nothing (K).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from mappers.codes import ICD_O_TOPOGRAPHY, SNOMED
from mappers.diagnoses import Diagnosis, Relationship
from mappers.fhir import code_of, codings, has_code, objects
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.subjects import VOID, observed_on
from mappers.tumour_statement import Dated, Statement, about, first_value

#: SNOMED CT *Status of regression of tumor*.
COURSE_CODES = frozenset({(SNOMED, "396432002")})
#: Part → (the word in its code system's name, what its key R means).
_PARTS: dict[tuple[str, str], tuple[str, Relationship]] = {
    (SNOMED, "277062004"): ("verlauf-primaertumor", "local_recurrence"),
    (SNOMED, "399656008"): ("verlauf-lymphknoten", "regional_recurrence"),
}
_RECURRENCE, _NOTHING = "R", "K"
_NODES = {"coding": [{"system": ICD_O_TOPOGRAPHY, "code": "C77.9"}]}


def is_course(member: Resource) -> bool:
    """True for a course report, also one that is void."""
    return member.type == "Observation" and has_code(member.json.get("code"), COURSE_CODES)


def read_recurrences(
    members: Iterable[Resource], primaries: Sequence[Statement], context: Context
) -> Iterator[Statement]:
    """Each recurrence once, at the first report of it. A report that names no known primary tells of none."""
    dated = [
        (observed[0].iso, each.reference, each, Dated(observed[0], observed[1], 2 if observed[2] else 0))
        for each in members
        if is_course(each) and each.json.get("status") not in VOID and (observed := observed_on(each, context)) is not None
    ]  # fmt: skip
    present: dict[tuple[str, Relationship], bool] = {}
    for _, _, course, date in sorted(dated, key=lambda each: each[:2]):
        primary = next((each for each in primaries if each.condition.reference in about(course)), None)
        if primary is None:
            continue
        for kind, key in _parts(course.json):
            place = primary.condition.reference, kind
            if key == _RECURRENCE and not present.get(place, False):
                yield _recurrence(course, kind, primary, date, context)
            present[place] = key != _NOTHING and (key == _RECURRENCE or present.get(place, False))


def _parts(json: JsonObject) -> Iterator[tuple[Relationship, str]]:
    for part in objects(json.get("component")):
        for code, (system, kind) in _PARTS.items():
            if has_code(part.get("code"), {code}):
                for coding in codings(part.get("valueCodeableConcept")):
                    if system in str(coding.get("system")):
                        yield kind, code_of(coding)


def _recurrence(course: Resource, kind: Relationship, primary: Statement, date: Dated, context: Context) -> Statement:
    """At the primary's site, or in nodes that the report does not name; with the primary's histology."""
    local = kind == "local_recurrence"
    topography = primary.topography
    if not local:
        topography = first_value(context, "CancerTopography", [(_NODES, Source(course.reference, "component"))])
    facts = replace(
        primary.facts, reference=course.reference if local else f"{course.reference}/nodes", relationship=kind, day=date.day,
        topography=topography.code if topography else "", laterality=primary.facts.laterality if local else "",
        primary=primary.condition.reference, identifiers=frozenset(), in_situ=False,
    )  # fmt: skip
    laterality = primary.laterality if local else None
    return Statement(
        course, Diagnosis(kind, ""), topography, primary.histology, primary.named_histology, laterality, (date,), facts
    )
