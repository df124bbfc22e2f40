"""Which drugs of a patient belong to a systemic therapy: cancer drugs, and those that support one only inside their regimen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence

from mappers.agents import known_regimens, supportive_reason
from mappers.protocol import EntityView
from mappers.systemic_therapy.courses import Course
from mappers.systemic_therapy.evidence import Evidence

#: WHO stems of cancer drugs (*The use of stems in the selection of International Nonproprietary Names*): such an agent of POP's
#: list is one even where nothing else says so. POP's list, which is the NCI Thesaurus's, has statins and antihistamines, too.
_STEMS = re.compile(
    r"(?:tinib|ciclib|parib|platin|rubicin|taxel|vedotin|deruxtecan|mafodotin|emtansine|leucel|rasib|sidenib|lutamide|trexed|poside|"
    r"citabine|zomib|lisib|fenib|metostat|menib|[a-z]limab|[a-z]tamab|[a-z]ixumab)\b",
    re.I,
)
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
    if agent.kind in ("", "other") and not each.claimed and not _STEMS.search(agent.name):
        return "a drug that is given for many diseases, and no tumour is named"
    return None


def is_adjunct(each: Evidence) -> bool:
    """Corticosteroids and folinates: part of some regimens, and far more often supportive."""
    if each.agent is None or each.own or each.kind in ("course", "planned"):
        return False
    return each.agent.kind in ("steroid", "rescue")


def adopt(adjuncts: Iterable[Evidence], found: Sequence[Course]) -> tuple[dict[str, list[Evidence]], list[Evidence]]:
    """(course identity → adjuncts that belong to it, the others)."""
    adopted: dict[str, list[Evidence]] = {}
    others: list[Evidence] = []
    for each in adjuncts:
        homes = [course for course in found if _fits(each, course)]
        homes = [course for course in homes if course.identity == each.plan] or homes
        if homes:
            nearest = min(homes, key=lambda course: (_distance(each, course), course.identity))
            adopted.setdefault(nearest.identity, []).append(each)
        else:
            others.append(each)
    return adopted, others


def _fits(each: Evidence, course: Course) -> bool:
    if course.evidence[0].own or not _belongs(each, course.names):
        return False
    if each.plan is not None and each.plan == course.identity:
        return True
    start, first = each.timing.start, course.start()
    if start is None or first is None or first.timing.start is None:
        return False
    reach = max((one.timing.reach for one in course.evidence if one.timing.reach is not None), default=start.date)
    return first.timing.start.date - _BEFORE <= start.date <= reach + _AFTER


def _distance(each: Evidence, course: Course) -> int:
    start, first = each.timing.start, course.start()
    if start is None or first is None or first.timing.start is None:
        return 0
    return abs((start.date - first.timing.start.date).days)


def _belongs(each: Evidence, names: set[str]) -> bool:
    """A known regimen has it beside drugs of this course, all of which are given."""
    assert each.agent is not None
    name = each.agent.name
    if each.agent.kind == "rescue":
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


def is_haematological(view: EntityView) -> bool:
    """Lymphoma, leukaemia, myeloma and their like, by morphology."""
    morphology = view.payload.get("morphology")
    code = str(morphology.get("code")) if isinstance(morphology, dict) else ""
    return code[:4].isdigit() and 9590 <= int(code[:4]) <= 9993


def left_behind(each: Evidence) -> str:
    """Why an adjunct belongs to no course."""
    assert each.agent is not None
    if each.agent.kind == "rescue":
        return "a supportive drug: a folinate without the drug that it belongs to"
    return (
        "a corticosteroid that is part of no regimen here" if each.reasons.cancer
        else "a corticosteroid for which no tumour is named"
    )  # fmt: skip
