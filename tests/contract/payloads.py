"""Valid bodies of every kind, generated from the contract, the payload models and POP's own value lists.

What is valid beyond types and lists is what the guard lets through (:mod:`adapters.pop.guard`); :func:`_consistent` makes bodies
of that sort, and :func:`bodies` drops the few that are not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st

from adapters.pop import guard, models
from adapters.pop.compare import SERVER_OWNED
from adapters.pop.guard.ranges import RANGES
from adapters.pop.guard.rules import BEAM_MODALITIES, BEAM_TECHNIQUES, NEEDS, ONE_OF, SCALES
from adapters.pop.kinds import JsonObject, Kind
from adapters.pop.measures import sent_unit

Concepts = Mapping[str, Sequence[JsonObject]]
"""Terminology → some of its concepts, as POP lists them."""
Ids = Mapping[str, Sequence[str]]
"""Kind → ids of entities of the same case."""

FIRST, LAST = dt.date(1995, 1, 1), dt.date(2025, 12, 31)
#: Texts that have a form: HGVS (hgvs-nomenclature.org), numbers of ClinicalTrials.gov.
FORMED = {
    "dnaHgvs": ("NM_005228.5:c.2573T>G", "c.35G>A", "NC_000007.14:g.55191822T>G"),
    "rnaHgvs": ("NM_005228.5:r.2573t>g", "r.76a>c"),
    "proteinHgvs": ("NP_005219.2:p.Leu858Arg", "p.(Leu858Arg)", "NP_000240.1:p.Arg226*"),
    "clinicalTrial": ("NCT01234567", "NCT76543210"),
    "clinvar": ("16609", "VCV000016609.3"),
}
#: What each category of a mitigation consists of.
MITIGATIONS = {"adjustment": "adjustment", "pharmacological": "drug", "procedure": "procedure"}
CAUSES = ("systemicTherapyId", "medicationId", "radiotherapyId", "surgeryId")
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
#: Risk classes belong to a method: two that were recorded to be accepted together (NCI Thesaurus).
RISK_METHOD = {
    "code": "C136962",
    "system": NCIT,
    "display": "Follicular Lymphoma International Prognostic Index (FLIPI)",
}
RISK_CLASSES = (
    {"code": "C136967", "system": NCIT, "display": "FLIPI Score 2, Intermediate Risk"},
    {"code": "C136968", "system": NCIT, "display": "FLIPI Score Greater than or Equal to 3, High Risk"},
)
CHOICES: Mapping[tuple[str, str], Sequence[JsonObject]] = {
    ("RiskAssessment", "methodology"): (RISK_METHOD,),
    ("RiskAssessment", "risk"): RISK_CLASSES,
}


@cache
def schema(kind: str) -> JsonObject:
    """JSON schema of the kind's create body."""
    model = getattr(models, f"{kind}Create")
    found: JsonObject = model.model_json_schema()
    return found


def optional(kind: Kind) -> list[str]:
    """Fields that a body may leave out. ``therapyLineId`` is POP's own: every write of a therapy overwrites it."""
    return sorted(kind.properties - set(kind.required) - kind.const.keys() - SERVER_OWNED)


def bodies(
    kind: Kind, concepts: Concepts, ids: Ids, *, all_fields: bool = False, having: str | None = None
) -> st.SearchStrategy[JsonObject]:
    """Strategy of valid bodies. ``all_fields``: every field that makes sense is there. ``having``: this field surely is."""
    required = {name: _field(kind, name, concepts, ids) for name in [*kind.required, *kind.const]}
    others = {name: _field(kind, name, concepts, ids) for name in optional(kind)}
    drawn = st.fixed_dictionaries(
        {**required, **others} if all_fields else required, optional={} if all_fields else others
    )
    analytes = concepts.get(kind.terminology.get("analyte", ""), ())
    made = st.builds(_consistent, st.just(kind), drawn, st.sampled_from(CAUSES), st.just(analytes))
    return made.filter(
        lambda body: (
            (having is None or having in body) and not guard.violations(kind.name, guard.encode(kind.name, body))
        )
    )


def minimal(kind: Kind, concepts: Concepts, ids: Ids) -> JsonObject:
    """The plainest valid body, always the same."""
    names = [*kind.required, *kind.const, *_one_of(kind)]
    # The first category of a mitigation, with what it consists of.
    names += ["adjustment"] if kind.name == "AdverseEventMitigation" else []
    return _consistent(kind, {name: _plain(kind, name, concepts, ids) for name in names})


def _one_of(kind: Kind) -> list[str]:
    """The likeliest value where at least one is demanded."""
    return [*ONE_OF.get(kind.name, ())[:1]]


