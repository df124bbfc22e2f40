"""What Observations tell about tumour markers: one result per analyte."""

from __future__ import annotations

from collections.abc import Iterator

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
    """The results of an Observation and of the Observations that it contains."""
    results: list[Told] = []
    reasons: list[NotForPop] = []
    for each in (member, *_contained(member, context)):
        for found in _results(each, context):
            (results if isinstance(found, Told) else reasons).append(found)  # type: ignore[arg-type]
    yield from results
    if not results:
        yield reasons[0] if reasons else NotForPop(member.reference, _reason(member.json))


def _contained(member: Resource, context: Context) -> Iterator[Resource]:
    for contained in objects(member.json.get("contained")):
        if contained.get("resourceType") == "Observation":
            found = context.resolve(f"#{contained.get('id')}", within=member)
            if found is not None:
                yield found


def _results(member: Resource, context: Context) -> Iterator[Told | NotForPop]:
    json = member.json
    analyte, source = find_analyte(member, json.get("code"), "code", context)
    if analyte is None and (studied := studied_gene(member, context)) is not None:
        analyte, source = studied
    profiled = bool(profiles(json) & MARKER_PROFILES)
    parts = _components(member, analyte, context)
    if analyte is None and not parts and not profiled:
        yield NotForPop(member.reference, _reason(json))
        return
    status = json.get("status")
    if isinstance(status, str) and status in VOID:
        yield NotForPop(member.reference, f"the observation is {VOID[status]}")
        return
    specimen = context.resolve(first(json.get("specimen")), within=member) if json.get("specimen") else None
    if other_fluid(member, specimen):
        yield NotForPop(
            member.reference, "a value in a fluid other than blood, which POP could not tell from a serum value"
        )
        return
    bounds = context.options.get("marker.comparator", "block") == "bound"
    day, moment = _day(member, specimen, context), moment_told(json)
    own: list[Finding] = []
    if analyte is not None:
        own = _read(member, json, "", analyte, (words(json.get("code")), words(json.get("method"))), bounds=bounds)
    others: dict[str, list[tuple[int, JsonObject, Translation]]] = {}
    for position, part, found in parts:
        mine = analyte is not None and found.concept["code"] == analyte.concept["code"]
        if mine and analyte is not None:
            said = (words(part.get("code")), words(json.get("code")), words(part.get("method") or json.get("method")))
            own.extend(_read(member, part, f"component[{position}].", analyte, said, bounds=bounds))
        else:
            others.setdefault(str(found.concept["code"]), []).append((position, part, found))
    if analyte is not None and (own or not others):
        absent = no_result(json) if not own or all(each.problem for each in own) else None
        if absent is not None:
            yield NotForPop(member.reference, absent)
        elif not own and json.get("hasMember"):
            yield NotForPop(member.reference, "a panel: its members are results of their own")
        else:
            yield Told(member, "", analyte, source, own, day, moment)
    elif analyte is None and not others:
        yield Told(member, "", None, source, [], day, moment)
    for _, same in sorted(others.items()):
        findings: list[Finding] = []
        for position, part, found in same:
            if no_result(part) is None:
                said = (words(part.get("code")), "", words(part.get("method") or json.get("method")))
                findings.extend(_read(member, part, f"component[{position}].", found, said, bounds=bounds))
        if findings or all(no_result(part) is None for _, part, _ in same):
            suffix = "/" + min(_code_key(part) for _, part, _ in same)
            at = Source(member.reference, f"component[{same[0][0]}].code")
            yield Told(member, suffix, same[0][2], at, findings, day, moment)


def _components(
    member: Resource, analyte: Translation | None, context: Context
) -> list[tuple[int, JsonObject, Translation]]:
    """Components with the analyte that each measures: what it says itself; a score of PD-L1; else, where the Observation has no
    value of its own, the Observation's."""
    found: list[tuple[int, JsonObject, Translation]] = []
    valueless = not any(member.json.get(name) is not None for name in VALUES)
    for position, part in enumerate(objects(member.json.get("component"))):
        code = part.get("code")
        own, _ = find_analyte(member, code, f"component[{position}].code", context)
        if own is None and kind_of(frozenset(pairs(code)), words(code)) is not None:
            own = context.translate(TERMINOLOGY, {"coding": [{"system": LOINC, "code": PDL1}]})
        if own is None and analyte is not None and valueless and _tells(member, part, analyte):
            own = analyte
        if own is not None:
            found.append((position, part, own))
    return found


def _tells(member: Resource, part: JsonObject, analyte: Translation) -> bool:
    """True if a component without a code that we know states a value of the Observation's analyte."""
    found = _read(member, part, "", analyte, (words(part.get("code")),), bounds=False)
    return bool(found) and all(each.problem is None for each in found)


def _read(
    member: Resource, part: JsonObject, prefix: str, analyte: Translation, said: tuple[str, ...], *, bounds: bool
) -> list[Finding]:
    code = str(analyte.concept["code"])
    return ResultReader(member.reference, prefix, code, part.get("code"), said, bounds=bounds).read(part)


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
