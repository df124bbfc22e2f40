"""The result of a tumour marker test in POP's fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mappers.fhir import code_of, codings, first, objects, pairs, text_of, words
from mappers.markers.answers import interpretation_of, nuclear_of, nuclear_word, presence_of, presence_word
from mappers.markers.numbers import comparator_of, read_number
from mappers.markers.scores import (
    CPS,
    HER2_ANSWERS,
    TPS,
    category_of,
    counts_tumour_cells,
    her2_score,
    kind_of,
    pdl1_scores,
)
from mappers.protocol import JsonObject, Source
from mappers.units import MARKER_FIELDS, decimal_of, to_field

HER2 = "LP28442-9"
PDL1 = "LP220351-3"
#: MLH1, MSH2, MSH6, PMS2, MLH3, MSH3: immunohistochemistry tells whether the nuclei still express them.
MISMATCH_REPAIR = frozenset({"LP212189-7", "LP212190-5", "LP212191-3", "LP212192-1", "LP420961-7", "LP420964-1"})
#: ER, PR, AR, Ki-67, SSTR2: the result is a percentage of cells, whether its unit is written or not.
PERCENTAGES = frozenset({"LP18567-5", "LP14902-8", "LP68364-6", "LP39016-8", "C17922"})

VALUES = (
    "valueQuantity", "valueCodeableConcept", "valueString", "valueInteger", "valueDecimal", "valueBoolean", "valueRatio",
    "valueRange",
)  # fmt: skip
_SHARE = re.compile(r"(?<![\d.,/-])(\d{1,3}(?:[.,]\d+)?)\s*%")
_OTHER_SCORES = re.compile(
    r"(?:irs|allred|remmele(?: ?score)?|h-?score|intensity|intensität|score)\W*\d+\+?(?:\s*/\s*\d+)?|\b[0-3]\+"
)
_CELL_WORDS = re.compile(
    r"[\W_]|\b(?:positive?|positiv[er]?|pos|negative?|negativ|neg|cells?|zellen|tumou?r|tumorzellen|zellkerne|nuclei|of|der|the|in|with"
    r"|mit|nuclear|nukleär|strong|stark|moderate|moderat|mäßig|weak|schwach|low|staining|färbung|expression|er|pr|pgr|ar|ki67|ki|67"
    r"|index|ca|approximately|approx|etwa|about|estrogen|progesterone|receptor|invasive|proliferation)\b"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A value for one of POP's fields; or, with a ``problem`` (a stable code), why there is none."""

    field: str
    source: Source
    value: Any = None
    problem: str | None = None
    assumption: str | None = None
    text: str = ""


