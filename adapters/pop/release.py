"""The POP release at the other end, as far as it differs from the one this gateway was built against: how each kind is
written to it and read from it. Made by :mod:`adapters.pop.handshake`; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from adapters.pop.errors import PopContract
from adapters.pop.kinds import KINDS, JsonObject, packaged_contract


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How one kind differs. Field names are ours unless said otherwise."""

    refused: str | None = None
    """Why the kind must not be written at all; None if it may."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Our name → theirs: the same field, spelled differently."""
    absent: tuple[str, ...] = ()
    """Fields that this POP does not have: it would lose them silently."""
    filled: tuple[str, ...] = ()
    """Lists that it requires and we may leave out: an empty list says the same."""
    needed: tuple[str, ...] = ()
    """Other fields that it requires and we may leave out: an entity without them cannot be written."""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Field → those of our values that it does not know."""
    unknown: tuple[str, ...] = ()
    """Fields of theirs that we do not know: a replacement keeps what stands there."""

    @property
    def losses(self) -> tuple[str, ...]:
        """What cannot be written to this POP, in words."""
        return (
            *self.absent,
            *(f"{name} = {' | '.join(values)}" for name, values in self.values.items()),
            *(f"any without {name}" for name in self.needed),
        )


_SAME = Adaptation()


@dataclass(frozen=True, slots=True)
class Release:
    """A server's contract. ``kinds`` holds those that differ from the packaged contract."""

    version: str
    digest: str
    """Of everything that the server's document says of clinical kinds; empty for the packaged contract."""
    kinds: Mapping[str, Adaptation]

    @classmethod
    def packaged(cls) -> Release:
        """The release that this gateway was built against: nothing differs."""
        return cls(packaged_contract()["release"], "", {})

    def of(self, kind: str) -> Adaptation:
        """How this kind differs."""
        return self.kinds.get(kind, _SAME)

    @property
    def refused(self) -> dict[str, str]:
        """Kind → why it must not be written."""
        return {name: one.refused for name, one in sorted(self.kinds.items()) if one.refused is not None}

    @property
    def degraded(self) -> dict[str, tuple[str, ...]]:
        """Kind → what of it cannot be written."""
        found = {name: one.losses for name, one in sorted(self.kinds.items()) if one.refused is None}
        return {name: losses for name, losses in found.items() if losses}

    def reduced(self, kind: str, body: JsonObject) -> tuple[JsonObject, tuple[str, ...]]:
        """(the body without what this POP would lose silently, the fields that are lost by that)."""
        lost = tuple(name for name in self.of(kind).absent if _says_something(body.get(name)))
        return {name: value for name, value in body.items() if name not in lost}, lost

    def encode(self, kind: str, body: JsonObject) -> JsonObject:
        """A complete body as it goes over the wire. Raises PopContract, naming the field, for what this POP cannot take."""
        if (one := self.kinds.get(kind)) is None:
            return body
        if one.refused is not None:
            raise PopContract(f"{kind}: this POP ({self.version}) is not understood: {one.refused}")
        for name in one.absent:
            if _says_something(body.get(name)):
                text = f"{kind}.{name}: this POP ({self.version}) has no such field; it would be lost silently"
                raise PopContract(text, fields=(name,))
        for name in one.needed:
            if body.get(name) is None:
                raise PopContract(f"{kind}.{name}: this POP ({self.version}) requires it", fields=(name,))
        for name, values in one.values.items():
            if body.get(name) in values:
                text = f"{kind}.{name}: this POP ({self.version}) does not know the value {body[name]}"
                raise PopContract(text, fields=(name,))
        wire = {one.renamed.get(name, name): value for name, value in body.items() if name not in one.absent}
        for name in one.filled:
            if wire.get(theirs := one.renamed.get(name, name)) is None:
                wire[theirs] = []
        return wire

    def decode(self, kind: str, item: JsonObject) -> JsonObject:
        """A read entity under our names."""
        one = self.kinds.get(kind)
        if one is None or not one.renamed:
            return item
        ours = {theirs: name for name, theirs in one.renamed.items()}
        return {ours.get(name, name): value for name, value in item.items()}

    def understood(self, kind: str, wire: JsonObject) -> JsonObject:
        """What of a body on the wire this gateway answers for, under our names: ``encode`` undone."""
        unknown = self.of(kind).unknown
        return self.decode(kind, {name: value for name, value in wire.items() if name not in unknown})

    def as_json(self) -> JsonObject:
        """For the store."""
        return {
            "version": self.version,
            "digest": self.digest,
            "kinds": {n: asdict(one) for n, one in self.kinds.items()},
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> Release:
        """From the store. Raises TypeError or KeyError for what another version of the gateway wrote."""
        kinds = {
            name: Adaptation(
                refused=one["refused"],
                renamed=one["renamed"],
                values={each: tuple(values) for each, values in one["values"].items()},
                **{each: tuple(one[each]) for each in ("absent", "filled", "needed", "unknown")},
            )
            for name, one in value["kinds"].items()
            if name in KINDS
        }
        return cls(value["version"], value["digest"], kinds)


def _says_something(value: Any) -> bool:
    return value is not None and value != []
