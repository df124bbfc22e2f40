"""What one Condition says of a tumour, translated; a tumour may be told by several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mappers.codes import (
    ASSERTED_DATE,
    HISTOLOGY,
    ICD_O_MORPHOLOGY,
    LATERALITY,
    LOINC,
    NCIT,
    RECURRENCE_OF,
    RELATED_CONDITION,
    RELATED_PRIMARY,
    SNOMED,
)  # fmt: skip
from mappers.dates import Day
from mappers.diagnoses import Diagnosis, is_primary
from mappers.fhir import codings, extension_value, extensions, first, objects, text_of
from mappers.histology_groups import is_haematologic, specified
from mappers.protocol import Context, JsonObject, Resource, Source, Translation
from mappers.references import target_keys
from mappers.subjects import day_in, observed_on
from mappers.tumour_identity import Facts
from mappers.tumour_words import read_words

#: Histology observations: LOINC 31206-6 (mCODE histologic behaviour and type), 59847-4 (histology and behaviour ICD-O-3; MII).
HISTOLOGY_CODES = frozenset({(LOINC, "31206-6"), (LOINC, "59847-4")})
#: Grade observations: LOINC 33732-9 (histology grade; MII Grading), 44648-4 (histologic grade in breast cancer), NCIt C18000
#: (mCODE histologic grade).
GRADE_CODES = frozenset({(LOINC, "33732-9"), (LOINC, "44648-4"), (NCIT, "C18000")})
#: SNOMED CT "Site of distant metastasis": MII's *Fernmetastasen*, an Observation for each site.
METASTASIS_CODES = frozenset({(SNOMED, "385421009")})
#: German base profiles: the side is an extension of the ICD-10-GM coding (fhir.de *Seitenlokalisation*).
GERMAN_SIDE = "http://fhir.de/StructureDefinition/seitenlokalisation"


@dataclass(frozen=True, slots=True)
class Value:
    """A translated value and where it stands."""

    translation: Translation
    source: Source

    @property
    def code(self) -> str:
        """POP's code."""
        return str(self.translation.concept["code"])


