"""Which patient each resource concerns: said by itself, or by what it refers to, or by what refers to it.

Works on a batch that is about to be committed, with the intake lock held, so that what it reads cannot change under it.
Invariant kept in ``pending_reference``: a row for every reference to something unknown, and for every reference of a
*waiting* resource to something that is waiting itself. Whatever arrives or gets its patient can so tell everybody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.store.tables import pending_reference, resource, resource_key
from mappers.compartment import SHARED_TYPES, patient_reference
from mappers.references import iter_references, own_identifier_keys, target_keys

JsonObject = dict[str, Any]

#: Parameters of one statement; both engines take more, but plans get no better.
CHUNK = 4000
PATIENT = "Patient/"
#: Carriers and by-products of exchange: they concern no patient, and nothing will tell them one.
ENVELOPES = frozenset(
    {"MessageHeader", "Parameters", "OperationOutcome", "Bundle", "Binary", "SubscriptionStatus", "SubscriptionTopic"}
)


@dataclass(slots=True)
class Node:
    """A resource as far as assignment needs it: from the batch (``links`` known) or from the store."""

    row: int
    type: str
    fhir_id: str
    state: str
    """assigned | waiting | shared | deleted"""
    patient: str | None
    """FHIR id of its Patient."""
    links: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """(element, target keys) of references to anything but patients and shared resources."""
    named: tuple[str, ...] = ()
    """Target keys of the patient it names."""
    keys: list[str] = field(default_factory=list)
    """Its further names."""
    changed: bool = False
    """Its assignment changed here."""
    waits_for: str | None = None

    @property
    def reference(self) -> str:
        """``Type/id``."""
        return f"{self.type}/{self.fhir_id}"


def read_links(node: Node, json: JsonObject) -> None:
    """Take over what the resource's content says about its patient and its neighbours."""
    node.links = []
    named = patient_reference(json)
    if named is not None:
        node.named = target_keys(named[1], container=node.reference)
    else:
        node.named = _contained_patient(json)
    for element, reference in iter_references(json):
        keys = target_keys(reference, container=node.reference)
        if not keys or keys[0].startswith(node.reference + "#") or keys == node.named:
            continue
        head = keys[0].partition("/")[0]
        if head == "Patient" or head in SHARED_TYPES:
            continue
        node.links.append((element, tuple(key.partition("#")[0] for key in keys)))


def _contained_patient(json: JsonObject) -> tuple[str, ...]:
    """Keys of the patient whom a contained Patient stands for: its business identifiers (R4 §2.28.3.3: a contained
    resource has no identity of its own)."""
    contained = json.get("contained")
    if not isinstance(contained, list):
        return ()
    for element in ("subject", "patient"):
        value = json.get(element)
        literal = value.get("reference") if isinstance(value, dict) else None
        if isinstance(literal, str) and literal.startswith("#"):
            for resource_ in contained:
                wanted = ("Patient", literal[1:])
                if isinstance(resource_, dict) and (resource_.get("resourceType"), resource_.get("id")) == wanted:
                    return tuple(own_identifier_keys(resource_))
    return ()


