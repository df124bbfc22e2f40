"""What Observations tell about tumour markers: one result per analyte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mappers.codes import LOINC, MARKER_PROFILES
from mappers.dates import Day
from mappers.fhir import choice, codings, first, has_code, objects, pairs, profiles, text_of, triples, words
from mappers.markers.analytes import (
    IMMUNOHISTOCHEMISTRY,
    TERMINOLOGY,
    find_analyte,
    is_laboratory,
    other_fluid,
    studied_gene,
)
from mappers.markers.answers import no_result
from mappers.markers.repeats import Told
from mappers.markers.results import PDL1, VALUES, Finding, ResultReader
from mappers.markers.scores import kind_of
from mappers.protocol import Context, JsonObject, NotForPop, Resource, Source, Translation
from mappers.subjects import VOID, day_in, observed_on

_MOMENTS = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued")


def written_day(json: JsonObject) -> str:
    """The day of the Observation as it is written, whatever its zone."""
    return moment_told(json)[:10] or "undated"


def moment_told(json: JsonObject) -> str:
    """When the Observation was made, else released, as it is written."""
    found = choice(json, _MOMENTS)
    value = found[1].get("start") if found is not None and isinstance(found[1], dict) else found and found[1]
    return value.strip() if isinstance(value, str) else ""


def tell(member: Resource, context: Context) -> Iterator[Told | NotForPop]:
    """The results of an Observation and of the Observations that it contains; a reason if there are none."""
    found = [each for one in (member, *_contained(member, context)) for each in _results(one, context)]
    results = [each for each in found if isinstance(each, Told)]
    yield from results or found[:1]


def _contained(member: Resource, context: Context) -> Iterator[Resource]:
    for contained in objects(member.json.get("contained")):
        if contained.get("resourceType") == "Observation":
            found = context.resolve(f"#{contained.get('id')}", within=member)
            if found is not None:
                yield found


@dataclass(frozen=True, slots=True)
class _Test:
    """The Observation, or a component of it (``prefix`` is its path), that measures an analyte."""

    prefix: str
    part: JsonObject
    analyte: Translation
    source: Source


def _results(member: Resource, context: Context) -> Iterator[Told | NotForPop]:
    """One result per analyte: what the Observation and its components say of it."""
    json = member.json
    tests = _tests(member, context)
    if not tests and not profiles(json) & MARKER_PROFILES:
        yield NotForPop(member.reference, _reason(json))
        return
    status = json.get("status")
    if isinstance(status, str) and status in VOID:
        yield NotForPop(member.reference, f"the observation is {VOID[status]}")
        return
    specimen = context.resolve(first(json.get("specimen")), within=member) if json.get("specimen") else None
    if other_fluid(member, specimen):
        reason = "a value in a fluid other than blood, which POP could not tell from a serum value"
        yield NotForPop(member.reference, reason)
        return
    day, moment = _day(member, specimen, context), moment_told(json)
    if not tests:
        yield Told(member, "", None, Source(member.reference, "code"), [], day, moment)
        return
    of_analyte: dict[str, list[_Test]] = {}
    for test in tests:
        of_analyte.setdefault(str(test.analyte.concept["code"]), []).append(test)
    bounds = context.options.get("marker.comparator", "block") == "bound"
    told = [_told(member, same, day, moment, bounds=bounds) for same in of_analyte.values()]
    results = [each for each in told if isinstance(each, Told)]
    yield from results or told[:1]


def _told(
    member: Resource, same: list[_Test], day: tuple[Day, Source, str] | None, moment: str, *, bounds: bool
) -> Told | NotForPop:
    findings = [found for test in same for found in _read(member, test, bounds=bounds)]
    if all(found.problem is not None for found in findings):
        absent = next((why for test in same if (why := no_result(test.part)) is not None), None)
        if absent is not None:
            return NotForPop(member.reference, absent)
    if not findings and member.json.get("hasMember"):
        return NotForPop(member.reference, "a panel: its members are results of their own")
    # A component has no id: its place is its code's, which stays when the list is sorted otherwise.
    suffix = "" if any(not test.prefix for test in same) else "/" + min(_code_key(test.part) for test in same)
    return Told(member, suffix, same[0].analyte, same[0].source, findings, day, moment)


def _tests(member: Resource, context: Context) -> list[_Test]:
    """What measures an analyte. A component measures what its code says; a score of PD-L1 that; and one with a code that nothing
    knows the Observation's analyte, if that has no value of its own and the component has one for it."""
    json = member.json
    analyte, source = find_analyte(member, json.get("code"), "code", context)
    if analyte is None:
        analyte, source = studied_gene(member, context) or (None, source)
    valueless = not any(json.get(name) is not None for name in VALUES)
    own = [_Test("", json, analyte, source)] if analyte is not None else []
    parts: list[_Test] = []
    for position, part in enumerate(objects(json.get("component"))):
        prefix, code = f"component[{position}].", part.get("code")
        found, at = find_analyte(member, code, prefix + "code", context)
        if found is None and kind_of(frozenset(pairs(code)), words(code)) is not None:
            found = context.translate(TERMINOLOGY, {"coding": [{"system": LOINC, "code": PDL1}]})
        if found is None and analyte is not None and valueless:
            guess = _Test(prefix, part, analyte, at)
            read = _read(member, guess, bounds=False)
            found = analyte if read and all(each.problem is None for each in read) else None
        if found is not None:
            parts.append(_Test(prefix, part, found, at))
    if own and parts and valueless and all(each.analyte.concept != own[0].analyte.concept for each in parts):
        return parts  # a panel that is named after one of its analytes
    return [*own, *parts]


def _read(member: Resource, test: _Test, *, bounds: bool) -> list[Finding]:
    method = words(test.part.get("method") or member.json.get("method"))
    said = (words(test.part.get("code")), words(member.json.get("code")), method)
    code = str(test.analyte.concept["code"])
    return ResultReader(member.reference, test.prefix, code, test.part.get("code"), said, bounds=bounds).read(test.part)


def _day(member: Resource, specimen: Resource | None, context: Context) -> tuple[Day, Source, str] | None:
    """(day, source, what it is): collection of the specimen, observation, release."""
    collection = first(specimen.json.get("collection")) if specimen is not None else {}
    found = choice(collection, ("collectedDateTime", "collectedPeriod"))
    day = day_in(found[1], context) if found is not None else None
    if specimen is not None and found is not None and day is not None:
        return day, Source(specimen.reference, f"collection.{found[0]}"), "collected"
    observed = observed_on(member, context)
    if observed is None:
        return None
    return observed[0], observed[1], "released" if observed[2] else "observed"


def _reason(json: JsonObject) -> str:
    code = json.get("code")
    if has_code(code, {(LOINC, "94076-7")}):
        return "a genomic signature, no tumour marker"
    if not triples(code) and not words(code):
        return "an observation without a code"
    if has_code(code, IMMUNOHISTOCHEMISTRY):
        return "an immunohistochemistry of a protein that is no tumour marker of POP's"
    return f"{'a laboratory value' if is_laboratory(json) else 'an observation'} that is no tumour marker of POP's"


def _code_key(part: JsonObject) -> str:
    found = codings(part.get("code"))
    return text_of(found[0].get("code")) if found and text_of(found[0].get("code")) else words(part.get("code"))
