"""The value of a genomic signature, and its status or interpretation."""

from __future__ import annotations

import re
from typing import Any

from mappers.codes import LOINC
from mappers.drafting import Drafting
from mappers.fhir import extensions, objects, pairs, text_of, words
from mappers.genomics.answers import INTERPRETATION, assessment_of
from mappers.genomics.signature_codes import ANEUPLOIDY, HRD, LOH, MSI, TMB, TNB
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.units import decimal_of

_POP = "http://onconova.github.io/fhir/StructureDefinition/"
#: POP's guide names the first, its export writes the second.
_STATUS = (_POP + "onconova-ext-tumor-mutational-burden-status", _POP + "onconova-vs-tumor-mutational-burden-status")
_HRD = (_POP + "onconova-ext-homologous-recombination-deficiency-interpretation",)
_VALUES = ("valueQuantity", "valueInteger", "valueString", "valueCodeableConcept", "valueRange")

_LEVELS = {
    "H": "high", "HH": "high", "HU": "high", "HX": "high", "L": "low", "LL": "low", "IND": "indeterminate", "I": "intermediate",
}  # fmt: skip
_LEVEL_WORDS = (
    (re.compile(r"\bindeterminate\b|cannot be determined|not evaluable|nicht bestimmbar", re.I), "indeterminate"),
    (re.compile(r"\bintermediate\b|intermediär", re.I), "intermediate"),
    (re.compile(r"\bhigh\b|\bhoch\b|tmb-h\b", re.I), "high"),
    (re.compile(r"\blow\b|\bniedrig\b|tmb-l\b", re.I), "low"),
)
#: LOINC LL3994-2 *Microsatellite instability* in words; "unstable" alone is neither of POP's two grades.
_MSI_WORDS = (
    (re.compile(r"indeterminate|cannot be determined|not evaluable|equivocal|nicht bestimmbar", re.I), "LA11884-6"),
    (re.compile(r"\bmsi?[- ]?stable\b|\bmss\b|microsatellite[- ]stable|mikrosatellitenstabil|^stab(?:le|il)$"
                r"|\bmsi not detected\b|^(?:not detected|negative|absent)$|\bno (?:evidence of )?(?:msi|microsatellite)", re.I),
     "LA14122-8"),
    (re.compile(r"\bmsi-?h\b|\bhigh\b|\bhoch\b", re.I), "LA26203-2"),
    (re.compile(r"\bmsi-?l\b|\blow\b|\bniedrig\b", re.I), "LA26202-4"),
)  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)?)\s*(%|[A-Za-z0-9/{}\[\]. ]*)")
#: Units in which a signature is counted: per megabase; per cent; none. (UCUM; POP's export; as laboratories write them.)
_PER_MEGABASE = re.compile(
    r"1?/1000000\{(?:base|neoantigen)s?\}|1?(?:\{?(?:mut|mutation|variant|var|neoantigen|neoant|snv)s?\}?\.?)?\s*(?:/|per)\s*\{?m(?:ega)?b(?:ases?|p)?\}?"
    r"|1?/\{?mb\}?|mutations/megabase", re.I
)  # fmt: skip
_UNITS: dict[str, re.Pattern[str]] = {
    TMB: _PER_MEGABASE, TNB: _PER_MEGABASE, LOH: re.compile(r"%|percent"), HRD: re.compile(r"1|\{score\}|score|points"),
    ANEUPLOIDY: re.compile(r"1|\{score\}|score|arms|\{arms\}|chromosome arms"),
}  # fmt: skip


