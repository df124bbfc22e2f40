"""The result of a tumour marker test as one of POP's value kinds."""

from __future__ import annotations

import re
from typing import Any

from mappers.codes import LOINC, NCIT, SNOMED
from mappers.drafting import Drafting
from mappers.fhir import has_code, pairs, text_of, words
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.units import MARKER_FIELDS, decimal_of, to_field

HER2 = "LP28442-9"
PDL1 = "LP220351-3"
#: MLH1, MSH2, MSH6, PMS2, MLH3, MSH3: immunohistochemistry tells whether the nuclei still express them.
MISMATCH_REPAIR = frozenset({"LP212189-7", "LP212190-5", "LP212191-3", "LP212192-1", "LP420961-7", "LP420964-1"})

_TPS = frozenset({(NCIT, "C184941"), (LOINC, "83053-9")})
_CPS = frozenset({(NCIT, "C176582")})
_ICS = frozenset({(NCIT, "C199175")})

#: LOINC and SNOMED CT answers of qualitative tests.
_ANSWERS = {
    (LOINC, "LA6576-8"): "positive", (LOINC, "LA6577-6"): "negative", (LOINC, "LA11884-6"): "indeterminate",
    (LOINC, "LA9663-1"): "indeterminate", (LOINC, "LA11882-0"): "positive", (LOINC, "LA11883-8"): "negative",
    (LOINC, "LA9633-4"): "positive", (LOINC, "LA9634-2"): "negative",
    (SNOMED, "10828004"): "positive", (SNOMED, "260385009"): "negative", (SNOMED, "82334004"): "indeterminate",
    (SNOMED, "260373001"): "positive", (SNOMED, "260415000"): "negative", (SNOMED, "42425007"): "indeterminate",
}  # fmt: skip
_WORDS = {
    "positive": "positive", "pos": "positive", "detected": "positive", "present": "positive", "positiv": "positive",
    "negative": "negative", "neg": "negative", "not detected": "negative", "absent": "negative", "negativ": "negative",
    "indeterminate": "indeterminate", "equivocal": "indeterminate", "inconclusive": "indeterminate", "borderline": "indeterminate",
}  # fmt: skip
_NUCLEAR = {
    "intact": "intact", "retained": "intact", "preserved": "intact", "no loss": "intact", "positive": "intact",
    "loss": "loss", "lost": "loss", "deficient": "loss", "loss of nuclear expression": "loss", "negative": "loss",
    "indeterminate": "indeterminate",
}  # fmt: skip
_IHC = re.compile(r"(?:score\s*)?(0|[123])\s*\+?(?:\s*\(.*\))?", re.I)
_NUMBER = re.compile(r"(<=|>=|<|>|≤|≥)?\s*(\d+(?:[.,]\d+)?)\s*(.*)", re.S)