@dataclass(frozen=True, slots=True)
class Dated:
    """A day of the diagnosis: rank 0 asserted, 1 onset, 2 recorded, 3 the encounter's."""

    day: Day
    source: Source
    rank: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One Condition, or one Observation of a metastasis, read."""

    condition: Resource
    diagnosis: Diagnosis
    topography: Value | None
    histology: Value | None
    """A stated one."""
    named_histology: Value | None
    """What the diagnosis code implies."""
    laterality: Value | None
    dates: tuple[Dated, ...]
    facts: Facts


def read_statement(condition: Resource, diagnosis: Diagnosis, context: Context) -> Statement:
    """Read a Condition that is a tumour."""
    json = condition.json
    topography = _finest_site(context, [*_sites(condition), (json.get("code"), Source(condition.reference, "code"))])
    histology = first_value(context, "CancerMorphology", stated_histologies(condition))
    said = each_coding([(json.get("code"), Source(condition.reference, "code"))])
    names = [each for one in said if (each := first_value(context, "CancerMorphology", [one])) is not None]
    named = next((each for each in names if specified(each.code)), names[0] if names else None)
    laterality = first_value(context, "LateralityQualifier", _sides(condition), text=True)
    if diagnosis.relationship != "metastatic":
        said_histology, said_side = _in_words(condition, topography, context)
        laterality = laterality or said_side
        if said_histology is not None and (named is None or _is_finer(said_histology.code, named.code)):
            named = said_histology
    dates = tuple(_dates(condition, context))
    assert diagnosis.relationship is not None
    facts = Facts(
        reference=condition.reference,
        relationship=diagnosis.relationship,
        topography=topography.code if topography else "",
        morphology=histology.code if histology else _telling(named, topography, diagnosis),
        laterality=laterality.code if laterality else "",
        day=min(dates, key=lambda each: each.rank).day if dates else None,
        identifiers=frozenset(
            (text_of(each.get("system")), text_of(each.get("value"))) for each in objects(json.get("identifier"))
            if text_of(each.get("value"))
        ),
        primary=named_primary(condition, context) or "",
        in_situ=diagnosis.in_situ or (histology is not None and histology.code.endswith("/2")),
    )  # fmt: skip
    return Statement(condition, diagnosis, topography, histology, named, laterality, dates, facts)


def _in_words(condition: Resource, topography: Value | None, context: Context) -> tuple[Value | None, Value | None]:
    """(histology, side) that the name of the diagnosis adds to its codes: see ``mappers.tumour_words``."""
    code = condition.json.get("code")
    told = read_words(
        text_of(code.get("text")) if isinstance(code, dict) else "", topography.code if topography else ""
    )
    source = Source(condition.reference, "code.text")
    return (
        _known(context, "CancerMorphology", ICD_O_MORPHOLOGY, told.morphology, source),
        _known(context, "LateralityQualifier", SNOMED, told.laterality, source),
    )


def _known(context: Context, terminology: str, system: str, code: str | None, source: Source) -> Value | None:
    if code is None:
        return None
    found = context.translate(terminology, {"coding": [{"system": system, "code": code}]})
    return None if found is None else Value(found, source)


def _is_finer(said: str, coded: str) -> bool:
    """A kind of tumour where the codes name none; a kind of melanoma (8721 to 8790), where they say melanoma (C43)."""
    return not specified(coded) or (coded[:4] == "8720" and "8721" <= said[:4] <= "8790")


def _telling(named: Value | None, topography: Value | None, diagnosis: Diagnosis) -> str:
    """The histology that a diagnosis code names, where ICD keeps tumours of one site apart by it: blood and lymph, which have one
    site, and skin, where C43 is melanoma and C44 (ICD-9 173) is any other cancer."""
    skin = topography is not None and topography.code.startswith("C44")
    if named is not None and (skin or is_haematologic(named.code)):
        return named.code
    return "8010/3" if skin and diagnosis.icd10 is not None and diagnosis.icd10.code.startswith(("C44", "173")) else ""


def read_metastasis(observation: Resource, context: Context) -> Statement:
    """Read an Observation of a distant metastasis: its site is the value, its primary the focus."""
    json = observation.json
    site = Source(observation.reference, "valueCodeableConcept")
    candidates = [(json.get("valueCodeableConcept"), site), *_sites(observation)]
    topography = first_value(context, "CancerTopography", candidates, text=True)
    laterality = first_value(context, "LateralityQualifier", _sides(observation)[:-1], text=True)
    observed = observed_on(observation, context)
    dates = () if observed is None else (Dated(observed[0], observed[1], 2 if observed[2] else 0),)
    primary = ""
    for reference in objects(json.get("focus")):
        target = context.resolve(reference, within=observation)
        if target is not None and target.type == "Condition" and is_primary(target.json):
            primary = target.reference
    facts = Facts(
        reference=observation.reference, relationship="metastatic", morphology="", primary=primary,
        # A site that POP has no concept for is a site all the same: it is not one of the others.
        topography=topography.code if topography else observation.reference,
        laterality=laterality.code if laterality else "", day=dates[0].day if dates else None,
    )  # fmt: skip
    return Statement(observation, Diagnosis("metastatic", ""), topography, None, None, laterality, dates, facts)


def first_value(
    context: Context, terminology: str, candidates: list[tuple[Any, Source]], *, text: bool = False
) -> Value | None:
    """The first candidate that POP has a concept for. The text of a diagnosis code is never taken for a site or a side."""
    for concept, source in candidates:
        found = context.translate(terminology, concept, text=text and source.element != "code")
        if found is not None:
            return Value(found, source)
    return None


def each_coding(candidates: Iterable[tuple[Any, Source]]) -> Iterator[tuple[JsonObject, Source]]:
    """Each coding of each concept, and each text, on its own: a concept's codings differ in how much they say (R4
    CodeableConcept: "different code systems might have different granularity")."""
    for concept, source in candidates:
        for coding in codings(concept):
            yield {"coding": [coding]}, source
        if isinstance(concept, dict) and text_of(concept.get("text")):
            yield {"text": concept["text"]}, source


def _finest_site(context: Context, candidates: Iterable[tuple[Any, Source]]) -> Value | None:
    """The first site that is stated; a subsite of the same organ (C18.2), stated elsewhere, refines it (C18.9), and any site an
    unknown one (C80.9)."""
    chosen: Value | None = None
    for one in each_coding(candidates):
        found = first_value(context, "CancerTopography", [one], text=True)
        if found is None:
            continue
        if chosen is None or _refines(found.code, chosen.code):
            chosen = found
    return chosen


def _refines(finer: str, code: str) -> bool:
    if finer == code or not code.endswith((".9", code[:3])):
        return False
    return code.startswith("C80") or (finer[:3] == code[:3] and not finer.endswith((".9", finer[:3])))


def _sites(condition: Resource) -> Iterator[tuple[JsonObject, Source]]:
    """A Condition has several body sites, an Observation one."""
    for position, site in enumerate(objects(condition.json.get("bodySite"))):
        yield site, Source(condition.reference, f"bodySite[{position}]")


def stated_histologies(condition: Resource) -> list[tuple[Any, Source]]:
    """The histology extensions of mCODE, POP and MII."""
    stated = extension_value(condition.json, HISTOLOGY)
    return [] if stated is None else [(stated[1], Source(condition.reference, stated[0]))]


def _sides(condition: Resource) -> list[tuple[Any, Source]]:
    found: list[tuple[Any, Source]] = []
    for site, source in _sites(condition):
        stated = extension_value(site, LATERALITY)
        if stated is not None:
            found.append((stated[1], source))
        found.append((site, source))
    source = Source(condition.reference, "code")
    for coding in codings(condition.json.get("code")):
        stated = extension_value(coding, GERMAN_SIDE)
        if stated is not None:
            found.append((stated[1], source))
    found.append((condition.json.get("code"), source))
    return found


def _dates(condition: Resource, context: Context) -> Iterator[Dated]:
    json = condition.json
    asserted = extension_value(json, ASSERTED_DATE)
    tries = [
        (0, asserted[0] if asserted else "", asserted[1] if asserted else None),
        (1, "onsetDateTime", json.get("onsetDateTime")),
        (1, "onsetPeriod", json.get("onsetPeriod")),
        (2, "recordedDate", json.get("recordedDate")),
    ]
    for rank, element, value in tries:
        day = day_in(value, context)
        if day is not None:
            yield Dated(day, Source(condition.reference, element), rank)
    # Only where nothing else dates it: every question to the context makes the tumours depend on the answer.
    if not any(day_in(value, context) is not None for _, _, value in tries):
        encounter = context.resolve(first(json.get("encounter")) or None, within=condition)
        day = day_in(encounter.json.get("period"), context) if encounter is not None else None
        if day is not None:
            yield Dated(day, Source(condition.reference, "encounter"), 3)


def primary_extensions(condition: Resource) -> list[tuple[int, JsonObject]]:
    """Extensions that name the primary of a metastasis or recurrence."""
    return [*extensions(condition.json, (RECURRENCE_OF, *RELATED_PRIMARY))]


def named_primary(condition: Resource, context: Context) -> str | None:
    """The Condition that a metastasis or recurrence names as its primary, if it has arrived and is one."""
    for _, extension in primary_extensions(condition):
        target = context.resolve(first(extension.get("valueReference")), within=condition)
        if target is not None and target.type == "Condition" and is_primary(target.json):
            return target.reference
    return None


def about(observation: Resource) -> frozenset[str]:
    """The Conditions that an Observation names."""
    named = [*objects(observation.json.get("focus"))]
    named.extend(first(each.get("valueReference")) for _, each in extensions(observation.json, RELATED_CONDITION))
    return frozenset(key for each in named for key in target_keys(each) if key.startswith("Condition/"))
