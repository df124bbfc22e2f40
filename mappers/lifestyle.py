"""Tobacco, alcohol, sleep, recreational drugs and exposures."""

from __future__ import annotations

from typing import Any

from mappers.dates import parse_day
from mappers.drafting import Drafting
from mappers.fhir import codings, has_code, objects, remembered, text_of
from mappers.lifestyle_values import (
    PANEL,
    QUIT_DATE,
    TERMINOLOGY,
    Statement,
    answer_in_words,
    answers_in_text,
    field_of,
    is_social_history,
    statements,
    typed_pack_years,
)
from mappers.protocol import Context, Group, JsonObject, MapOutput, NotForPop, Resource, Source
from mappers.subjects import VOID, case_key, observed_on, put_observed, subject_source
from mappers.units import LIFESTYLE_FIELDS, decimal_of, to_field

#: Days of a year as POP counts them (observed: a year is 365 days).
_YEAR = 365


class LifestyleMapper:
    """Social history Observations: what was asked on one day is one entity.

    * Smoking status: LOINC 72166-2 with SNOMED CT or LOINC answers (US Core *Smoking Status*), or in words, English or German; in a
      social history the question too may be known by its name only. A present non-smoker is neither *never* nor *former*.
    * A visit that repeats the answers of the visit before is no news and becomes no entity (option ``lifestyle.repeats`` = ``keep``
      writes each).
    * Pack-years; time since quitting, or (computed, an assumption) from the date of quitting to the day of the visit.
    * Alcohol: AUDIT-C's first question, whose answers are POP's list. Other alcohol and drug questions have no field in POP.
    """

    name = "lifestyle"
    version = "2"
    produces: tuple[str, ...] = ("Lifestyle",)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        """One group per patient: whether an answer is news depends on the one before. There are few of them."""
        code = resource.json.get("code")
        if _asks(code) or (_asks_by_name(code) and is_social_history(resource.json)):
            return "lifestyle"
        parts = resource.json.get("component")
        if parts is None:
            return None
        return "lifestyle" if any(_asks(part.get("code")) for part in objects(parts)) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """One draft per day that tells something new."""
        by_day: dict[str, list[Statement]] = {}
        for member in group.members:
            status = member.json.get("status")
            if isinstance(status, str) and status in VOID:
                yield NotForPop(member.reference, f"the observation is {VOID[status]}")
                continue
            found = list(statements(member))
            if not found:
                yield NotForPop(member.reference, "the observation has no answer")
                continue
            observed = observed_on(member, context)
            by_day.setdefault(observed[0].iso if observed is not None else "undated", []).extend(found)
        keep = context.options.get("lifestyle.repeats", "skip") == "keep"
        before: dict[str, Any] = {}
        for day, said in sorted(by_day.items()):
            draft = _draft(day, said, context)
            told = {name: value for name, value in draft.payload.items() if name != "date"}
            if (
                not keep
                and told
                and all(before.get(name) == value for name, value in told.items())
                and day != "undated"
            ):
                for reference in dict.fromkeys(each.resource.reference for each in said):
                    yield NotForPop(reference, "it repeats what the last visit said")
                continue
            before.update(told)
            yield draft.done()


@remembered
def _asks(code: JsonObject) -> bool:
    return field_of(code) is not None or has_code(code, PANEL)


@remembered
def _asks_by_name(code: JsonObject) -> bool:
    return field_of(code, named=True) is not None


def _draft(day: str, said: list[Statement], context: Context) -> Drafting:
    drafting = Drafting("Lifestyle", f"Lifestyle:{day}")
    ordered = sorted(said, key=lambda each: (each.resource.reference, each.prefix))
    anchor = ordered[0].resource
    drafting.refer("caseId", case_key(context, anchor), subject_source(anchor))
    put_observed(drafting, anchor, context)
    for each in ordered:
        drafting.consume(
            each.resource, "status", "code", "category", "effectiveDateTime", "effectivePeriod", "issued", "encounter"
        )
        _put(drafting, each, context)
    if not any(name in drafting.payload for name in _FIELDS):
        drafting.missing(
            "value", "None of the answers can be taken: see the other issues.", Source(anchor.reference, "value")
        )
    return drafting


_FIELDS = frozenset({*TERMINOLOGY, "smokingPackyears", "smokingQuited", "nightSleep"})