class SignatureReader:
    """Reads one Observation, or a component of it, into a drafting. ``prefix`` is the component's path."""

    def __init__(self, drafting: Drafting, resource: Resource, part: JsonObject, prefix: str, context: Context) -> None:
        self.drafting = drafting
        self.resource = resource
        self.part = part
        self.prefix = prefix
        self.context = context
        self.kind = drafting.kind

    def _at(self, element: str) -> Source:
        return Source(self.resource.reference, self.prefix + element)

    def read(self) -> None:
        """Put what is there and not yet put."""
        name = next((name for name in _VALUES if self.part.get(name) is not None), None)
        raw = self.part.get(name) if name is not None else None
        if self.kind == MSI:
            self._microsatellites(name, raw)
            return
        if name is not None and "value" not in self.drafting.payload:
            self._number(name, raw)
        if self.kind == TMB and "status" not in self.drafting.payload:
            self._status(name, raw)
        if self.kind == HRD and "interpretation" not in self.drafting.payload:
            self._interpretation(name, raw)

    def _microsatellites(self, name: str | None, raw: Any) -> None:
        if "value" in self.drafting.payload:
            return
        answers = [(name, raw)] if name is not None and name in ("valueCodeableConcept", "valueString") else []
        answers.extend(
            (f"interpretation[{number}]", each) for number, each in enumerate(objects(self.part.get("interpretation")))
        )
        for element, answer in answers:
            concept = answer if isinstance(answer, dict) else {"text": answer}
            found = self.context.translate("MicrosatelliteInstabilityState", concept, text=True) or self._state(concept)
            if found is not None:
                self.drafting.put("value", found.concept, self._at(str(element)))
                self.drafting.note_rule("value", found, self._at(str(element)))
                return

    def _state(self, concept: JsonObject) -> Any:
        text = words(concept)
        for pattern, code in _MSI_WORDS:
            if pattern.search(text):
                return self.context.translate(
                    "MicrosatelliteInstabilityState", {"coding": [{"system": LOINC, "code": code}]}
                )
        return None

    def _number(self, name: str, raw: Any) -> None:
        if isinstance(raw, dict) and name == "valueQuantity":
            if isinstance(raw.get("comparator"), str):
                self._refuse(name, "comparator", "The result is a bound (a comparator), not a measurement.")
                return
            number, units = decimal_of(raw.get("value")), [text_of(raw.get("code")), text_of(raw.get("unit"))]
        elif name == "valueInteger":
            number, units = decimal_of(raw), [""]
        elif name in ("valueString", "valueCodeableConcept"):
            text = raw if isinstance(raw, str) else words(raw)
            match = _NUMBER.search(text)
            if match is None or re.search(r"[<>≤≥]\s*$", text[: match.start()]):
                return
            number, units = decimal_of(match[1].replace(",", ".")), [match[2].strip()]
        else:
            return
        given = [unit for unit in units if unit]
        if number is None:
            return
        if self.kind == LOH and given == ["1"] and number <= 1:
            number, given = number * 100, ["%"]
        if given and not any(_UNITS[self.kind].fullmatch(unit) for unit in given):
            self._refuse(name, "unmapped-unit", "The unit is none in which POP counts this signature.")
            return
        if self.kind == ANEUPLOIDY and number != number.to_integral_value():
            self._refuse(name, "implausible-value", "An aneuploidy score is a whole number of chromosome arms.")
            return
        self.drafting.put("value", int(number) if self.kind == ANEUPLOIDY else float(number), self._at(name))

    def _refuse(self, name: str, code: str, text: str) -> None:
        self.drafting.issue(code, "value", text, source=self._at(name), blocking=True)

    def _answers(self, name: str | None, raw: Any, urls: tuple[str, ...]) -> list[tuple[str, JsonObject]]:
        """Where a status may stand: POP's extension, the interpretation, the answer itself."""
        found = [("extension", value) for _, each in extensions(self.part, urls)
                 if isinstance(value := each.get("valueCodeableConcept"), dict)]  # fmt: skip
        found.extend(
            (f"interpretation[{number}]", each) for number, each in enumerate(objects(self.part.get("interpretation")))
        )
        if name in ("valueCodeableConcept", "valueString"):
            found.append((str(name), raw if isinstance(raw, dict) else {"text": raw}))
        return found

    def _status(self, name: str | None, raw: Any) -> None:
        for element, answer in self._answers(name, raw, _STATUS):
            level = next(
                (_LEVELS[code] for system, code in pairs(answer) if system == INTERPRETATION and code in _LEVELS), None
            )
            level = level or next((level for pattern, level in _LEVEL_WORDS if pattern.search(words(answer))), None)
            if level is not None:
                self.drafting.put("status", level, self._at(element))
                return

    def _interpretation(self, name: str | None, raw: Any) -> None:
        known = {"present": "positive", "absent": "negative", "indeterminate": "indeterminate"}
        for element, answer in self._answers(name, raw, _HRD):
            found = known.get(assessment_of(answer) or "")
            if found is None and (text := words(answer)):
                found = (
                    "negative" if re.search(r"\bproficient\b|\bhrd[- ]?low\b|\bhrp\b", text, re.I)
                    else "positive" if re.search(r"\bdeficient\b|\bhrd[- ]?high\b|^high$", text, re.I)
                    else None
                )  # fmt: skip
            if found is not None:
                self.drafting.put("interpretation", found, self._at(element))
                return


def complete(drafting: Drafting, source: Source) -> None:
    """A signature without what POP requires of it waits: the value, or for HRD either of two."""
    if drafting.kind == HRD and "interpretation" in drafting.payload:
        return
    if "value" not in drafting.payload:
        drafting.missing("value", "The result has no value that POP can hold for this signature.", source)
