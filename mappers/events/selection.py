"""Which resources may report an adverse event: decided by each alone, and fast, as most say no."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mappers.codes import DUE_TO
from mappers.events.grades import GRADE_WORDS, is_ctcae
from mappers.events.terms import is_ctcae_code, laid_to_treatment, treatment_caused
from mappers.fhir import extensions, objects, remembered, words
from mappers.protocol import JsonObject, Resource

GRADE_URL = re.compile(r"ctc(?:ae)?-?(?:numerical-?)?grade|severity-?or-?grade", re.I)
_ADVERSE = re.compile(r"adverse event|toxicity grade|\bctc(?:ae)?\b|nebenwirkung|unerwünschtes ereignis", re.I)
_CATEGORY = re.compile(r"adverse (?:event|reaction)|toxicity|nebenwirkung", re.I)


def concerns_event(resource: Resource) -> bool:
    """True for what may report an adverse event, from the resource alone."""
    json = resource.json
    if resource.type == "AdverseEvent":
        return True
    if "extension" in json and (_grade_extension(json) is not None or has_extension(json, DUE_TO)):
        return True
    if resource.type == "Condition":
        return (
            _diagnosis_asks(json.get("code"))
            or any(_category_asks(each) for each in objects(json.get("category")))
            or any(_ctcae(each) for each in _condition_grades(json))
        )
    return _test_asks(json.get("code")) or any(
        name in json and _ctcae(json[name]) for name in ("valueCodeableConcept", "method")
    )


@remembered
def _diagnosis_asks(code: JsonObject) -> bool:
    said = words(code)
    return (
        treatment_caused(code)
        or is_ctcae_code(code)
        or _ADVERSE.search(said) is not None
        or (laid_to_treatment(said) and GRADE_WORDS.search(said) is not None)
    )


@remembered
def _test_asks(code: JsonObject) -> bool:
    return is_ctcae_code(code) or _ADVERSE.search(words(code)) is not None


@remembered
def _category_asks(category: JsonObject) -> bool:
    return _CATEGORY.search(words(category)) is not None


_ctcae = remembered(is_ctcae)


def has_extension(json: JsonObject, url: str) -> bool:
    """True if the element has the extension."""
    return next(extensions(json, url), None) is not None


def _condition_grades(json: JsonObject) -> Iterator[Any]:
    if "severity" in json:
        yield json["severity"]
    for stage in objects(json.get("stage")):
        yield stage.get("summary")
        yield stage.get("type")


def _grade_extension(json: JsonObject) -> JsonObject | None:
    return next((each for each in objects(json.get("extension")) if GRADE_URL.search(str(each.get("url")))), None)
