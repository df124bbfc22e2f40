"""The resources that a medication resource hangs on, and the course that they name."""

from __future__ import annotations

from collections.abc import Sequence

from mappers.fhir import objects
from mappers.protocol import Context, Resource
from mappers.references import identifier_key, target_keys
from mappers.systemic_therapy.medications import protocol_of
from mappers.systemic_therapy.procedures import is_course, is_systemic

_PARENTS = frozenset({"CarePlan", "Procedure"})


def carriers_of(member: Resource, main: Resource | None, context: Context) -> tuple[Resource, ...]:
    """The resource, the order it follows, the course or plan that either is part of, and POP's main administration."""
    found = {member.reference: member}
    for name in ("request", "authorizingPrescription", "basedOn", "partOf"):
        for reference in objects(member.json.get(name)):
            target = context.resolve(reference, within=member)
            if target is not None and (target.type == "MedicationRequest" or target.type in _PARENTS):
                found.setdefault(target.reference, target)
    for order in [each for each in found.values() if each.type == "MedicationRequest" and each is not member]:
        for name in ("basedOn", "partOf"):
            for reference in objects(order.json.get(name)):
                target = context.resolve(reference, within=order)
                if target is not None and target.type in _PARENTS:
                    found.setdefault(target.reference, target)
    if main is not None:
        found.setdefault(main.reference, main)
    return tuple(
        each for each in found.values() if each.type != "Procedure" or each is member or is_systemic(each.json)
    )


def course_identity(procedure: Resource) -> str:
    """A registry reports one course again and again (its beginning, its end) under one identifier (oBDS ``SYST_ID``)."""
    keys = [
        identifier_key("Procedure", str(each.get("system") or ""), each["value"])
        for each in objects(procedure.json.get("identifier"))
        if isinstance(each.get("value"), str)
    ]
    return min(keys) if keys else procedure.reference


def plan_of(carriers: Sequence[Resource], context: Context) -> tuple[str | None, bool]:
    """(identity of the course or plan that the resources name, whether all of it is one course).

    A Procedure that is a course, and a plan of one protocol, are one course. What a plan for all of a patient's care has ordered
    is parted by time and drugs. ``groupIdentifier`` says what was authorised together (R4), a cycle or a year: it names no course.
    """
    for each in carriers:
        if each.type == "Procedure" and is_course(each.json):
            return course_identity(each), True
    plans: dict[str, bool] = {}
    for each in carriers:
        for name in ("basedOn", "partOf"):
            for reference in objects(each.json.get(name)):
                target = context.resolve(reference, within=each)
                if target is None:
                    keys = (key for key in target_keys(reference) if key.startswith(("CarePlan/", "Procedure/")))
                    plans.update(dict.fromkeys(keys, True))
                elif target.type == "CarePlan":
                    plans[target.reference] = bool(protocol_of(target.json))
    found = min(plans, default=None)
    return found, found is not None and plans[found]
