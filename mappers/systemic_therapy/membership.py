"""Which drugs of a patient belong to a systemic therapy: cancer drugs, and those that support one only inside their regimen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mappers.agents import known_regimens, supportive_reason
from mappers.protocol import EntityView
from mappers.systemic_therapy.courses import Course
from mappers.systemic_therapy.evidence import Evidence
from mappers.systemic_therapy.medications import sounds_like_one

#: How long before and after a course's doses its adjuncts are given: a prephase, and the cycle after the last dose.
_BEFORE, _AFTER = dt.timedelta(days=14), dt.timedelta(days=42)
#: Folinate belongs to what it modulates or rescues (EMA, *calcium folinate*: indications).
_FOLINATE_PARTNERS = frozenset({"Fluorouracil", "Floxuridine", "Tegafur", "Methotrexate"})


def left_out(each: Evidence) -> str | None:
    """Why a drug is no cancer drug here; None if it is one, or an adjunct whose course decides."""
    agent = each.agent
    if agent is None or each.own:
        return None
    if agent.kind == "" and (reason := supportive_reason({"text": agent.name})) is not None:
        return f"a supportive drug: {reason}"
    if agent.kind in ("", "other") and not each.claimed and not sounds_like_one(agent.name):
        return "a drug that is given for many diseases, and no tumour is named"
    return None


def is_adjunct(each: Evidence) -> bool:
    """Corticosteroids and folinates: part of some regimens, and far more often supportive."""
    if each.agent is None or each.own or each.kind in ("course", "planned"):
        return False
    return each.agent.kind in ("steroid", "rescue")


@dataclass(frozen=True, slots=True)
class _Home:
    """What a course must know to take an adjunct in."""

    identity: str
    names: frozenset[str]
    start: dt.date | None
    reach: dt.date | None

    def takes(self, each: Evidence) -> bool:
        if each.agent is None or not _belongs(each.agent.name, each.agent.kind, self.names):
            return False
        start = each.timing.start
        if each.plan is not None and each.plan == self.identity:
            return True
        if start is None or self.start is None:
            return False
        return self.start - _BEFORE <= start.date <= (self.reach or self.start) + _AFTER

    def distance(self, each: Evidence) -> int:
        start = each.timing.start
        return abs((start.date - self.start).days) if start is not None and self.start is not None else 0


def adopt(adjuncts: Iterable[Evidence], found: Sequence[Course]) -> tuple[dict[str, list[Evidence]], list[Evidence]]:
    """(course identity → adjuncts that belong to it, the others). Of several courses the one that they name, else the nearest."""
    homes: list[_Home] = []
    for course in found:
        if not course.evidence[0].own:
            first = course.start()
            start = first.timing.start.date if first is not None and first.timing.start is not None else None
            reach = max((one.timing.reach for one in course.evidence if one.timing.reach is not None), default=None)
            homes.append(_Home(course.identity, frozenset(course.names), start, reach))
    adopted: dict[str, list[Evidence]] = {}
    others: list[Evidence] = []
    for each in adjuncts:
        fitting = [home for home in homes if home.takes(each)]
        fitting = [home for home in fitting if home.identity == each.plan] or fitting
        if fitting:
            distances = [(home.distance(each), home.identity) for home in fitting]
            adopted.setdefault(min(distances)[1], []).append(each)
        else:
            others.append(each)
    return adopted, others


@lru_cache(maxsize=4096)
def _belongs(name: str, kind: str, names: frozenset[str]) -> bool:
    """A known regimen has it beside drugs of this course, all of which are given."""
    if kind == "rescue":
        return bool(names & _FOLINATE_PARTNERS)
    for regimen in known_regimens():
        for phase in regimen.phases:
            agents = {agent.name for agent in phase}
            steroids = {agent.name for agent in phase if agent.kind == "steroid"}
            if _alike(name, steroids) and agents - steroids <= names:
                return True
    return False


def _alike(name: str, steroids: set[str]) -> bool:
    """German protocols have prednisolone where American ones have prednisone."""
    same = {"Prednisone", "Prednisolone"}
    return name in steroids or (name in same and bool(steroids & same))


def stands_alone(each: Evidence, tumours: Callable[[Evidence], Sequence[EntityView]]) -> bool:
    """A corticosteroid by itself is a therapy only for a lymphoid or myeloid neoplasm that the source names (ICD-O-3 9590 to
    9989; WHO classification of haematolymphoid tumours)."""
    if each.agent is None or each.agent.kind != "steroid" or not each.reasons.tumours:
        return False
    return any(is_haematological(view) for view in tumours(each))


def morphology_of(view: EntityView) -> int | None:
    """The four digits of a tumour's ICD-O morphology."""
    morphology = view.payload.get("morphology")
    code = str(morphology.get("code")) if isinstance(morphology, dict) else ""
    return int(code[:4]) if code[:4].isascii() and code[:4].isdigit() else None


def is_haematological(view: EntityView) -> bool:
    """Lymphoma, leukaemia, myeloma and their like, by morphology."""
    number = morphology_of(view)
    return number is not None and 9590 <= number <= 9993


def left_behind(each: Evidence) -> str:
    """Why an adjunct belongs to no course."""
    assert each.agent is not None
    if each.agent.kind == "rescue":
        return "a supportive drug: a folinate without the drug that it belongs to"
    return (
        "a corticosteroid that is part of no regimen here" if each.reasons.cancer
        else "a corticosteroid for which no tumour is named"
    )  # fmt: skip
