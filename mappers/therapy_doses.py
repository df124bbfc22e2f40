"""Dose and route of a drug."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mappers.drafting import Drafting
from mappers.fhir import first, objects, text_of
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.therapy_evidence import Evidence
from mappers.units import DOSE_FIELDS, to_field

_Amount = tuple[Any, str, Source]


def put_dose(drafting: Drafting, evidence: Sequence[Evidence], context: Context) -> None:
    """The first stated dose and rate (a unit decides the POP field: mg/m² is no mass), and the first route.

    POP has one dose per drug of a course. If later ones differ, that the first was taken is an assumption.
    """
    stated = [amounts for each in evidence if (amounts := list(_amounts(each)))]
    if stated:
        for value, unit, source in stated[0]:
            found = to_field(value, unit, DOSE_FIELDS)
            if found is None:
                drafting.issue(
                    "unmapped-unit",
                    "dosage",
                    "The dose's unit is none that POP can hold: it is left out.",
                    source=source,
                )
            elif found[0] not in drafting.payload:
                drafting.put(*found, source)
        if any([amount[:2] for amount in each] != [amount[:2] for amount in stated[0]] for each in stated[1:]):
            drafting.assume(
                "dosage",
                "first-dose",
                "Later doses differ; POP holds one per drug and course: the first.",
                stated[0][0][2],
            )
    for each in evidence:
        for resource, element, dosage in _dosages(each):
            route = dosage.get("route")
            if isinstance(route, dict):
                drafting.concept(
                    "route", "DosageRoute", route, context=context, source=Source(resource.reference, element)
                )
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
                    yield quantity["value"], _unit(quantity), source
            ratio = first(part.get("rateRatio"))
            numerator, denominator = first(ratio.get("numerator")), first(ratio.get("denominator"))
            if numerator.get("value") is not None and denominator.get("value") in (None, 1):
                found = True
                yield numerator["value"], f"{_unit(numerator)}/{_unit(denominator)}", source
        if found:
            return


def _unit(quantity: JsonObject) -> str:
    return text_of(quantity.get("code")) or text_of(quantity.get("unit"))
