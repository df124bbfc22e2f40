"""With what was irradiated, and how: modality and technique of one Procedure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mappers.codes import (
    CPT,
    HCPCS,
    ICD_10_PCS,
    NULL_FLAVOR,
    OPS,
    PROCEDURE_METHOD,
    RADIOTHERAPY_BEAM,
    RADIOTHERAPY_MODALITY,
    RADIOTHERAPY_TECHNIQUE,
    SNOMED,
)
from mappers.fhir import code_of, codings, extension_value, extensions, objects, pairs, words
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.radiotherapy.procedures import BESTRAHLUNG, code_words, note_text
from mappers.radiotherapy.tables import TABLES, UNC, Pair, ops_entry

_EXTERNAL = frozenset({"1156506007", "45643008", "10611004", "1156505006", "80347004"})
_PHOTONS, _CONFORMAL = "1156506007", "1162782007"
_NUCLIDE, _IMRT, _VMAT = "440252007", "441799006", "1156530009"
_FAMILY_WORDS = (
    ("external", re.compile(r"external beam|\bebrt\b|teletherap|telether|perkutan", re.I)),
    ("contact", re.compile(r"brachyther|afterloading", re.I)),
    ("nuclide", re.compile(r"radionu[ck]lid|nuklearmed", re.I)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Beam:
    """A modality with a technique, as POP's codes; None where the source does not say."""

    modality: str | None
    technique: str | None
    sources: tuple[Source, ...]
    unknown: tuple[tuple[str, JsonObject, Source], ...] = ()
    """(POP field, concept, source) of what is stated and has no translation."""
    inferred: bool = False
    """The modality follows from the technique."""

    @property
    def family(self) -> str | None:
        """External beam, contact (brachytherapy) or nuclide therapy."""
        if self.modality == _NUCLIDE:
            return "nuclide"
        if self.modality in _EXTERNAL:
            return "external"
        if self.modality is not None and self.modality != UNC:
            return "contact"
        return "contact" if self.technique in ("384692006", "113120007", "14473006", "384691004") else None


def coded(code: str) -> JsonObject:
    """A code of POP's lists as a concept."""
    system = NULL_FLAVOR if code == UNC else SNOMED
    return {"coding": [{"system": system, "code": code}]}


def beams_of(resource: Resource, context: Context) -> list[Beam]:
    """The beams that a Procedure states, each once; empty if it states none."""
    found = [_inferred(each) for each in _stated(resource, context)]
    unique: dict[tuple[str | None, str | None], Beam] = {}
    for each in found:
        if each.modality or each.technique or each.unknown:
            unique.setdefault((each.modality, each.technique), each)
    return list(unique.values())


def family_of(resource: Resource, beams: list[Beam]) -> str | None:
    """The one family of a Procedure's beams, or the one that its name says."""
    found = {each.family for each in beams} - {None}
    if len(found) == 1:
        return found.pop()
    applied = _method(resource.json)
    if applied is not None:
        return (
            "contact"
            if applied[0] in "KI"
            else "nuclide"
            if applied[0] == "M"
            else "external"
            if applied[0] == "P"
            else None
        )
    text = code_words(resource.json)
    named = {family for family, pattern in _FAMILY_WORDS if pattern.search(text)}
    return named.pop() if len(named) == 1 else None


def _stated(resource: Resource, context: Context) -> Iterator[Beam]:
    """mCODE's extensions, the oBDS keys, or else what the code and the words say."""
    json, reference = resource.json, resource.reference
    found = False
    for position, extension in extensions(json, RADIOTHERAPY_BEAM):
        source = Source(reference, f"extension[{position}]")
        for beam in _paired(extension, source, context):
            found = True
            yield beam
    if not found:
        for beam in _paired(json, Source(reference, "extension"), context):
            found = True
            yield beam
    for position, extension in extensions(json, BESTRAHLUNG):
        parts = {str(each.get("url")): each.get("valueCodeableConcept") for each in objects(extension.get("extension"))}
        found = True
        yield _keyed(
            parts.get("Applikationsart"), parts.get("Strahlenart"), Source(reference, f"extension[{position}]")
        )
    method = extension_value(json, PROCEDURE_METHOD)
    used = next((each for each in objects(json.get("usedCode")) if _strahlenart(each)), None)
    if method is not None or used is not None:
        found = True
        yield _keyed(
            method[1] if method is not None else None, used, Source(reference, "extension" if method else "usedCode")
        )
    if not found:
        yield from _told(resource)


def _paired(element: JsonObject, source: Source, context: Context) -> Iterator[Beam]:
    """A modality with each of its techniques (STU2 permits several); of several modalities beside several techniques (STU2's
    ballot) those that mCODE's value sets allow together."""
    unknown: list[tuple[str, JsonObject, Source]] = []
    modalities = _codes(element, RADIOTHERAPY_MODALITY, "modality", source, context, unknown)
    techniques = _codes(element, RADIOTHERAPY_TECHNIQUE, "technique", source, context, unknown)
    if not modalities and not techniques:
        if unknown:
            yield Beam(None, None, (source,), tuple(unknown))
        return
    if len(modalities) <= 1:
        modality = modalities[0] if modalities else None
        for each in (*techniques, *([] if techniques else [None])):
            yield Beam(modality, each, (source,), tuple(unknown))
        return
    for modality in modalities:
        allowed: list[str | None] = [
            each for each in techniques if each in TABLES.techniques_of.get(modality, techniques)
        ]
        for technique in allowed or [None]:
            yield Beam(modality, technique, (source,), tuple(unknown))