def _consistent(
    kind: Kind, body: JsonObject, cause: str = CAUSES[0], analytes: Sequence[JsonObject] = ()
) -> JsonObject:
    """Leave out, or add, what the rules about several fields demand."""
    body = dict(body)
    for (name, field), needed in NEEDS.items():
        if name == kind.name and body.get(field) and not body.get(needed):
            if kind.name == "MolecularTumorBoard":
                body[needed] = True
            else:
                del body[field]
    match kind.name:
        case "PatientCase":
            _case(body)
        case "NeoplasticEntity":
            if "relatedPrimaryId" not in body:
                body["relationship"] = "primary"
            elif body["morphology"]["code"].endswith("/6"):
                body["relationship"] = "metastatic"
            elif body["relationship"] == "metastatic":
                body["relationship"] = "local_recurrence"
            if body["relationship"] == "primary":
                body.pop("relatedPrimaryId", None)
        case "TNMStaging":
            body.pop("pathological", None) if body.get("pathological") is False else None
        case "TumorMarker":
            _marker(body, cause, analytes)
        case "AdverseEvent":
            if body["outcome"] in ("ongoing", "recovering"):
                body.pop("dateResolved", None)
            elif body["outcome"].startswith("resolved") or "dateResolved" in body:
                body["dateResolved"] = max(body.get("dateResolved", body["date"]), body["date"])
        case "AdverseEventMitigation":
            if MITIGATIONS[body["category"]] not in body:
                given = (name for name, field in MITIGATIONS.items() if field in body)
                body["category"] = next(given, body["category"])
            for category, field in MITIGATIONS.items():
                if body["category"] != category:
                    body.pop(field, None)
        case "AdverseEventSuspectedCause":
            for field in CAUSES:
                if field != cause:
                    body.pop(field, None)
        case "ComorbiditiesAssessment":
            present = body.get("presentConditions", [])
            if "absentConditions" in body:
                body["absentConditions"] = [item for item in body["absentConditions"] if item not in present]
        case "FamilyHistory":
            body["hadCancer"] = bool({"topography", "morphology", "onsetAge"} & body.keys()) or body["hadCancer"]
        case "Vitals":
            if {"bloodPressureSystolic", "bloodPressureDiastolic"} <= body.keys():
                pair = body["bloodPressureDiastolic"], body["bloodPressureSystolic"]
                low, high = sorted(pair, key=lambda measure: measure["value"])
                body |= {"bloodPressureDiastolic": low, "bloodPressureSystolic": high}
    return body


def _case(body: JsonObject) -> None:
    status = body.setdefault("vitalStatus", "alive")
    if status != "deceased":
        body.pop("dateOfDeath", None)
        body.pop("causeOfDeath", None)
    else:
        body.setdefault("dateOfDeath", "2025-03-01")
    if status == "unknown":
        body.setdefault("endOfRecords", "2025-02-01")
    else:
        body.pop("endOfRecords", None)


def _marker(body: JsonObject, draw: str, analytes: Sequence[JsonObject]) -> None:
    """A scale wants its analyte: one of those that the body has decides, ``draw`` tells which."""
    scaled = sorted(field for field in SCALES if field in body)
    if not scaled:
        return
    codes = SCALES[scaled[CAUSES.index(draw) % len(scaled)]]
    if (analyte := next((item for item in analytes if item["code"] in codes), None)) is not None:
        body["analyte"] = written(analyte)
    for field in scaled:
        if body["analyte"]["code"] not in SCALES[field]:
            del body[field]


def _plain(kind: Kind, name: str, concepts: Concepts, ids: Ids) -> Any:
    value: Any
    if name in kind.const:
        value = kind.const[name]
    elif (kind.name, name) in CHOICES:
        value = CHOICES[kind.name, name][0]
    elif name == "dateOfBirth":
        value = "1961-05-01"
    elif name in kind.references:
        value = _targets(kind, name, ids)[0]
        value = [value] if name in kind.many else value
    elif name in kind.terminology:
        value = written(_usable(kind, name, concepts)[0])
        value = [value] if _type(kind, name)["type"] == "array" else value
    elif name in kind.measures:
        value = {"value": 12.5, "unit": sent_unit(kind.name, name)}
    elif name in kind.enums:
        value = kind.enums[name][0]
    elif name in kind.dates:
        value = "2024-02-05"
    elif name in FORMED:
        value = FORMED[name][0]
    else:
        value = {"object": {"start": "2024-02-05"}, "integer": 1, "number": 1.5, "boolean": True, "string": "A"}[
            _type(kind, name)["type"]
        ]
    return value


