"""With which imaging a response was found: POP wants one of ten methods (its list is that of imaging modalities).

Stated by ``Observation.method``, mCODE's evidence type, the ImagingStudy, procedure or report that the assessment derives from,
or the report that has it as a result. DICOM modalities: PS3.3 C.7.3.1.1.1. The PET of a PET/CT decides (Lugano, PERCIST).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mappers.codes import EVIDENCE_TYPE, SNOMED
from mappers.fhir import code_of, extensions, objects, words
from mappers.protocol import Context, JsonObject, Resource, Source, Translation

METHOD = "CancerTreatmentResponseObservationMethod"
UNKNOWN: JsonObject = {"coding": [{"system": SNOMED, "code": "1287211007"}]}
_PET, _CT = "82918005", "77477000"

_MODALITIES = {
    "CT": _CT, "MR": "113091000", "PT": _PET, "US": "16310003", "IVUS": "16310003", "ST": "260222006", "CR": "363680008",
    "DX": "363680008", "MG": "363680008", "RG": "363680008", "RF": "312275004", "TG": "312337001",
}  # fmt: skip
_WORDS = (
    (re.compile(r"\bPET\b|positron emission", re.I), _PET),
    (re.compile(r"\bSPECT\b|single photon emission", re.I), "260222006"),
    (re.compile(r"\b(?:MRI|MRT|MR)\b|magnetic resonance|magnetresonan|kernspin", re.I), "113091000"),
    (re.compile(r"\bCT\b|\bCAT scan\b|computed tomogra|computeri[sz]ed (?:axial )?tomogra|computertomogra", re.I), _CT),
    (re.compile(r"ultraso|sonogra", re.I), "16310003"),
    (re.compile(r"\bUS\b"), "16310003"),
    (re.compile(r"x-?ray|radiograph|röntgen|mammogra", re.I), "363680008"),
    (re.compile(r"fluoroscop", re.I), "312275004"),
    (re.compile(r"thermogra", re.I), "312337001"),
)
#: A method that names the criteria, not how one looked (MII molecular tumour board: *Beurteilungsmethode*).
CRITERIA = re.compile(r"\b(?:i?RECIST|PERCIST|RANO|Lugano|IMWG|iwCLL|Cheson|WHO|PCWG)\b", re.I)


Stated = tuple[Translation, tuple[Source, ...]]


class Methods:
    """Finds the methods of a patient's assessments; which reports have which results is looked up once, and only if need be."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._reports: dict[str, list[Resource]] | None = None

    def stated(self, member: Resource) -> list[Stated]:
        """Each method that is stated, with where: by the observation itself, else by what it derives from or is a result of."""
        found: list[Stated] = []
        for concept, source in own_statements(member):
            if (method := read_method(concept, self._context)) is not None:
                found.append((method, (source,)))
        if found:
            return found
        for other, element in self._others(member):
            for concept, place in _told_by(other):
                if (method := read_method(concept, self._context)) is not None:
                    near = (Source(member.reference, element),) if element else ()
                    found.append((method, (Source(other.reference, place), *near)))
        return found

    def _others(self, member: Resource) -> Iterator[tuple[Resource, str]]:
        for element in ("derivedFrom", "partOf"):
            for reference in objects(member.json.get(element)):
                other = self._context.resolve(reference, within=member)
                if other is not None:
                    yield other, element
        for report in self._results().get(member.reference, ()):
            yield report, ""
            for study in objects(report.json.get("imagingStudy")):
                other = self._context.resolve(study, within=report)
                if other is not None:
                    yield other, ""

    def _results(self) -> dict[str, list[Resource]]:
        if self._reports is None:
            self._reports = {}
            for report in self._context.resources("DiagnosticReport"):
                for reference in objects(report.json.get("result")):
                    result = self._context.resolve(reference, within=report)
                    if result is not None:
                        self._reports.setdefault(result.reference, []).append(report)
        return self._reports


def read_method(concept: JsonObject, context: Context) -> Translation | None:
    """POP's method for a concept: by code or name, by DICOM modality, or by the one modality that its words name."""
    direct = context.translate(METHOD, concept, text=True)
    if direct is not None:
        return direct
    text = words(concept)
    named = {code for pattern, code in _WORDS if pattern.search(text)}
    named.update(_MODALITIES[code] for each in objects(concept.get("coding")) if (code := code_of(each)) in _MODALITIES)
    if {_PET, _CT} == named:
        named = {_PET}
    if len(named) != 1:
        return None
    return context.translate(METHOD, {"coding": [{"system": SNOMED, "code": named.pop()}]})


def own_statements(member: Resource) -> Iterator[tuple[JsonObject, Source]]:
    """(concept, where) of what the observation itself says: its method, unless that names criteria, the evidence types, and a
    name that says the imaging («RECIST, CT of the chest»)."""
    method = member.json.get("method")
    if isinstance(method, dict) and not CRITERIA.search(words(method)):
        yield method, Source(member.reference, "method")
    for position, extension in extensions(member.json, EVIDENCE_TYPE):
        value = extension.get("valueCodeableConcept")
        if isinstance(value, dict):
            yield value, Source(member.reference, f"extension[{position}].valueCodeableConcept")
    name = member.json.get("code")
    if (
        not isinstance(method, dict)
        and isinstance(name, dict)
        and any(pattern.search(words(name)) for pattern, _ in _WORDS)
    ):
        yield name, Source(member.reference, "code")


def _told_by(other: Resource) -> Iterator[tuple[JsonObject, str]]:
    if other.type == "ImagingStudy":
        for modality in objects(other.json.get("modality")):
            yield {"coding": [modality]}, "modality"
    elif other.type in ("Procedure", "DiagnosticReport", "Observation"):
        code = other.json.get("code")
        if isinstance(code, dict):
            yield code, "code"