class ResultReader:
    """Reads ``value[x]`` of an Observation, or of one of its components.

    ``prefix`` is the component's path (``component[2].``), empty for the Observation itself; ``analyte`` POP's code; ``said`` what
    the test is called, the most particular name first; ``bounds`` the site's choice to take a bound as the value.
    """

    def __init__(
        self, reference: str, prefix: str, analyte: str, codes: Any, said: tuple[str, ...], *, bounds: bool
    ) -> None:
        self.reference = reference
        self.prefix = prefix
        self.analyte = analyte
        self.codes = frozenset(pairs(codes))
        self.said = said
        self.bounds = bounds

    def read(self, part: JsonObject) -> list[Finding]:
        """What the part states; nothing if it has no value."""
        for name in VALUES:
            value = part.get(name)
            if value is not None:
                return list(self._value(name, value, part))
        answer = interpretation_of(part)
        return [self._presence("interpretation", answer)] if answer is not None else []

    def _at(self, element: str) -> Source:
        return Source(self.reference, self.prefix + element)

    def _problem(self, name: str, code: str, text: str) -> Finding:
        return Finding("value", self._at(name), problem=code, text=text)

    def _value(self, name: str, value: Any, part: JsonObject) -> Iterator[Finding]:
        if name == "valueQuantity" and isinstance(value, dict):
            units = [text_of(value.get("code")), text_of(value.get("unit"))]
            comparator = value.get("comparator")
            known = comparator_of(comparator) if isinstance(comparator, str) else None
            yield from self._number(name, decimal_of(value.get("value")), None, known, units, part)
        elif name in ("valueInteger", "valueDecimal"):
            yield from self._number(name, decimal_of(value), None, None, [], part)
        elif name == "valueBoolean" and isinstance(value, bool):
            yield self._presence(name, "positive" if value else "negative")
        elif name == "valueRange" and isinstance(value, dict):
            low, high = first(value.get("low")), first(value.get("high"))
            units = [text_of(each.get(key)) for each in (low, high) for key in ("code", "unit")]
            yield from self._range(name, decimal_of(low.get("value")), decimal_of(high.get("value")), units, part)
        elif name == "valueCodeableConcept" and isinstance(value, dict):
            yield from self._concept(name, value, part)
        elif name == "valueString" and isinstance(value, str):
            yield from self._text(name, value, part)
        else:
            yield self._unknown(name)

    def _unknown(self, name: str) -> Finding:
        return self._problem(
            name, "unmapped-value", "This form of result has no counterpart among POP's marker values."
        )

    def _concept(self, name: str, value: JsonObject, part: JsonObject) -> Iterator[Finding]:
        said = [each for each in words(value).split(" | ") if each] or [code_of(each) for each in codings(value)]
        if self.analyte == HER2 and (coded := [HER2_ANSWERS[pair] for pair in pairs(value) if pair in HER2_ANSWERS]):
            yield Finding("immunohistochemicalScore", self._at(name), coded[0])
            return
        # A HER2 category says more than the "positive" that may stand beside it.
        told = [list(self._text(name, each, part)) for each in said]
        found = next((each for each in told if each and all(one.problem is None for one in each)), None)
        answer = presence_of(value)
        if found is not None and (answer is None or all(one.field != "presence" for one in found)):
            yield from found
        elif answer is not None:
            yield self._presence(name, answer)
        else:
            yield from told[0] if told else [self._unknown(name)]

    def _presence(self, name: str, answer: str) -> Finding:
        if self.analyte in MISMATCH_REPAIR:
            return Finding("nuclearExpressionStatus", self._at(name), nuclear_of(answer))
        return Finding("presence", self._at(name), answer)

    def _text(self, name: str, text: str, part: JsonObject) -> Iterator[Finding]:
        if self.analyte == HER2 and (score := her2_score(text)) is not None:
            yield Finding("immunohistochemicalScore", self._at(name), score)
            return
        if self.analyte == PDL1 and (scores := list(pdl1_scores(text))):
            for each in scores:
                if each.category is not None:
                    yield Finding(each.field, self._at(name), each.category)
                else:
                    yield from self._pdl1(name, each.field, each.low, each.high, each.comparator)
            return
        if self.analyte in MISMATCH_REPAIR and (state := nuclear_word(text)) is not None:
            yield Finding("nuclearExpressionStatus", self._at(name), state)
            return
        if self.analyte in PERCENTAGES and (share := _share(text)) is not None:
            yield from self._number(name, share, None, None, ["%"], part)
            return
        answer = presence_word(text)
        if answer is not None:
            yield self._presence(name, answer)
            return
        typed = read_number(text)
        if typed is not None and typed.high is not None:
            yield from self._range(name, typed.low, typed.high, [typed.unit], part)
        elif typed is not None:
            yield from self._number(name, typed.low, None, typed.comparator, [typed.unit], part, about=typed.about)
        else:
            yield self._unknown(name)

    def _range(
        self, name: str, low: Decimal | None, high: Decimal | None, units: list[str], part: JsonObject
    ) -> Iterator[Finding]:
        if low is not None and low == high:
            yield from self._number(name, low, None, None, units, part)
        elif low is not None and high is not None and (kind := self._kind()) is not None:
            yield from self._pdl1(name, kind, low, high, None)
        else:
            yield self._problem(name, "range", "The result is a range, and POP holds a single value.")

    def _number(
        self, name: str, number: Decimal | None, high: Decimal | None, comparator: str | None, units: list[str],
        part: JsonObject, *, about: bool = False,
    ) -> Iterator[Finding]:  # fmt: skip
        if number is None:
            yield self._problem(
                name, "unmapped-value", "The result has no number, or one that can be read in two ways."
            )
            return
        named = [unit for unit in dict.fromkeys(units) if unit]
        plain = not named or named[0] in ("1", "{score}", "score")
        if self.analyte == HER2 and plain and comparator is None and number in (0, 1, 2, 3):
            score = "0" if number == 0 else f"{int(number)}+"
            yield Finding("immunohistochemicalScore", self._at(name), score)
            return
        kind = self._kind()
        if kind is None and named == ["%"] and self.analyte == PDL1 and counts_tumour_cells(*self.said):
            kind = TPS
        if kind is not None and (plain or named[0] == "%"):
            yield from self._pdl1(name, kind, number, high, comparator)
            return
        if self.analyte == PDL1 and (plain or named[0] == "%"):
            yield self._problem(
                name, "unmapped-value", "The result does not say which PD-L1 score it is (TPS, IC or CPS)."
            )
            return
        yield from self._measure(name, number, comparator, named, part, about=about)

    def _kind(self) -> str | None:
        return kind_of(self.codes, *self.said) if self.analyte == PDL1 else None

    def _measure(
        self, name: str, number: Decimal, comparator: str | None, units: list[str], part: JsonObject, *, about: bool
    ) -> Iterator[Finding]:
        assumption, text = (None, "")
        if about:
            assumption, text = "approximate-value", "The source calls the value approximate."
        if not units:
            units, assumption, text = self._implied_unit(number, part, assumption, text)
        found = next((put for unit in units if (put := to_field(number, unit, MARKER_FIELDS)) is not None), None)
        if found is None:
            yield self._problem(
                name, "unmapped-unit", "The unit is missing, or none that POP can hold for a tumour marker."
            )
        elif comparator is None:
            yield Finding(found[0], self._at(name), found[1], assumption=assumption, text=text)
        elif self.bounds:
            bound = "The source gives a bound (a comparator), taken as the value."
            yield Finding(found[0], self._at(name), found[1], assumption="bound-taken-as-value", text=bound)
        else:
            yield self._bound(name)

    def _implied_unit(
        self, number: Decimal, part: JsonObject, assumption: str | None, text: str
    ) -> tuple[list[str], str | None, str]:
        """A number without a unit has that of the reference range; or it is a percentage where the test is one."""
        for each in objects(part.get("referenceRange")):
            for bound in (each.get("low"), each.get("high")):
                if isinstance(bound, dict) and (unit := text_of(bound.get("code")) or text_of(bound.get("unit"))):
                    return (
                        [unit],
                        "unit-of-reference-range",
                        "The result has no unit: that of its reference range is taken.",
                    )
        if self.analyte in PERCENTAGES and (number == 0 or 1 <= number <= 100):
            return ["%"], "percentage-by-test", "The test is a percentage of cells, and the result has no other unit."
        return [], assumption, text

    def _bound(self, name: str) -> Finding:
        return self._problem(
            name, "comparator", "The result is a bound (a comparator), not a measurement (option marker.comparator)."
        )

    def _pdl1(
        self, name: str, field: str, low: Decimal | None, high: Decimal | None, comparator: str | None
    ) -> Iterator[Finding]:
        """A score's number; TPS and IC are categories, which a bound may still determine (``< 1 %`` is TC0)."""
        source = self._at(name)
        if low is None or low > 100 or (high is not None and high > 100):
            yield self._problem(name, "implausible-value", "A PD-L1 score is between 0 and 100.")
        elif field == CPS:
            measure = {"value": float(low), "unit": "%"}
            if high is not None:
                yield self._problem(name, "range", "The result is a range, and POP holds a single value.")
            elif comparator is None:
                yield Finding(field, source, measure)
            elif self.bounds:
                bound = "The source gives a bound (a comparator), taken as the value."
                yield Finding(field, source, measure, assumption="bound-taken-as-value", text=bound)
            else:
                yield self._bound(name)
        elif (category := category_of(field, low, high, comparator)) is not None:
            cuts = "POP holds categories: the cut-offs of the SP142 assay (Fehrenbacher 2016)."
            yield Finding(field, source, category, assumption="score-from-percentage", text=cuts)
        else:
            yield self._problem(
                name, "comparator" if comparator else "range", "The result spans several of POP's categories."
            )


def _share(text: str) -> Decimal | None:
    """The one percentage of a text that says nothing else: ``positive, 90 %``, ``90 % der Tumorzellen (IRS 12)``."""
    said = text.lower()
    found = set(_SHARE.findall(said))
    if len(found) != 1 or re.search(r"[<>≤≥]", said):
        return None
    rest = _SHARE.sub(" ", _OTHER_SCORES.sub(" ", said))
    return decimal_of(found.pop().replace(",", ".")) if not _CELL_WORDS.sub("", rest) else None