def _field(kind: Kind, name: str, concepts: Concepts, ids: Ids) -> st.SearchStrategy[Any]:
    if name in kind.const:
        return st.just(kind.const[name])
    if (kind.name, name) in CHOICES:
        return st.sampled_from(CHOICES[kind.name, name])
    if name in kind.references:
        targets = _targets(kind, name, ids)
        return (
            st.lists(st.sampled_from(targets), min_size=1, unique=True)
            if name in kind.many
            else st.sampled_from(targets)
        )
    if name in kind.terminology:
        some = _usable(kind, name, concepts)
        if _type(kind, name)["type"] == "array":
            return st.lists(st.sampled_from(some), min_size=1, max_size=3, unique_by=_code).map(
                lambda found: [*map(written, found)]
            )
        return st.sampled_from(some).map(written)
    if name in kind.measures:
        unit = sent_unit(kind.name, name)
        return st.builds(lambda value: {"value": value, "unit": unit}, numbers(*_bounds(kind, name, 1000)))
    if name in kind.enums:
        return st.sampled_from(kind.enums[name])
    if name in kind.dates:
        return days(dt.date(1930, 1, 1), FIRST) if name == "dateOfBirth" else days()
    return _typed(kind, name, _type(kind, name))


def _usable(kind: Kind, name: str, concepts: Concepts) -> list[JsonObject]:
    """Of a value list's concepts those that this field may have: sites, not groups of them; conditions, not blocks."""
    found = list(concepts[kind.terminology[name]])
    if (kind.name, name) == ("NeoplasticEntity", "topography"):
        return [item for item in found if "." in item["code"]]
    if (kind.name, name) == ("NeoplasticEntity", "morphology"):
        return sorted(found, key=lambda item: not item["code"].endswith("/3"))
    if kind.name == "RadiotherapySetting":
        return sorted(found, key=lambda item: item["code"] not in BEAM_MODALITIES | BEAM_TECHNIQUES)
    return [item for item in found if "-" not in item["code"]] if kind.name == "ComorbiditiesAssessment" else found


def _bounds(kind: Kind, name: str, high: int) -> tuple[float, float]:
    given = RANGES.get((kind.name, name))
    return (0, high) if given is None else (given.low + given.above, min(given.high, high))


def _typed(kind: Kind, name: str, facts: JsonObject) -> st.SearchStrategy[Any]:
    if name in FORMED:
        return st.sampled_from(FORMED[name])
    match facts["type"]:
        case "object":
            return periods()
        case "integer":
            low, high = _bounds(kind, name, 100)
            step = 10 if name == "karnofskyScore" else 1
            return st.integers(int(low), int(high) // step).map(lambda value: value * step)
        case "number":
            return numbers(*_bounds(kind, name, 1000))
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(texts(100), min_size=1, max_size=3, unique=True)
        case _:
            return texts(min(facts.get("maxLength", 100), 100))


def _targets(kind: Kind, name: str, ids: Ids) -> list[str]:
    return [identity for target in kind.references[name] for identity in ids.get(target, ())]


def _code(concept: JsonObject) -> tuple[str, str]:
    return concept["system"], concept["code"]


def written(concept: JsonObject) -> JsonObject:
    """A concept as the gateway sends it."""
    return {"code": concept["code"], "system": concept["system"], "display": concept.get("display")}


def _type(kind: Kind, name: str) -> JsonObject:
    """The JSON schema of a field, without its being nullable."""
    document = schema(kind.name)
    facts = document["properties"][name]
    facts = next((item for item in facts.get("anyOf", ()) if item.get("type") != "null"), facts)
    if "$ref" in facts:
        facts = document["$defs"][facts["$ref"].rsplit("/", 1)[1]]
    found: JsonObject = facts
    return found


def texts(longest: int) -> st.SearchStrategy[str]:
    """Texts as people write them: no control characters, something else than blanks at both ends."""
    characters = st.characters(exclude_categories=("C", "Z"))
    inner = st.text(st.characters(exclude_categories=("C",), exclude_characters="\u2028\u2029"), max_size=longest - 2)
    return st.builds("{}{}{}".format, characters, inner, characters)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Decimal numbers with three digits after the point."""
    return st.integers(round(low * 1000), round(high * 1000)).map(lambda value: value / 1000)


def days(first: dt.date = FIRST, last: dt.date = LAST) -> st.SearchStrategy[str]:
    """ISO days."""
    return st.dates(first, last).map(dt.date.isoformat)


def periods() -> st.SearchStrategy[JsonObject]:
    """Periods that end, if they do, on the first day or later."""
    pairs = st.tuples(days(), st.none() | days())
    return pairs.map(lambda pair: {"start": min(filter(None, pair)), **({"end": max(pair)} if pair[1] else {})})  # type: ignore[type-var]