class Assignment:
    """Assigns the nodes of one batch. ``nodes``: by reference, those of the batch; others are loaded as needed."""

    def __init__(self, connection: AsyncConnection, source: str, nodes: dict[str, Node]) -> None:
        self._connection = connection
        self._source = source
        self.nodes = nodes
        self._aliases: dict[str, str] = {}
        """Further name → reference."""
        self._looked: set[str] = set()
        self.pending: dict[tuple[str, int, str], None] = {}
        """New rows of pending_reference: (target, resource id, element)."""
        self.done: set[tuple[str, int]] = set()
        """Rows to delete: (target, resource id)."""

    async def run(self) -> None:
        """Assign what can be assigned."""
        batch = list(self.nodes.values())
        for node in batch:
            for key in node.keys:
                self._aliases.setdefault(key, node.reference)
        await self._find(key for node in batch for key in self._asked(node))
        settled: list[Node] = []
        for node in batch:
            if node.state == "deleted":
                continue
            self._assign_itself(node)
            settled.append(node)
        await self._spread([node for node in settled if node.state == "assigned"])
        self._note_pending(settled)

    @staticmethod
    def _asked(node: Node) -> Iterable[str]:
        yield from (key for key in node.named if not key.startswith(PATIENT))
        for _, keys in node.links:
            yield from keys

    def _node(self, keys: Iterable[str]) -> Node | None:
        for key in keys:
            found = self.nodes.get(key) or self.nodes.get(self._aliases.get(key, ""))
            if found is not None:
                return found
        return None

    def _assign_itself(self, node: Node) -> None:
        if node.type == "Patient":
            self._give(node, node.fhir_id)
        elif node.type in SHARED_TYPES or node.type in ENVELOPES:
            node.state = "shared"
        elif node.named:
            literal = next((key for key in node.named if key.startswith(PATIENT)), None)
            target = self._node(key for key in node.named if not key.startswith(PATIENT))
            if target is not None and target.type == "Patient":
                self._give(node, target.fhir_id)
            elif literal is not None:
                self._give(node, literal.removeprefix(PATIENT))
            else:
                self._wait(node, node.named[0])
        elif node.patient is None or node.state != "assigned":
            self._wait(node, node.links[0][1][0] if node.links else "a resource that refers to it")

    @staticmethod
    def _give(node: Node, patient: str) -> None:
        if node.state != "assigned" or node.patient != patient:
            node.state, node.patient, node.waits_for, node.changed = "assigned", patient, None, True

    @staticmethod
    def _wait(node: Node, target: str) -> None:
        node.state, node.patient, node.waits_for = "waiting", None, target

    async def _spread(self, frontier: list[Node]) -> None:
        """Let every assigned resource tell its neighbours, in both directions, until nobody learns anything new."""
        # Those that arrived waiting learn from what they refer to.
        for node in self.nodes.values():
            if node.state == "waiting" and not node.named:
                known = next(
                    (n for _, keys in node.links if (n := self._node(keys)) is not None and n.state == "assigned"), None
                )
                if known is not None and known.patient is not None:
                    self._give(node, known.patient)
                    frontier.append(node)
        while frontier:
            referrers = await self._referrers(frontier)
            following: list[Node] = []
            for node in frontier:
                patient = str(node.patient)
                for key in (node.reference, *node.keys):
                    for other in referrers.get(key, ()):
                        self.done.add((key, other.row))
                        if other.state == "waiting" and (
                            not other.named or (key in other.named and node.type == "Patient")
                        ):
                            self._give(other, patient)
                            following.append(other)
                for _, keys in node.links:
                    target = self._node(keys)
                    if target is not None and target.state == "waiting" and not target.named:
                        self._give(target, patient)
                        following.append(target)
            await self._load_links(following)
            frontier = following
        # Batch nodes that wait for a referrer that is in the store already.
        waiting = [node for node in self.nodes.values() if node.state == "waiting" and not node.named]
        if waiting:
            referrers = await self._referrers(waiting)
            learned: list[Node] = []
            for node in waiting:
                for key in (node.reference, *node.keys):
                    teller = next((other for other in referrers.get(key, ()) if other.state == "assigned"), None)
                    if teller is not None and node.state == "waiting":
                        self.done.add((key, teller.row))
                        self._give(node, str(teller.patient))
                        learned.append(node)
            if learned:
                await self._spread(learned)

    async def _referrers(self, nodes: list[Node]) -> dict[str, list[Node]]:
        """Nodes that refer to these, by target key: from pending_reference, and from the batch itself."""
        keys = {key for node in nodes for key in (node.reference, *node.keys)}
        found: dict[str, list[Node]] = defaultdict(list)
        for other in list(self.nodes.values()):
            if other.links or other.named:
                for key in {k for _, each in other.links for k in each} | set(other.named):
                    if key in keys:
                        found[key].append(other)
        rows: list[Any] = []
        for part in _chunks(sorted(keys)):
            statement = (
                sa.select(pending_reference.c.target, pending_reference.c.element, *_COLUMNS)
                .join(resource, resource.c.id == pending_reference.c.resource_id)
                .where(pending_reference.c.source == self._source, pending_reference.c.target.in_(part))
            )
            rows.extend((await self._connection.execute(statement)).all())
        for row in rows:
            node = self._keep(row)
            if row.element in _PATIENT_LINKS and row.target not in node.named:
                node.named = (*node.named, row.target)
            if node not in found[row.target]:
                found[row.target].append(node)
        return found

    async def _load_links(self, nodes: list[Node]) -> None:
        """Stored nodes know their open links from pending_reference."""
        bare = {node.row: node for node in nodes if not node.links}
        targets: set[str] = set()
        for part in _chunks(sorted(bare)):
            statement = sa.select(
                pending_reference.c.resource_id, pending_reference.c.target, pending_reference.c.element
            ).where(pending_reference.c.resource_id.in_(part))
            for row in (await self._connection.execute(statement)).all():
                if row.element not in _PATIENT_LINKS:
                    bare[row.resource_id].links.append((row.element, (row.target,)))
                    targets.add(row.target)
        await self._find(targets)

    async def _find(self, keys: Iterable[str]) -> None:
        """Load the stored resources with these names, as far as they are not known."""
        wanted = {key for key in keys if key not in self._looked and self._node([key]) is None}
        self._looked |= wanted
        by_type: dict[str, list[str]] = defaultdict(list)
        names: list[str] = []
        for key in wanted:
            if key.startswith(("urn:", "id:", "http:", "https:")):
                names.append(key)
            else:
                resource_type, _, fhir_id = key.partition("/")
                by_type[resource_type].append(fhir_id)
        for resource_type, ids in sorted(by_type.items()):
            for part in _chunks(sorted(ids)):
                statement = sa.select(*_COLUMNS).where(
                    resource.c.source == self._source, resource.c.type == resource_type, resource.c.fhir_id.in_(part)
                )
                for row in (await self._connection.execute(statement)).all():
                    self._keep(row)
        for part in _chunks(sorted(names)):
            named = (
                sa.select(resource_key.c.key, *_COLUMNS)
                .join(resource, resource.c.id == resource_key.c.resource_id)
                .where(resource_key.c.source == self._source, resource_key.c.key.in_(part))
            )
            for row in (await self._connection.execute(named)).all():
                self._aliases.setdefault(row.key, self._keep(row).reference)

    def _keep(self, row: Any) -> Node:
        reference = f"{row.type}/{row.fhir_id}"
        node = self.nodes.get(reference)
        if node is None:
            node = Node(row.id, row.type, row.fhir_id, row.state, row.patient_fhir_id)
            self.nodes[reference] = node
        return node

    def _note_pending(self, nodes: list[Node]) -> None:
        for node in nodes:
            if node.state == "shared":
                continue
            for element, keys in node.links:
                target = self._node(keys)
                if target is None or (target.state == "waiting" and node.state == "waiting"):
                    self.pending[keys[0], node.row, element] = None
            if node.state == "waiting" and node.named:
                for key in node.named:
                    self.pending[key, node.row, "subject"] = None


_PATIENT_LINKS = frozenset({"subject", "patient", "for", "beneficiary", "individual"})
_PATIENT_FHIR_ID: sa.ColumnElement[str | None] = sa.literal_column(
    "(SELECT p.fhir_id FROM patient p WHERE p.id = resource.patient_id)"
).label("patient_fhir_id")
_COLUMNS = (
    resource.c.id,
    resource.c.type,
    resource.c.fhir_id,
    resource.c.state,
    resource.c.patient_id,
    _PATIENT_FHIR_ID,
)


def _chunks(values: list[Any]) -> Iterable[list[Any]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