def _put(drafting: Drafting, said: Statement, context: Context) -> None:
    reference, part, name = said.resource.reference, said.part, said.field
    if name in TERMINOLOGY:
        element = "valueCodeableConcept" if "valueCodeableConcept" in part else "valueString"
        source = Source(reference, said.prefix + element)
        value = part.get(element)
        concept = {"text": value} if isinstance(value, str) else value
        if (
            name == "smokingStatus"
            and isinstance(concept, dict)
            and not codings(concept)
            and context.translate(TERMINOLOGY[name], concept, text=True) is None
        ):
            concept = _line(drafting, text_of(concept.get("text")), source)
        if not isinstance(concept, dict):
            drafting.issue("missing-value", name, "The answer is neither coded nor a text.", source=source)
        elif context.translate(TERMINOLOGY[name], concept, text=True) is None and (
            said_in_words := answer_in_words(name, concept)
        ):
            _single(drafting, name, said_in_words, source, context)
        elif name in ("recreationalDrugs", "exposures"):
            _add(drafting, name, concept, source, context)
        else:
            _single(drafting, name, concept, source, context)
    elif name == "smokingPackyears":
        element = "valueString" if isinstance(part.get("valueString"), str) else "valueQuantity"
        _pack_years(drafting, part, Source(reference, said.prefix + element))
    elif has_code(part.get("code"), QUIT_DATE):
        _since(drafting, part, Source(reference, said.prefix + "valueDateTime"))
    else:
        _time(drafting, name, part, Source(reference, said.prefix + "valueQuantity"))


def _line(drafting: Drafting, text: str, source: Source) -> JsonObject:
    """The status of a line that says more than that; pack-years and the time since quitting that it names beside are put."""
    said, pack_years, years = answers_in_text(text)
    if pack_years is not None and "smokingPackyears" not in drafting.payload:
        _pack_years(drafting, {"valueString": pack_years}, source)
    if years is not None and "smokingQuited" not in drafting.payload:
        _time(drafting, "smokingQuited", {"valueQuantity": {"value": int(years), "unit": "a"}}, source)
    return {"text": said[0] if len(said) == 1 else text}


def _single(drafting: Drafting, name: str, concept: dict[str, Any], source: Source, context: Context) -> None:
    if name not in drafting.payload:
        drafting.concept(name, TERMINOLOGY[name], concept, context=context, source=source)
    else:
        _agree(drafting, name, concept, source, context)


def _add(drafting: Drafting, name: str, concept: dict[str, Any], source: Source, context: Context) -> None:
    """One more concept of a list field."""
    found = context.translate(TERMINOLOGY[name], concept, text=True)
    if found is None:
        drafting.unmapped(name, TERMINOLOGY[name], concept, source=source)
        return
    held = drafting.payload.get(name, [])
    if found.concept not in held:
        drafting.put(name, sorted([*held, found.concept], key=lambda each: str(each["code"])), source)
        drafting.note_rule(name, found, source)


def _agree(drafting: Drafting, name: str, concept: dict[str, Any], source: Source, context: Context) -> None:
    """A second answer of the day must say the same."""
    found = context.translate(TERMINOLOGY[name], concept, text=True)
    if found is not None and found.concept["code"] != drafting.payload[name]["code"]:
        drafting.issue("contradiction", name, "Two answers of one day differ: one of them is taken.", source=source)
    drafting.read(source)


def _pack_years(drafting: Drafting, part: dict[str, Any], source: Source) -> None:
    quantity = part.get("valueQuantity")
    typed = part.get("valueString")
    stated = typed_pack_years(typed) if isinstance(typed, str) else part.get("valueInteger")
    number = decimal_of(quantity.get("value") if isinstance(quantity, dict) else stated)
    if number is None or number < 0 or number > 500:
        drafting.issue("implausible-value", "smokingPackyears", "This is no number of pack-years.", source=source)
        return
    if isinstance(quantity, dict) and isinstance(quantity.get("comparator"), str):
        drafting.issue("comparator", "smokingPackyears", "The value is a bound, not a number.", source=source)
        return
    drafting.put("smokingPackyears", float(number), source)


def _time(drafting: Drafting, name: str, part: dict[str, Any], source: Source) -> None:
    quantity = part.get("valueQuantity")
    found = None
    if isinstance(quantity, dict):
        for unit in (text_of(quantity.get("code")), text_of(quantity.get("unit"))):
            found = found or (to_field(quantity.get("value"), unit, {name: LIFESTYLE_FIELDS[name]}) if unit else None)
    limit = 24 if name == "nightSleep" else 120
    if found is None:
        drafting.issue("unmapped-unit", name, "The duration has no unit of time.", source=source)
    elif not 0 <= found[1]["value"] <= limit:
        drafting.issue(
            "implausible-value", name, "This duration is not possible: correct it at the source.", source=source
        )
    else:
        drafting.put(name, found[1], source)


def _since(drafting: Drafting, part: dict[str, Any], source: Source) -> None:
    """Years from the date of quitting to the visit."""
    quit_on, visit = (
        parse_day(part.get("valueDateTime") or part.get("valueString")),
        parse_day(drafting.payload.get("date")),
    )
    if quit_on is None or visit is None or quit_on.date > visit.date:
        drafting.issue(
            "implausible-value", "smokingQuited", "The date of quitting is no day before the visit.", source=source
        )
        return
    years = round((visit.date - quit_on.date).days / _YEAR, 1)
    drafting.put("smokingQuited", {"value": years, "unit": "year"}, source)
    drafting.assume(
        "smokingQuited", "time-since-date", "Computed from the date of quitting to the day of the visit.", source
    )
