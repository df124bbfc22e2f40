"""POP's therapy lines: deleted and made anew, with other ids, whenever a therapy of their case is written (POP 1.4.0)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from adapters.pop.kinds import KINDS
from adapters.sandbox.pop import history
from adapters.sandbox.pop.store import Entities

JsonObject = dict[str, Any]

LINES, SYSTEMIC, RADIO, SURGERIES = "therapy-lines", "systemic-therapies", "radiotherapies", "surgeries"
RESPONSES = "treatment-responses"
#: Writing any of these rewrites the lines of the case.
THERAPIES = frozenset({SYSTEMIC, SURGERIES, RADIO, RESPONSES})
_KINDS = {SYSTEMIC: "SystemicTherapy", RADIO: "Radiotherapy", SURGERIES: "Surgery", LINES: "TherapyLine"}
#: RECIST progressive disease (LOINC answer); therapy stopped because it was not tolerated (SNOMED CT).
PROGRESSION, NOT_TOLERATED = "LA28370-7", "407563006"
MONTH = 30.436875
_DAY = dt.timedelta(days=1)
#: Ends of therapies from which POP's arithmetic leaves the calendar; the very last day cannot even be read (observed).
TOO_LATE, LAST = "9999-12-30", "9999-12-31"


def started(row: JsonObject) -> bool:
    """True unless the therapy lacks the start that POP needs and does not ask for."""
    return bool((row.get("period") or {}).get("start"))


def derivable(entities: Entities, case_id: str) -> bool:
    """False while the case has a systemic therapy without a start, or a therapy that ends after all time: POP fails on every write
    that rewrites its lines."""
    systemic = entities.owned(SYSTEMIC, case_id)
    therapies = [*systemic, *entities.owned(RADIO, case_id)]
    return all(map(started, systemic)) and not any(_ends(each) >= TOO_LATE for each in therapies)


def _ends(therapy: JsonObject) -> str:
    return str((therapy.get("period") or {}).get("end") or "")


class _Rebuild:
    """One making anew. ``user`` wrote, at ``url``, the therapy that this follows from."""

    def __init__(self, entities: Entities, case_id: str, *, user: str, url: str) -> None:
        self._entities = entities
        self._case = case_id
        self._by = {"user": user, "url": url}
        self._made: dict[str, list[JsonObject]] = {"curative": [], "palliative": []}

    def run(self) -> None:
        self._clear()
        therapies = sorted(self._entities.owned(SYSTEMIC, self._case), key=_begins)
        for therapy in therapies:
            former = [each for each in therapies if not _adjunctive(each) and _start(each) < _start(therapy)]
            made = self._made[therapy["intent"]]
            line = self._new(therapy["intent"]) if self._opens(therapy, former, made) else made[-1]
            self._assign(SYSTEMIC, therapy, line)
        for collection, spans in ((RADIO, _overlaps), (SURGERIES, _contains)):
            for therapy in sorted(self._entities.owned(collection, self._case), key=_begins):
                fitting = [
                    line for line in self._made[therapy["intent"]] if spans(period(self._entities, line), therapy)
                ]
                if fitting:
                    self._assign(collection, therapy, min(fitting, key=lambda line: _first(self._entities, line)))
        self._progress()

    def _clear(self) -> None:
        old = self._entities.owned(LINES, self._case)
        for line in old:
            self._entities.delete(LINES, line["id"])
        gone = {line["id"] for line in old}
        for collection in (SYSTEMIC, RADIO, SURGERIES):
            for therapy in self._entities.owned(collection, self._case):
                if therapy.get("therapyLineId") in gone:
                    self._assign(collection, therapy, None)

    def _assign(self, collection: str, therapy: JsonObject, line: JsonObject | None) -> None:
        # Observed: each change of its line is an event of the therapy, by whoever wrote.
        therapy["therapyLineId"] = None if line is None else line["id"]
        history.record(self._entities, KINDS[_KINDS[collection]], therapy, "update", **self._by)
        self._entities.put(collection, therapy)

    def _new(self, intent: str) -> JsonObject:
        line = self._entities.new_row(
            {
                "caseId": self._case, "ordinal": 1 + len(self._made[intent]), "intent": intent, "progressionDate": None,
                "externalSource": None, "externalSourceId": None,
            }
        )  # fmt: skip
        history.record(self._entities, KINDS["TherapyLine"], line, "create", **self._by)
        self._entities.put(LINES, line)
        self._made[intent].append(line)
        return line

    def _opens(self, therapy: JsonObject, former: list[JsonObject], made: list[JsonObject]) -> bool:
        """Whether the therapy begins a line of its own: the first, after progression, or with a drug that is new."""
        if not made:
            return True
        if _adjunctive(therapy):
            return False
        if not former:
            return True
        previous = max(former, key=_start)
        days = [each["date"] for each in self._entities.owned(RESPONSES, self._case) if _progressive(each)]
        if any(_start(previous) <= day <= _start(therapy) for day in days):
            return True
        if (previous.get("terminationReason") or {}).get("code") == NOT_TOLERATED:
            # POP compares classes of drugs, which its lists do not have: every drug is of the class «Unknown».
            return bool(self._drugs(therapy)) != bool(self._drugs(previous))
        return not self._drugs(therapy) <= self._drugs(previous)

    def _drugs(self, therapy: JsonObject) -> set[tuple[str, str]]:
        medications = self._entities.owned(KINDS["SystemicTherapyMedication"].collection, therapy["id"])
        return {(each["drug"]["system"], each["drug"]["code"]) for each in medications}

    def _progress(self) -> None:
        days = [each["date"] for each in self._entities.owned(RESPONSES, self._case) if _progressive(each)]
        for line in [each for made in self._made.values() for each in made]:
            first = period(self._entities, line)["start"]
            after = [day for day in days if first is not None and day >= first]
            if after:
                line["progressionDate"] = min(after)
                history.record(self._entities, KINDS["TherapyLine"], line, "update", **self._by)
                self._entities.put(LINES, line)


def rebuild(entities: Entities, case_id: str, *, user: str, url: str) -> None:
    """Make the lines of a case anew."""
    _Rebuild(entities, case_id, user=user, url=url).run()


def _start(therapy: JsonObject) -> str:
    return str(therapy["period"]["start"])


def _begins(therapy: JsonObject) -> tuple[str, str, int]:
    span = therapy.get("period") or {"start": therapy.get("date")}
    return str(span.get("start") or ""), str(span.get("end") or "9999"), therapy["_order"]


def _adjunctive(therapy: JsonObject) -> bool:
    return therapy.get("adjunctiveRole") is not None


def _progressive(response: JsonObject) -> bool:
    return bool(response["recist"]["code"] == PROGRESSION)


def _overlaps(span: JsonObject, radiotherapy: JsonObject) -> bool:
    if not started(radiotherapy) or span["start"] is None:
        return False
    end = radiotherapy["period"].get("end")
    return _start(radiotherapy) <= (span["end"] or "9999") and (end is None or end >= span["start"])


def _contains(span: JsonObject, surgery: JsonObject) -> bool:
    """Whether the surgery lies in a line that has ended; its last day counts once more."""
    if span["start"] is None or span["end"] is None:
        return False
    after = (dt.date.fromisoformat(span["end"]) + _DAY).isoformat()
    return bool(span["start"] <= surgery["date"] <= after)


def _first(entities: Entities, line: JsonObject) -> str:
    return str(period(entities, line)["start"] or "")


def period(entities: Entities, line: JsonObject) -> JsonObject:
    """From the first to the last day of its therapies."""
    starts: list[str] = []
    ends: list[str] = []
    for collection in (SYSTEMIC, RADIO, SURGERIES):
        for each in entities.owned(collection, line["caseId"]):
            if each.get("therapyLineId") != line["id"]:
                continue
            if collection == SURGERIES:
                starts.append(each["date"])
                ends.append(each["date"])
            elif started(each):
                starts.append(_start(each))
                if each["period"].get("end"):
                    # Observed: the end is the day after the last therapy's (an exclusive bound shows through).
                    ends.append((dt.date.fromisoformat(each["period"]["end"]) + _DAY).isoformat())
    return {"start": min(starts, default=None), "end": max(ends, default=None)}


def derived(entities: Entities, line: JsonObject) -> JsonObject:
    """What POP computes of a line when it is read."""
    span = period(entities, line)
    if span["start"] is None and span["end"] is None:
        return {"period": {"start": None, "end": None}, "progressionFreeSurvival": None}
    case = entities.get("patient-cases", line["caseId"]) or {}
    until = line.get("progressionDate") or case.get("dateOfDeath")
    end = dt.datetime.fromisoformat(until) if until else dt.datetime.now()
    return {"period": span, "progressionFreeSurvival": _age(dt.date.fromisoformat(span["start"]), end) / MONTH}


def _age(start: dt.date, end: dt.datetime) -> float:
    """Days between, as PostgreSQL's ``age`` counts them: years of 365.25 days, months of 30."""
    sign = 1
    first, last = dt.datetime.combine(start, dt.time()), end
    if last < first:
        first, last, sign = last, first, -1
    months = (last.year - first.year) * 12 + last.month - first.month
    rest = (last.day - first.day) + (last - last.replace(hour=0, minute=0, second=0, microsecond=0)) / _DAY
    if rest < 0:
        months -= 1
        # The month that is not full lends its days.
        lent = first if sign > 0 else last
        rest += ((lent.replace(day=1) + dt.timedelta(days=32)).replace(day=1) - lent.replace(day=1)).days
    return sign * (months // 12 * 365.25 + months % 12 * 30 + rest)
