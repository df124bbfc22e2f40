"""Small mappers that exercise what the engine promises, and a terminology that knows nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mappers.protocol import (
    Context,
    Draft,
    Group,
    Issue,
    JsonObject,
    MapOutput,
    NotForPop,
    Resource,
    Severity,
    Source,
    Translation,
)
from mappers.registry import Registry
from mappers.terminology import Decisions


class NoTerminology:
    """Every code is unmapped."""

    decisions = Decisions()

    def translate(self, terminology: str, concept: JsonObject | None, *, text: bool = False) -> Translation | None:
        return None


class TumourMapper:
    """One Condition, one tumour; its key carries a second tumour's name if the Condition claims it."""

    name = "tumour"
    version = "1"
    produces: tuple[str, ...] = ("NeoplasticEntity",)
    reads: tuple[str, ...] = ("Condition",)
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        return None if resource.json.get("status") == "ignored" else resource.reference

    def map(self, group: Group, context: Context) -> MapOutput:
        for member in group.members:
            value = member.json.get("value")
            if value == 13:
                raise ValueError("a text that must not appear anywhere: Mustermann")
            if value == 0:
                yield NotForPop(member.reference, "it is benign")
                continue
            key = str(member.json.get("claims", member.reference))
            issues = ()
            if value == 1:
                source = Source(member.reference, "value")
                issues = (Issue("missing-required", "topography", Severity.BLOCKING, "it has none", source),)
            yield Draft(
                "NeoplasticEntity", f"NeoplasticEntity:{key}", {"value": value},
                sources={"value": (Source(member.reference, "value"),)},
                consumed=(Source(member.reference, "status"),), issues=issues,
            )  # fmt: skip


class MarkerMapper:
    """Observations one by one, with a tumour by reference, a shared medication, and the patient."""

    name = "marker"
    version = "1"
    produces: tuple[str, ...] = ("TumorMarker",)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = ("NeoplasticEntity",)

    def select(self, resource: Resource) -> str | None:
        return None if resource.json.get("day") else resource.reference

    def map(self, group: Group, context: Context) -> MapOutput:
        for member in group.members:
            payload: JsonObject = {"value": member.json.get("value")}
            sources = {"value": (Source(member.reference, "value"),)}
            consumed = []
            tumour = context.entity_of("NeoplasticEntity", member.json.get("focus"), within=member)
            if tumour is not None:
                payload["tumour"] = tumour.payload
                consumed.append(Source(member.reference, "focus"))
            device = context.resolve(member.json.get("device"), within=member)
            if device is not None:
                payload["device"] = device.json.get("value")
                sources["device"] = (Source(device.reference, "value"),)
                consumed.append(Source(member.reference, "device"))
            if context.patient is not None and member.json.get("value") == 2:
                payload["gender"] = context.patient.json.get("gender")
            yield Draft(
                "TumorMarker", f"TumorMarker:{member.reference}", payload,
                references={} if tumour is None else {"relatedEntitiesIds": (tumour.key,)},
                sources=sources, consumed=tuple(consumed),
            )  # fmt: skip


class StagingMapper:
    """All Observations of one day in one group; which tumours there are shows in the result."""

    name = "staging"
    version = "1"
    produces: tuple[str, ...] = ("TNMStaging",)
    reads: tuple[str, ...] = ("Observation",)
    requires: tuple[str, ...] = ("NeoplasticEntity",)

    def select(self, resource: Resource) -> str | None:
        day = resource.json.get("day")
        return f"day {day}" if day else None

    def map(self, group: Group, context: Context) -> MapOutput:
        values = [member.json.get("value") for member in group.members]
        tumours = [view.key for view in context.entities("NeoplasticEntity") if not view.blocked]
        conditions = len(context.resources("Condition"))
        yield Draft(
            "TNMStaging", f"TNMStaging:{group.key}", {"values": values, "conditions": conditions},
            references={"tumours": tuple(tumours)},
            sources={"values": tuple(Source(member.reference, "value") for member in group.members)},
            consumed=tuple(Source(member.reference, "day") for member in group.members[:1]),
        )  # fmt: skip


class SurgeryMapper:
    """A Procedure that shows what stagings there are: it depends on entities whose resources it never sees."""

    name = "surgery"
    version = "1"
    produces: tuple[str, ...] = ("Surgery",)
    reads: tuple[str, ...] = ("Procedure",)
    requires: tuple[str, ...] = ("TNMStaging",)

    def select(self, resource: Resource) -> str | None:
        return resource.reference

    def map(self, group: Group, context: Context) -> MapOutput:
        for member in group.members:
            stagings = [view.payload["values"] for view in context.entities("TNMStaging")]
            sources = {"value": (Source(member.reference, "value"),)}
            yield Draft("Surgery", f"Surgery:{member.reference}", {"value": 1, "stagings": stagings}, sources=sources)


class SampleMapper:
    """A report on a sample, unless the sample is another patient's."""

    name = "sample"
    version = "1"
    produces: tuple[str, ...] = ("TumorMutationalBurden",)
    reads: tuple[str, ...] = ("DiagnosticReport",)
    requires: tuple[str, ...] = ()

    def select(self, resource: Resource) -> str | None:
        return resource.reference

    def map(self, group: Group, context: Context) -> MapOutput:
        for member in group.members:
            if context.elsewhere(member.json.get("specimen"), within=member):
                yield NotForPop(member.reference, "another person's")
                continue
            sources = {"value": (Source(member.reference, "value"),)}
            yield Draft(
                "TumorMutationalBurden", f"TumorMutationalBurden:{member.reference}", {"value": 1}, sources=sources
            )


class CaseMapper:
    """A case, if the patient has a tumour."""

    name = "case"
    version = "1"
    produces: tuple[str, ...] = ("PatientCase",)
    reads: tuple[str, ...] = ("Patient",)
    requires: tuple[str, ...] = ("NeoplasticEntity",)

    def select(self, resource: Resource) -> str | None:
        return resource.reference

    def map(self, group: Group, context: Context) -> MapOutput:
        for member in group.members:
            if context.entities("NeoplasticEntity"):
                sources = {"gender": (Source(member.reference, "gender"),)}
                yield Draft(
                    "PatientCase",
                    f"PatientCase:{member.reference}",
                    {"gender": member.json.get("gender")},
                    sources=sources,
                )
            else:
                yield NotForPop(member.reference, "no tumour")


def fake_registry(*more: Any) -> Registry:
    return Registry([MarkerMapper(), StagingMapper(), SurgeryMapper(), TumourMapper(), *more])


def drafts_by_key(drafts: Iterable[Draft]) -> dict[str, Draft]:
    return {draft.key: draft for draft in drafts}
