"""When a drug was given, and whether the source says that no more of it is to come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from mappers.dates import Day
from mappers.fhir import first, objects
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.subjects import day_in
from mappers.systemic_therapy.procedures import SESSION_DAYS
from mappers.treatments.termination import ENDED
from mappers.units import decimal_of, parse_unit

_PERIODS = ("effectivePeriod", "performedPeriod", "period")
_MOMENTS = ("effectiveDateTime", "performedDateTime", "whenHandedOver", "whenPrepared")


@dataclass(frozen=True, slots=True)
class Timing:
    """Start and end of what one resource tells."""

    start: Day | None
    start_source: Source
    end: Day | None = None
    end_source: Source | None = None
    finished: bool = False
    """The source says that no more of it is to come."""
    reach: dt.date | None = None
    """The last day that is covered: the end, the start, or the last day of a supply."""
    course: bool = False
    """It tells of a whole course, not of one dose."""


def timing_of(resource: Resource, order: Resource | None, context: Context, *, whole: bool) -> Timing:
    """``whole``: the resource is known to stand for a course (a registry's SYST, POP's own export)."""
    json, reference = resource.json, resource.reference
    for name in _PERIODS:
        period = json.get(name)
        if isinstance(period, dict):
            return _of_period(resource, order, context, Source(reference, name), period, whole)
    for name in _MOMENTS:
        day = day_in(json.get(name), context)
        if day is not None:
            closed = _closed(json) if whole or resource.type == "MedicationStatement" else _order_closed(order)
            return Timing(day, Source(reference, name), finished=closed, reach=_supplied(json, day.date))
    if resource.type == "MedicationAdministration":
        return Timing(None, Source(reference, "effectiveDateTime"))
    return _of_order(resource, context)


def _of_period(
    resource: Resource, order: Resource | None, context: Context, source: Source, period: JsonObject, whole: bool
) -> Timing:
    start, end = day_in(period.get("start"), context), day_in(period.get("end"), context)
    dose = resource.type == "MedicationAdministration" and not whole
    if dose and not (start is not None and end is not None and (end.date - start.date).days > SESSION_DAYS):
        last = end or start
        return Timing(start or end, source, end, source if end else None, _order_closed(order),
                      last.date if last is not None else None)  # fmt: skip
    own = whole and resource.type == "MedicationAdministration"
    if end is not None and not (own or dose or _happened(resource.json, end, context)):
        # A planned end: the therapy goes on until the source closes it.
        end = None
    return Timing(
        start or end, source, end, source if end else None, end is not None or (_closed(resource.json) and not own),
        (end or start or Day(dt.date.min)).date if (end or start) else None, course=True,
    )  # fmt: skip


def _closed(json: JsonObject) -> bool:
    return json.get("status") in ENDED


def _order_closed(order: Resource | None) -> bool:
    return order is not None and _closed(order.json)


def _happened(json: JsonObject, end: Day, context: Context) -> bool:
    """An end is a plan while the state is open, unless the source wrote the resource on that day or later (no clock is asked)."""
    if _closed(json):
        return True
    meta = json.get("meta")
    written = [json.get("dateAsserted"), meta.get("lastUpdated") if isinstance(meta, dict) else None]
    return any(day is not None and day.latest >= end.date for day in (day_in(each, context) for each in written))


def _of_order(resource: Resource, context: Context) -> Timing:
    """An order runs from its dosage's bounds, else from when it was written; a closed one ends at its bounds."""
    json, reference = resource.json, resource.reference
    closed = _closed(json)
    for name in ("dosageInstruction", "dosage"):
        for instruction in objects(json.get(name)):
            timing = first(instruction.get("timing"))
            bounds = first(first(timing.get("repeat")).get("boundsPeriod"))
            events = timing.get("event")
            moments = [each for each in events if isinstance(each, str)] if isinstance(events, list) else []
            start = day_in(bounds.get("start"), context) or day_in(min(moments, default=None), context)
            if start is None:
                continue
            source = Source(reference, name)
            end = day_in(bounds.get("end"), context) if closed else None
            reach = end.date if end is not None else _supplied(json, start.date)
            return Timing(start, source, end, source if end else None, closed, reach)
    for name in ("authoredOn", "dateAsserted", "created"):
        day = day_in(json.get(name), context)
        valid = first(first(json.get("dispenseRequest")).get("validityPeriod"))
        end = day_in(valid.get("end"), context) if closed else None
        if day is not None and end is not None and end.date >= day.date:
            return Timing(day, Source(reference, name), end, Source(reference, "dispenseRequest"), closed, end.date)
        if day is not None:
            return Timing(day, Source(reference, name), finished=closed, reach=_supplied(json, day.date))
    return Timing(None, Source(reference, "authoredOn"), finished=closed)


def _supplied(json: JsonObject, start: dt.date) -> dt.date:
    """The last day that a supply covers: ``daysSupply`` of a dispense, ``expectedSupplyDuration`` of an order."""
    supply = first(json.get("daysSupply")) or first(first(json.get("dispenseRequest")).get("expectedSupplyDuration"))
    value = decimal_of(supply.get("value"))
    unit = parse_unit(str(supply.get("code") or supply.get("unit") or "d"))
    if value is None or unit is None or unit.dimension != "time" or not 0 < value <= 400:
        return start
    days = float(value) * float(unit.size) / 86_400
    return start + dt.timedelta(days=int(days)) if days <= 400 else start