class ValueReader:
    """Reads ``value[x]`` of an Observation, or of one of its components, into a drafting.

    ``prefix`` is the component's path (``component[2].``), empty for the Observation itself; ``analyte`` POP's code.
    """

    def __init__(self, drafting: Drafting, member: Resource, prefix: str, analyte: str, context: Context) -> None:
        self.drafting = drafting
        self.reference = member.reference
        self.prefix = prefix
        self.analyte = analyte
        self.bounds = context.options.get("marker.comparator", "block") == "bound"

    def read(self, part: JsonObject) -> None:
        """Put the one value; where there is none that POP can hold, an issue says why."""
        for name in (
            "valueQuantity",
            "valueCodeableConcept",
            "valueString",
            "valueInteger",
            "valueBoolean",
            "valueRatio",
            "valueRange",
        ):
            value = part.get(name)
            if value is None:
                continue
            if not self._value(name, value, part.get("code")):
                self._refuse(name, "This form of result has no counterpart among POP's marker values.")
            return
        absent = part.get("dataAbsentReason") is not None
        why = "The source says that the result is absent." if absent else "The observation has no result."
        self.drafting.missing("value", why, self._at("dataAbsentReason" if absent else "value"))

    def _at(self, element: str) -> Source:
        return Source(self.reference, self.prefix + element)

    def _refuse(self, name: str, text: str, code: str = "unmapped-value") -> None:
        self.drafting.issue(code, "value", text, source=self._at(name), blocking=True)

    def _value(self, name: str, value: Any, code: Any) -> bool:
        if name == "valueQuantity" and isinstance(value, dict):
            return self._quantity(name, value, code)
        if name == "valueInteger":
            return self._quantity(name, {"value": value}, code)
        if name == "valueBoolean" and isinstance(value, bool):
            self.drafting.put("presence", "positive" if value else "negative", self._at(name))
            return True
        if name == "valueCodeableConcept" and isinstance(value, dict):
            answer = next((_ANSWERS[pair] for pair in pairs(value) if pair in _ANSWERS), None)
            return (
                self._word(name, answer)
                if answer is not None
                else any(self._text(name, each, code) for each in words(value).split(" | "))
            )
        return isinstance(value, str) and self._text(name, value, code)

    def _quantity(self, name: str, quantity: JsonObject, code: Any) -> bool:
        number = decimal_of(quantity.get("value"))
        if number is None:
            self._refuse(name, "The quantity has no value.")
            return True
        if isinstance(quantity.get("comparator"), str) and not self._bound(name):
            return True
        unit = text_of(quantity.get("code")) or text_of(quantity.get("unit"))
        if self._score(name, number, unit, code):
            return True
        found = to_field(number, unit, MARKER_FIELDS)
        if found is None and text_of(quantity.get("unit")):
            found = to_field(number, text_of(quantity.get("unit")), MARKER_FIELDS)
        if found is None:
            self._refuse(name, "The unit is none that POP can hold for a tumour marker.", "unmapped-unit")
        else:
            self.drafting.put(*found, self._at(name))
        return True

    def _bound(self, name: str) -> bool:
        """A comparator makes the value a bound; POP has no place for it. False if the value must wait."""
        if self.bounds:
            self.drafting.assume(
                "value",
                "bound-taken-as-value",
                "The source gives a bound (a comparator), taken as the value.",
                self._at(name),
            )
            return True
        self._refuse(
            name, "The result is a bound (a comparator), not a measurement (option marker.comparator).", "comparator"
        )
        return False

    def _score(self, name: str, number: Any, unit: str, code: Any) -> bool:
        """Scores are numbers whose test says what they mean; only PD-L1 and HER2 have any."""
        source = self._at(name)
        if self.analyte == HER2 and unit in ("", "1", "{score}") and number in (0, 1, 2, 3):
            self.drafting.put("immunohistochemicalScore", "0" if number == 0 else f"{int(number)}+", source)
            return True
        if self.analyte != PDL1:
            return False
        kind = words(code).casefold()
        percent = unit in ("", "%", "1", "{score}")
        if percent and (has_code(code, _CPS) or "combined positive" in kind or re.search(r"\bcps\b", kind)):
            self.drafting.put("combinedPositiveScore", {"value": float(number), "unit": "%"}, source)
            return True
        if percent and (has_code(code, _TPS) or "tumor proportion" in kind or re.search(r"\btps\b", kind)):
            # TC and IC cut-offs of the SP142 assay (Fehrenbacher 2016): 1, 5 and 50 % of tumour cells; 1, 5, 10 % of the area.
            self._category("tumorProportionScore", "TC", number, (1, 5, 50), source)
            return True
        if percent and (has_code(code, _ICS) or "immune cell" in kind):
            self._category("immuneCellScore", "IC", number, (1, 5, 10), source)
            return True
        return False

    def _category(self, field: str, letters: str, number: Any, cuts: tuple[int, int, int], source: Source) -> None:
        self.drafting.put(field, f"{letters}{sum(number >= cut for cut in cuts)}", source)
        self.drafting.assume(
            field, "score-from-percentage", f"POP holds categories: cut-offs {cuts} per cent (SP142).", source
        )

    def _text(self, name: str, text: str, code: Any) -> bool:
        plain = " ".join(text.split()).casefold().rstrip(".")
        source = self._at(name)
        if self.analyte == HER2 and (match := _IHC.fullmatch(plain)):
            self.drafting.put("immunohistochemicalScore", "0" if match[1] == "0" else f"{match[1]}+", source)
            return True
        if self.analyte == PDL1 and (match := re.fullmatch(r"(tc|ic)\s*([0-3])", plain)):
            self.drafting.put(
                "tumorProportionScore" if match[1] == "tc" else "immuneCellScore", match[1].upper() + match[2], source
            )
            return True
        if self.analyte in MISMATCH_REPAIR and plain in _NUCLEAR:
            self.drafting.put("nuclearExpressionStatus", _NUCLEAR[plain], source)
            return True
        if plain in _WORDS:
            return self._word(name, _WORDS[plain])
        match = _NUMBER.fullmatch(text.strip())
        if match is None:
            return False
        comparator, number, unit = match.groups()
        quantity = {"value": number.replace(",", "."), "unit": unit.strip(), "comparator": comparator}
        return self._quantity(name, quantity, code)

    def _word(self, name: str, answer: str) -> bool:
        if self.analyte in MISMATCH_REPAIR:
            # "[Presence] … by Immune stain": a positive stain is an intact protein (CAP biomarker template, mismatch repair).
            self.drafting.put("nuclearExpressionStatus", _NUCLEAR[answer], self._at(name))
        else:
            self.drafting.put("presence", answer, self._at(name))
        return True
