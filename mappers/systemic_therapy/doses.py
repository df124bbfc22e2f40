"""Dose and route of a drug."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from mappers.drafting import Drafting
from mappers.fhir import codings, first, objects, text_of
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.systemic_therapy.evidence import Evidence
from mappers.systemic_therapy.routes import plain_route
from mappers.units import DOSE_FIELDS, decimal_of, to_field

_Amount = tuple[Any, str, Source]

_PIECES = re.compile(r"\{?(?:tablets?|tabs?|tbl|tablette\w*|capsules?|caps?|kapsel\w*|pills?|stück)\}?\.?$", re.I)
#: A solid form's strength: ``tamoxifen 20 MG Oral Tablet``. A concentration (``6 MG/ML``) is none.
_STRENGTH = re.compile(r"(\d+(?:[.,]\d+)?)\s*(mg|g|mcg|µg|ug)\b(?!\s*/)", re.I)
#: An amount among the words of a dosage; one of a tablet, a volume or a day is another.
_SAID = re.compile(
    r"(?<![\d.,/+-])(\d+(?:[.,]\d+)?)\s*((?:mg|g|mcg|µg)(?:\s*/\s*(?:m2|m²|m\^2|qm|kg)\b)?)"
    r"(?!\s*/|[a-z]|\s*(?:x\b|tab|tbl|cap|kaps|oral tab|strength))",
    re.I,
)
#: Calvert, J Clin Oncol 1989;7:1748: carboplatin is dosed to an area under the curve.
_AUC = re.compile(r"\bAUC\b", re.I)


def put_dose(drafting: Drafting, evidence: Sequence[Evidence], context: Context) -> None:
    """The first stated dose and rate (a unit decides the POP field: mg/m² is no mass), and the first route.

    Where no dose is coded, the only amount that the dosage's text says is taken, an assumption.

    POP has one dose per drug of a course. If later ones differ, that the first was taken is an assumption. Tablets count by their
    strength if exactly one is named. An AUC or mg/kg has no place in POP: it is left out and says so.
    """
    stated = [amounts for each in evidence if (amounts := list(_amounts(each)))]
    if not stated and (said := next(filter(None, map(_said, evidence)), None)) is not None:
        stated = [[said]]
        if not _AUC.search(said[1]):
            text = "No dose is coded: the only amount that the text of the dosage says is taken."
            drafting.assume("dosage", "dose-by-text", text, said[2])
    if stated:
        for value, unit, source in stated[0]:
            found = to_field(value, unit, DOSE_FIELDS)
            if found is None:
                text = "The dose's unit is none that POP can hold: it is left out."
                if _AUC.search(unit):
                    text = "POP has no unit for a dose by area under the curve (AUC): it is left out."
                drafting.issue("unmapped-unit", "dosage", text, source=source)
            elif found[0] not in drafting.payload:
                drafting.put(*found, source)
        if any([amount[:2] for amount in each] != [amount[:2] for amount in stated[0]] for each in stated[1:]):
            text = "Later doses differ; POP holds one per drug and course: the first."
            drafting.assume("dosage", "first-dose", text, stated[0][0][2])
    for each in evidence:
        for resource, element, dosage in _dosages(each):
            route = dosage.get("route")
            if isinstance(route, dict) and route:
                source = Source(resource.reference, element)
                drafting.concept("route", "DosageRoute", plain_route(route), context=context, source=source)
                return


def _dosages(each: Evidence) -> Iterator[tuple[Resource, str, JsonObject]]:
    for resource in (each.resource, each.order):
        if resource is not None:
            for element in ("dosage", "dosageInstruction"):
                for dosage in objects(resource.json.get(element)):
                    yield resource, element, dosage


def _amounts(each: Evidence) -> Iterator[_Amount]:
    for resource, element, dosage in _dosages(each):
        source = Source(resource.reference, element)
        found = False
        for part in (dosage, *objects(dosage.get("doseAndRate"))):
            for name in ("dose", "doseQuantity", "rateQuantity"):
                quantity = first(part.get(name))
                if quantity.get("value") is not None:
                    found = True
                    value, unit = _weighed(quantity["value"], _unit(quantity, dosage), each)
                    yield value, _per_surface(value, unit, text_of(dosage.get("text"))), source
            ratio = first(part.get("rateRatio"))
            numerator, denominator = first(ratio.get("numerator")), first(ratio.get("denominator"))
            if numerator.get("value") is not None:
                rate = _rate(numerator, denominator)
                if rate is not None:
                    found = True
                    yield *rate, source
        if found:
            return


def _said(each: Evidence) -> _Amount | None:
    """``825 mg/m2 twice daily``, if the text says one amount."""
    for resource, element, dosage in _dosages(each):
        if _AUC.search(text_of(dosage.get("text"))):
            return None, "AUC", Source(resource.reference, element)
        found = {(match[1].replace(",", "."), match[2]) for match in _SAID.finditer(text_of(dosage.get("text")))}
        if len(found) == 1:
            value, unit = found.pop()
            return decimal_of(value), "".join(unit.split()).replace("qm", "m2"), Source(resource.reference, element)
    return None


def _per_surface(value: Any, unit: str, text: str) -> str:
    """``85 mg`` beside the text ``85 mg/m²`` is a dose by surface whose unit was cut off: the text says the same number with it."""
    number = decimal_of(value)
    if number is None or not re.fullmatch(r"[mµu]?g", unit):
        return unit
    plain = re.escape(f"{number.normalize():f}")
    return (
        f"{unit}/m2"
        if re.search(rf"(?<![\d.,]){plain}(?:[.,]0+)?\s*{unit}\s*/\s*(?:m2|m²|m\^2|qm)", text, re.I)
        else unit
    )


def _rate(numerator: JsonObject, denominator: JsonObject) -> tuple[Any, str] | None:
    """2.4 g/m² per 46 h as an amount per hour."""
    value, per = decimal_of(numerator.get("value")), decimal_of(denominator.get("value", 1))
    if value is None or per is None or per <= 0:
        return None
    return (numerator["value"] if per == 1 else float(value / per)), f"{_unit(numerator, {})}/{_unit(denominator, {})}"


def _weighed(value: Any, unit: str, each: Evidence) -> tuple[Any, str]:
    """A number of tablets as a mass, if the product's name has exactly one strength."""
    number = decimal_of(value)
    if number is None or not _PIECES.match(unit) or each.medication is None:
        return value, unit
    texts = [text_of(each.medication.get("text")), *(text_of(one.get("display")) for one in codings(each.medication))]
    strengths = {(match[1].replace(",", "."), match[2].lower()) for text in texts for match in _STRENGTH.finditer(text)}
    if len(strengths) != 1:
        return value, unit
    amount, mass = strengths.pop()
    strength = decimal_of(amount)
    return (float(number * strength), mass) if strength is not None else (value, unit)


def _unit(quantity: JsonObject, dosage: JsonObject) -> str:
    code, unit = text_of(quantity.get("code")), text_of(quantity.get("unit"))
    if not code and not unit and _AUC.search(text_of(dosage.get("text"))):
        return "AUC"
    return unit if _AUC.search(unit) else code or unit
