"""Meetings of a board: which resources tell of one, when it was, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mappers.boards.recognition import RECOMMENDED_ACTION, REVIEW, Category, board_of, is_genomic_report
from mappers.dates import Day
from mappers.fhir import extensions, first, has_code, objects
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.subjects import TUMOUR, day_in, observed_on

#: Which resource gives the meeting its key: what tells more comes first, so that an appointment that arrives later changes nothing.
_TELLING = ("CarePlan", "Procedure", "DiagnosticReport", "Encounter", "ServiceRequest")
_TUMOURS = {
    "Procedure": "reasonReference", "CarePlan": "addresses", "Encounter": "reasonReference", "ServiceRequest": "reasonReference",
}  # fmt: skip


@dataclass(slots=True)
class Meeting:
    """One meeting."""

    resources: list[Resource]
    category: Category
    day: Day | None
    day_source: Source
    day_assumed: bool
    tumours: dict[str, Source] = field(default_factory=dict)
    report: bool = False
    """No board is told: a genomic report recommends, and stands in for one."""

    @property
    def own(self) -> bool:
        """POP's own export."""
        return any(has_code(each.json.get("code"), {REVIEW}) for each in self.resources)

    @property
    def identity(self) -> str:
        """Reference of the resource that tells most."""
        return min(self.resources, key=lambda each: (_TELLING.index(each.type), each.reference)).reference


def meetings(boards: Iterable[Resource], context: Context) -> list[Meeting]:
    """What is told of one day with one category is one meeting, unless it names other tumours, or is POP's own."""
    found: list[Meeting] = []
    for board in sorted(boards, key=lambda each: (_TELLING.index(each.type), each.reference)):
        made = _meeting(board, context)
        fitting = next((each for each in found if _one(each, made)), None)
        if fitting is None:
            found.append(made)
            continue
        fitting.resources.append(board)
        fitting.tumours = {**made.tumours, **fitting.tumours}
    return found


def _meeting(board: Resource, context: Context) -> Meeting:
    day, source, assumed = _dated(board, context)
    tumours: dict[str, Source] = {}
    element = _TUMOURS.get(board.type)
    for reference in objects(board.json.get(element)) if element is not None else ():
        view = context.entity_of(TUMOUR, reference, within=board)
        if view is not None and element is not None:
            tumours.setdefault(view.key, Source(board.reference, element))
    return Meeting(
        [board], board_of(board) or "molecular", day, source, assumed, tumours, board_of(board) is None and is_genomic_report(board)
    )  # fmt: skip


def _one(one: Meeting, two: Meeting) -> bool:
    if one.category != two.category or one.report or two.report or (one.own and two.own):
        return False
    if one.day is None or two.day is None or not (one.day.exact and two.day.exact) or one.day.date != two.day.date:
        return False
    return not one.tumours or not two.tumours or bool(one.tumours.keys() & two.tumours.keys())


def _dated(board: Resource, context: Context) -> tuple[Day | None, Source, bool]:
    json, reference = board.json, board.reference
    if board.type == "DiagnosticReport":
        found = observed_on(board, context)
        return found if found is not None else (None, Source(reference, "effectiveDateTime"), False)
    elements = {
        "Procedure": ("performedDateTime", "performedPeriod"), "CarePlan": ("created", "period"), "Encounter": ("period",),
        "ServiceRequest": ("occurrenceDateTime", "occurrencePeriod", "authoredOn"),
    }[board.type]  # fmt: skip
    for element in elements:
        day = day_in(json.get(element), context)
        if day is not None:
            return day, Source(reference, element), element == "authoredOn"
    return None, Source(reference, elements[0]), False


def stated(meeting: Meeting, context: Context) -> Iterator[tuple[JsonObject, Source]]:
    """Concepts of what the meeting recommends: what it concludes, then its activities."""
    for resource in meeting.resources:
        for element in ("followUp", "conclusionCode"):
            for concept in objects(resource.json.get(element)):
                yield concept, Source(resource.reference, element)
        for position, activity in enumerate(objects(resource.json.get("activity"))):
            detail = first(activity.get("detail"))
            if detail.get("status") == "entered-in-error":
                continue
            source = Source(resource.reference, f"activity[{position}]")
            if context.resolve(first(activity.get("reference")), within=resource) is not None:
                continue  # what it refers to says it better
            product = context.resolve(first(detail.get("productReference")), within=resource)
            said: list[Any] = [detail.get("code"), detail.get("productCodeableConcept")]
            said.append(product.json.get("code") if product is not None else None)
            yield from ((concept, source) for concept in said if isinstance(concept, dict))
            if "code" not in detail and isinstance(detail.get("description"), str):
                yield {"text": detail["description"]}, source


def referred(meeting: Meeting, context: Context) -> Iterator[tuple[Resource, Source]]:
    """Requests, tasks and implications that are the meeting's recommendations: it names them, or they are based on it or were
    made there."""
    seen: set[str] = set()
    for resource in meeting.resources:
        for position, activity in enumerate(objects(resource.json.get("activity"))):
            yield from _once(activity.get("reference"), resource, f"activity[{position}]", seen, context)
        for position, extension in extensions(resource.json, RECOMMENDED_ACTION):
            yield from _once(extension.get("valueReference"), resource, f"extension[{position}]", seen, context)
        if resource.type == "DiagnosticReport" and meeting.category == "molecular" and not meeting.report:
            for reference in objects(resource.json.get("result")):
                yield from _once(reference, resource, "result", seen, context)
    plans = {each.reference for each in meeting.resources if each.type == "CarePlan"}
    visits = {each.reference for each in meeting.resources if each.type == "Encounter"}
    if not plans and not visits:
        return
    for request in context.resources("MedicationRequest", "RequestGroup", "ServiceRequest"):
        if request.reference in seen or board_of(request) is not None:
            continue
        proposal = request.json.get("intent") in ("proposal", "plan", "option")
        based = objects(request.json.get("basedOn")) if proposal else []
        for element, references, targets in (
            ("basedOn", based, plans),
            ("encounter", objects(request.json.get("encounter")), visits),
        ):
            found = [context.resolve(each, within=request) for each in references] if targets else []
            if any(each is not None and each.reference in targets for each in found) and request.reference not in seen:
                seen.add(request.reference)
                yield request, Source(request.reference, element)


def _once(
    reference: Any, within: Resource, element: str, seen: set[str], context: Context
) -> Iterator[tuple[Resource, Source]]:  # fmt: skip
    target = context.resolve(reference, within=within) if isinstance(reference, dict) else None
    if target is None or target.reference in seen:
        return
    seen.add(target.reference)
    if target.type == "RequestGroup":
        # The parts of a combination are told by it.
        for action in objects(target.json.get("action")):
            part = context.resolve(first(action.get("resource")), within=target)
            seen.update([part.reference] if part is not None else [])
    yield target, Source(within.reference, element)
