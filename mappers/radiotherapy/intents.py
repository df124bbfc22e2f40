"""With which intent it was given: as the Procedure, or the order or plan that it is based on, states it by code or in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mappers.fhir import objects, words
from mappers.protocol import Context, Resource, Source
from mappers.radiotherapy.procedures import code_words, note_text
from mappers.treatments.intents import ADJUVANT, NEOADJUVANT, Intent, plan_words, stated_intent, stated_role

_PALLIATIVE = re.compile(r"palliati[vo]", re.I)
_CURATIVE = re.compile(
    r"\bcurative|\bdefinitive\b|\bradical (?:radio|chemoradi)|kurativ|\bdefinitive? (?:radio|strahl)", re.I
)
_ADJUVANT = re.compile(r"\b(?:neo-?)?adjuvant", re.I)


def carriers_of(resource: Resource, context: Context) -> tuple[Resource, ...]:
    """The Procedure, and what it is based on (``basedOn``: a ServiceRequest, CodeX RT's planned course, a CarePlan)."""
    found = [context.resolve(each, within=resource) for each in objects(resource.json.get("basedOn"))]
    orders = [each for each in found if each is not None and each.type in ("ServiceRequest", "CarePlan")]
    return (resource, *sorted(orders, key=lambda each: each.reference))


def intent_of(carriers: Sequence[Resource]) -> tuple[Intent, Source] | None:
    """The stated intent; None if nothing states one, or one text states both."""
    for each in carriers:
        intent = stated_intent(each.json)
        if intent is not None:
            return intent, Source(each.reference, "extension")
    for each in carriers:
        for element, text in _texts(each):
            palliative, curative = _PALLIATIVE.search(text), _CURATIVE.search(text)
            if bool(palliative) != bool(curative):
                return "palliative" if palliative else "curative", Source(each.reference, element)
    return None


def adjuvant_of(carriers: Sequence[Resource]) -> Source | None:
    """Where it says that the therapy is adjuvant or neoadjuvant."""
    for each in carriers:
        if stated_role(each.json) in (ADJUVANT, NEOADJUVANT):
            return Source(each.reference, "extension")
        for element, text in _texts(each):
            if _ADJUVANT.search(text):
                return Source(each.reference, element)
    return None


def names_an_intent(text: str) -> bool:
    """A reason that is an intent names no disease."""
    return any(pattern.search(text) for pattern in (_ADJUVANT, _CURATIVE, _PALLIATIVE))


def _texts(each: Resource) -> Iterator[tuple[str, str]]:
    json = each.json
    if each.type == "CarePlan":
        yield "title", plan_words(json)
        return
    yield "code", code_words(json)
    for element in ("category", "reasonCode"):
        yield element, " | ".join(words(concept) for concept in objects(json.get(element)))
    yield "note", note_text(json)
