"""From the resources of a patient's genetic findings to statements about variants.

An Observation tells of a variant with components of its own; or its elements are Observations themselves: members of it, or
results side by side in one report. What is derived from a variant (implications, consequences) is added to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mappers.fhir import objects, pairs
from mappers.genomics.codes import OTHERS
from mappers.genomics.samples import Reports, sample_of
from mappers.genomics.signature_codes import signatures_in
from mappers.genomics.statement import Statement, element_of, read_about, read_element, read_statement, sort_of
from mappers.protocol import Context, NotForPop, Resource
from mappers.subjects import VOID

#: Elements without which others say nothing.
_NAMING = ("hgvs", "gene", "variation", "line")


class Gathering:
    """The statements, and for what became none why."""

    def __init__(self, members: Iterable[Resource], context: Context, reports: Reports) -> None:
        self.context = context
        self.reports = reports
        self.statements: dict[str, Statement] = {}
        self.reasons: list[NotForPop] = []
        self._elements: dict[str, tuple[str, Resource]] = {}
        about: list[Resource] = []
        for member in members:
            for resource in _observations(member, context):
                reason = _not_a_variant(resource, context)
                sort = sort_of(resource.json)
                if reason is not None:
                    self.reasons.append(NotForPop(resource.reference, reason))
                elif sort == "element":
                    self._elements[resource.reference] = element_of(resource.json), resource
                elif sort == "variant":
                    self.statements[resource.reference] = read_statement(resource)
                else:
                    about.append(resource)
        self._members()
        self._side_by_side()
        for role, resource in self._elements.values():
            self._alone(role, resource)
        for resource in about:
            self._about(resource)

    def _members(self) -> None:
        """Elements that a variant names as its members."""
        for statement in list(self.statements.values()):
            for each in objects(statement.resource.json.get("hasMember")):
                found = self.context.resolve(each, within=statement.resource)
                if found is not None and found.reference in self._elements:
                    role, _ = self._elements.pop(found.reference)
                    read_element(statement, found, role)

    def _side_by_side(self) -> None:
        """Elements in one report that name one gene at most are of one variant; of several nobody could tell whose they are."""
        by_report: dict[str, list[tuple[str, Resource]]] = {}
        for role, resource in self._elements.values():
            for report in self.reports.of(resource)[:1]:
                by_report.setdefault(report.reference, []).append((role, resource))
        for elements in by_report.values():
            naming = [each for role in _NAMING for each in elements if each[0] == role]
            if len(elements) < 2 or not naming or sum(role == "gene" for role, _ in elements) > 1:
                continue
            first = naming[0][1]
            statement = self.statements[first.reference] = Statement(first)
            for role, resource in elements:
                del self._elements[resource.reference]
                read_element(statement, resource, role)

    def _alone(self, role: str, resource: Resource) -> None:
        if role in _NAMING:
            self.statements[resource.reference] = read_statement(resource)
        else:
            self.reasons.append(NotForPop(resource.reference, "an element of a genetic finding that nothing names"))

    def _about(self, resource: Resource) -> None:
        found = [self.context.resolve(each, within=resource) for each in objects(resource.json.get("derivedFrom"))]
        targets = [each for each in found if each is not None and each.reference in self.statements]
        for target in targets:
            read_about(self.statements[target.reference], resource)
        if not targets:
            self.reasons.append(NotForPop(resource.reference, "what it derives from is no variant of this patient"))


def _observations(member: Resource, context: Context) -> Iterator[Resource]:
    """The Observation itself, or those in a report."""
    if member.type == "Observation":
        yield member
        return
    if member.json.get("status") in VOID:
        return
    for each in objects(member.json.get("contained")):
        found = context.resolve(f"#{each.get('id')}", within=member)
        if found is not None and found.type == "Observation" and sort_of(found.json) is not None:
            yield found


def _not_a_variant(resource: Resource, context: Context) -> str | None:
    json = resource.json
    status = json.get("status")
    if isinstance(status, str) and status in VOID:
        return f"the observation is {VOID[status]}"
    for pair in pairs(json.get("code")):
        if pair in OTHERS:
            return OTHERS[pair]
    if json.get("dataAbsentReason") is not None and not any(name.startswith("value") for name in json):
        return "the source says that there is no result"
    if signatures_in(json) and not objects(json.get("component")):
        return "a genomic signature, no variant"
    if sample_of(resource, context).foreign:
        return "a finding in a sample of another person"
    return None