def _codes(
    element: JsonObject, url: str, field: str, source: Source, context: Context,
    unknown: list[tuple[str, JsonObject, Source]],
) -> list[str]:  # fmt: skip
    found: list[str] = []
    for _, extension in extensions(element, url):
        concept = extension.get("valueCodeableConcept")
        if not isinstance(concept, dict):
            continue
        code = _translated(concept, field, context)
        if code is None:
            unknown.append((field, concept, source))
        elif code not in found:
            found.append(code)
    return found


def _translated(concept: JsonObject, field: str, context: Context) -> str | None:
    terminology = "RadiotherapyModality" if field == "modality" else "RadiotherapyTechnique"
    translation = context.translate(terminology, concept, text=True)
    if translation is not None:
        return str(translation.concept["code"])
    at = 0 if field == "modality" else 1
    listed = TABLES.modalities if field == "modality" else TABLES.techniques
    for _, code in pairs(concept):
        known = TABLES.snomed.get(code)
        if known is not None and known[at] is not None:
            return known[at]
        # mCODE's ballots write the codes of SNOMED CT, and of its requests to it, under systems of their own.
        if code in listed:
            return code
        if code == "USCRS-33517" and field == "technique":
            return "1204242009"
    return _worded(words(concept))[at]


def _method(json: JsonObject) -> str | None:
    found = extension_value(json, PROCEDURE_METHOD)
    return _applikationsart(found[1]) if found is not None else None


def _applikationsart(concept: object) -> str | None:
    """The key without the marks of chemo-radiation (``PRCJ-ST`` → ``P-ST``); respiratory gating is no technique of POP's."""
    for coding in codings(concept):
        key = re.sub(r"^PRC[JN]", "P", code_of(coding).upper())
        if key in TABLES.applikationsart:
            return key
    return None


def _strahlenart(concept: object) -> bool:
    return any("strahlenart" in str(each.get("system")) for each in codings(concept))


def _keyed(applied: object, kind: object, source: Source) -> Beam:
    key = _applikationsart(applied)
    modality, technique = TABLES.applikationsart[key] if key is not None else (None, None)
    unknown: list[tuple[str, JsonObject, Source]] = []
    if key is None and isinstance(applied, dict):
        unknown.append(("technique", applied, source))
    contact = key is not None and key[0] in "KIM"
    for coding in codings(kind):
        code = code_of(coding)
        if modality is None and code in TABLES.strahlenart and not contact:
            modality = TABLES.strahlenart[code]
        elif modality is None and not contact and isinstance(kind, dict):
            unknown.append(("modality", kind, source))
    return Beam(modality, technique, (source,), tuple(unknown))


def _told(resource: Resource) -> Iterator[Beam]:
    """From the codes of the Procedure, completed by its words."""
    source = Source(resource.reference, "code")
    modality = technique = None
    for system, code in pairs(resource.json.get("code")):
        pair = _coded_pair(system, code)
        modality, technique = modality or pair[0], technique or pair[1]
    said = _worded(code_words(resource.json))
    noted = _worded(note_text(resource.json))
    sources = (source, *([Source(resource.reference, "note")] if any(noted) else []))
    # Words that are finer than the code count: VMAT is a form of IMRT, for which CPT has no code of its own.
    words_told = [each for each in (said[1], noted[1]) if each is not None]
    if technique == _IMRT and _VMAT in words_told:
        technique = _VMAT
    elif technique in (None, UNC):
        technique = next((each for each in words_told if each != UNC), technique or next(iter(words_told), None))
    yield Beam(modality or said[0] or noted[0], technique, sources)


def _coded_pair(system: str, code: str) -> Pair:
    if system in (CPT, HCPCS):
        return TABLES.cpt.get(code, (None, None))
    if system == OPS:
        return ops_entry(code) or (None, None)
    if system == ICD_10_PCS and re.fullmatch(r"D[0-9A-Z]{6}", code):
        return TABLES.pcs.get(code[2] + code[4], (None, None))
    if system == SNOMED:
        if code in TABLES.modalities:
            return code, None
        return (None, code) if code in TABLES.techniques else TABLES.snomed.get(code, (None, None))
    return None, None


def _worded(text: str) -> Pair:
    """The first of each list that the words name; the lists stand from the more to the less specific."""
    modality = next((code for code, pattern in TABLES.modality_words if pattern.search(text)), None)
    technique = next((code for code, pattern in TABLES.technique_words if pattern.search(text)), None)
    return modality, technique


def _inferred(beam: Beam) -> Beam:
    """A technique that mCODE's value sets admit for one modality alone names it (IMRT and VMAT: photons; permanent seeds aside). A
    conformal technique without one is photons too (CoC STORE: FORDS modality 32, *conformal or 3-D therapy*, became *external beam,
    photons*)."""
    if beam.modality is not None or beam.technique is None or any(each[0] == "modality" for each in beam.unknown):
        return beam
    admitting = [modality for modality, techniques in TABLES.techniques_of.items() if beam.technique in techniques]
    if beam.technique == _CONFORMAL:
        admitting = [_PHOTONS]
    return replace(beam, modality=admitting[0], inferred=True) if len(admitting) == 1 else beam
