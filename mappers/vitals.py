"""Vital signs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from mappers.dates import Day
from mappers.drafting import Drafting
from mappers.fhir import choice, first, has_code, objects, pairs, remembered
from mappers.protocol import Context, Group, JsonObject, MapOutput, NotForPop, Resource, Source
from mappers.references import target_keys
from mappers.subjects import VOID, case_key, observed_on, put_observed, subject_source
from mappers.vital_values import BMI, FIELDS, PANELS, Reading, is_vital_sign, readings

_TIMES = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued")
_TEXTS = {
    "missing-value": "The source states no value.",
    "comparator": "The value is a bound (a comparator), not a measurement.",
    "unmapped-unit": "The unit is missing, or none that POP can hold here.",
    "implausible-value": "No living person has this value: correct it, or its unit, at the source.",
    "contradiction": "Diastolic above systolic pressure: correct them at the source.",
}


class VitalsMapper:
    """Height, weight, blood pressure and temperature: what was measured at one time is one entity.

    * Together belong the values of one moment (``effective[x]``), and those of one encounter on one day as long as none is
      measured twice there; a value measured again begins an entity of its own. Option ``vitals.per`` = ``day`` makes one entity
      of a day, with the last value of each kind.
    * Panels (LOINC 85353-1, 85354-9): their components, and members that they contain; members of their own stand for themselves.
    * A vital sign with a code of the sender's own is known by its whole name; values that are typed (``120/80``, ``172 cm``,
      ``5' 10"``) are read.
    * A value outside what a living person can have (``mappers.vital_values``) is left out and goes to review; its neighbours go on.
    * The body mass index is not for POP, which computes it; other vital signs have no field there.
    """

    name = "vitals"
    version = "2"
    produces: tuple[str, ...] = ("Vitals",)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        """The day of the measurement (in UTC where a time is stated, so that equal moments meet)."""
        json = resource.json
        if _measures(json.get("code")) or is_vital_sign(json):
            return moment_of(json)[:10] or "undated"
        parts = json.get("component")
        if parts is not None and any(_measures(part.get("code")) for part in objects(parts)):
            return moment_of(json)[:10] or "undated"
        return None

    def map(self, group: Group, context: Context) -> MapOutput:
        """One draft per moment, encounter or day."""
        measured: list[_Measurement] = []
        for member in group.members:
            status = member.json.get("status")
            if isinstance(status, str) and status in VOID:
                yield NotForPop(member.reference, f"the observation is {VOID[status]}")
                continue
            found = [reading for each in _with_contained(member, context) for reading in readings(each)]
            if found:
                measured.append(_Measurement(member, moment_of(member.json), _encounter(member.json), found))
            else:
                yield NotForPop(member.reference, _reason(member.json))
        measured = _told_once(measured)
        per_day = context.options.get("vitals.per", "moment") == "day"
        for key, together in _days(measured, group.key, context) if per_day else _moments(measured, group.key):
            yield _draft(key, together, context, latest=per_day).done()


@remembered
def _measures(code: JsonObject) -> bool:
    return any(pair in _CODES for pair in pairs(code))


@dataclass(slots=True)
class _Measurement:
    """One Observation with what it measures."""

    resource: Resource
    moment: str
    encounter: str
    found: list[Reading]
    also: list[Resource] = field(default_factory=list)
    """Observations that say the same again."""
    fields: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.fields = frozenset(each.field for each in self.found)

    def repeats(self, other: _Measurement) -> bool:
        """True if it has the same values at the same moment; a date without a time is any moment of its day."""
        if {each.field: each.measure for each in self.found} != {each.field: each.measure for each in other.found}:
            return False
        return self.moment == other.moment or min(len(self.moment), len(other.moment)) <= _DATE_ONLY


#: Length of ``YYYY-MM-DD``.
_DATE_ONLY = 10


def _told_once(measured: list[_Measurement]) -> list[_Measurement]:
    """Each measurement once, the one that says most of its circumstances; and one that names no encounter belongs to the only
    encounter of its moment."""
    kept: list[_Measurement] = []
    for each in sorted(measured, key=lambda one: (-len(one.moment), not one.encounter, one.resource.reference)):
        same = next((other for other in kept if other.repeats(each)), None)
        if same is None:
            kept.append(each)
        else:
            same.also.append(each.resource)
    for each in kept:
        if not each.encounter:
            visits = {other.encounter for other in kept if other.encounter and other.moment == each.moment}
            each.encounter = visits.pop() if len(visits) == 1 else ""
    return kept


def moment_of(json: JsonObject) -> str:
    """When something was measured, comparable as text: an instant in UTC, a date as it stands; empty if nothing tells."""
    found = choice(json, _TIMES)
    value = found[1].get("start") if found is not None and isinstance(found[1], dict) else found and found[1]
    if not isinstance(value, str):
        return ""
    try:
        instant = dt.datetime.fromisoformat(value.strip())
    except ValueError:
        return value.strip()
    return instant.astimezone(dt.UTC).isoformat() if instant.tzinfo is not None else value.strip()


def _with_contained(member: Resource, context: Context) -> Iterator[Resource]:
    yield member
    for contained in objects(member.json.get("contained")):
        found = context.resolve(f"#{contained.get('id')}", within=member)
        if found is not None and found.type == "Observation" and found.json.get("status") not in VOID:
            yield found


def _moments(measured: list[_Measurement], day: str) -> Iterator[tuple[str, list[_Measurement]]]:
    """Sets of one encounter if they measure nothing twice; else of one moment; what is measured twice stands alone."""
    by_encounter: dict[str, list[_Measurement]] = {}
    for each in measured:
        by_encounter.setdefault(each.encounter, []).append(each)
    for encounter, visit in sorted(by_encounter.items()):
        if encounter and len({each.moment for each in visit}) > 1 and not _repeats(visit):
            yield f"Vitals:{encounter}/{day}", visit
            continue
        by_moment: dict[str, list[_Measurement]] = {}
        for each in visit:
            by_moment.setdefault(each.moment, []).append(each)
        for moment, together in sorted(by_moment.items()):
            yield from _apart(f"Vitals:{encounter}/{moment or 'undated'}".replace(":/", ":"), together)


def _repeats(measurements: list[_Measurement]) -> bool:
    return sum(len(each.fields) for each in measurements) > len(
        frozenset().union(*(each.fields for each in measurements))
    )


def _apart(key: str, measurements: list[_Measurement]) -> Iterator[tuple[str, list[_Measurement]]]:
    """A value that a moment has already stands alone, unless it says the same."""
    together: list[_Measurement] = []
    taken: dict[str, JsonObject | None] = {}
    for each in sorted(measurements, key=lambda item: item.resource.reference):
        values = {reading.field: reading.measure for reading in each.found}
        if any(name in taken and taken[name] != value for name, value in values.items()):
            yield f"{key}/{each.resource.reference}", [each]
            continue
        taken.update(values)
        together.append(each)
    yield key, together


def _days(measured: list[_Measurement], group: str, context: Context) -> Iterator[tuple[str, list[_Measurement]]]:
    by_day: dict[str, list[_Measurement]] = {}
    for each in measured:
        observed = observed_on(each.resource, context)
        day: Day | None = observed[0] if observed is not None else None
        by_day.setdefault(day.iso if day is not None else "undated", []).append(each)
    for day_text, together in sorted(by_day.items()):
        # A local day may begin on the UTC day before: such a part has a key of its own.
        yield f"Vitals:{day_text}" if day_text == group else f"Vitals:{day_text}/{group}", together


def _draft(key: str, measurements: list[_Measurement], context: Context, *, latest: bool) -> Drafting:
    drafting = Drafting("Vitals", key)
    ordered = sorted(measurements, key=lambda each: (each.moment, each.resource.reference))
    anchor = ordered[0].resource
    drafting.refer("caseId", case_key(context, anchor), subject_source(anchor))
    put_observed(drafting, anchor, context)
    for each in ordered:
        drafting.consume(
            each.resource, "status", "code", "category", "hasMember", "contained", "method", "device", "bodySite"
        )
        drafting.consume(
            each.resource, "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued", "encounter"
        )
        drafting.consume(each.resource, "interpretation", "referenceRange")
        for repeat in each.also:
            drafting.consume(repeat, *(name for name in repeat.json if name.startswith(("value", "effective"))))
            drafting.consume(repeat, "status", "code", "category", "component", "encounter", "issued", "contained")
        for reading in each.found:
            _put(drafting, reading, latest=latest)
    _check_pressure(drafting)
    if not any(name in drafting.payload for name in FIELDS.values()):
        drafting.missing(
            "value", "None of the values can be taken: see the other issues.", Source(anchor.reference, "value")
        )
    return drafting


def _put(drafting: Drafting, reading: Reading, *, latest: bool) -> None:
    if reading.problem is not None or reading.measure is None:
        problem = reading.problem or "missing-value"
        drafting.issue(problem, reading.field, _TEXTS[problem], source=reading.source)
        return
    if latest and reading.field in drafting.payload and drafting.payload[reading.field] != reading.measure:
        drafting.assume(reading.field, "last-of-day", "The last of several values of the day is taken.", reading.source)
    drafting.put(reading.field, reading.measure, reading.source)


def _check_pressure(drafting: Drafting) -> None:
    systolic, diastolic = (drafting.payload.get(f"bloodPressure{name}") for name in ("Systolic", "Diastolic"))
    if systolic and diastolic and diastolic["value"] > systolic["value"]:
        for name in ("bloodPressureSystolic", "bloodPressureDiastolic"):
            drafting.withdraw(name)
        drafting.issue("contradiction", "bloodPressureSystolic", _TEXTS["contradiction"])


_CODES = FIELDS.keys() | PANELS | BMI


def _encounter(json: JsonObject) -> str:
    keys = target_keys(first(json.get("encounter")))
    return keys[0] if keys else ""


def _reason(json: JsonObject) -> str:
    if has_code(json.get("code"), BMI):
        return "POP computes the body mass index itself"
    if has_code(json.get("code"), PANELS):
        return "a panel without values of its own: its members stand for themselves"
    return "a vital sign that POP has no field for"
