"""A form for any entity: its inputs from the contract, and the PUT body from what was entered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.pop.kinds import Kind
from adapters.sandbox.pop.pages import words
from adapters.sandbox.pop.terms import Terms
from adapters.sandbox.pop.units import read_unit

JsonObject = dict[str, Any]
Options = list[tuple[str, str]]

#: Lists up to this length are offered whole; of longer ones the code is typed.
LONGEST_CHOICE = 400
#: Stay as they are: what belongs to POP, and what says where an entity came from.
KEPT = frozenset({"caseId", "therapyLineId", "externalSource", "externalSourceId"})
_HTML = {"date": "date", "integer": "number", "number": "number", "Measure": "number"}


@dataclass(frozen=True, slots=True)
class Input:
    """One input. ``type``: an HTML input's, or ``choice``, ``choices``, ``lines``."""

    name: str
    label: str
    type: str
    values: tuple[str, ...] = ()
    options: Options = field(default_factory=list)
    required: bool = False
    step: str = "any"
    unit: str = ""
    hint: str = ""

    @property
    def value(self) -> str:
        """What stands in it."""
        return "\n".join(self.values)


class Mistaken(ValueError):
    """What was entered cannot be taken; the message says in which field and why."""


def version(kind: Kind, row: JsonObject) -> str:
    """What tells whether an entity is still the one that a form was made of."""
    content = json.dumps({name: row.get(name) for name in sorted(kind.properties)}, sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


class Form:
    """The form of one entity. ``targets``: (kind, id, name) of whatever it may refer to."""

    def __init__(self, kind: Kind, row: JsonObject, terms: Terms, targets: Sequence[tuple[str, str, str]]) -> None:
        self.kind = kind
        self.row = row
        self._terms = terms
        self._targets = targets
        self._names = [name for name in kind.types if name not in KEPT and name not in kind.const]
        self._names.sort(key=lambda name: (name not in kind.required, "date" not in name.lower(), name))

    def inputs(self, entered: Mapping[str, Sequence[str]] | None = None) -> list[Input]:
        """The inputs, with the entity's values or what was entered before."""
        found = [each for name in self._names for each in self._inputs(name)]
        if entered is None:
            return found
        return [
            Input(each.name, each.label, each.type, tuple(entered.get(each.name, ())), each.options, each.required,
                  each.step, each.unit, each.hint)
            for each in found
        ]  # fmt: skip

    def _inputs(self, name: str) -> list[Input]:
        what, value, label = self.kind.types[name], self.row.get(name), words.label(name)
        required = name in self.kind.required
        if what == "Period":
            period = value or {}
            return [
                Input(f"{name}.{edge}", f"{label}: {edge}", "date", _values(period.get(edge)), required=edge == "start")
                for edge in ("start", "end")
            ]
        several = what.endswith("[]")
        options = self._options(name)
        if options is not None:
            chosen = tuple(_key(each) for each in (value if isinstance(value, list) else _present(value)))
            if several:
                # A browser sends them in the order in which they are offered: the chosen ones keep theirs.
                options.sort(key=lambda each: chosen.index(each[0]) if each[0] in chosen else len(chosen))
            return [Input(name, label, "choices" if several else "choice", chosen, options, required)]
        if what.startswith("CodedConcept"):
            codes = tuple(each["code"] for each in (value or [] if several else _present(value)))
            hint = f"A code or the exact name in POP's list {self.kind.terminology[name]}" + ("; one a line" * several)
            return [Input(name, label, "lines" if several else "text", codes, required=required, hint=hint)]
        if several:
            return [Input(name, label, "lines", tuple(value or []), required=required, hint="One a line")]
        if what == "Measure":
            shown = _values(None if value is None else value["value"])
            return [Input(name, label, "number", shown, required=required, unit=words.unit(self._unit(name)))]
        step = "1" if what == "integer" else "any"
        return [Input(name, label, _HTML.get(what, "text"), _values(value), required=required, step=step)]

    def _options(self, name: str) -> Options | None:
        """What can be chosen; None where it must be typed."""
        what = self.kind.types[name].removesuffix("[]")
        if what == "boolean":
            return [("true", "yes"), ("false", "no")]
        if what == "enum":
            return [(each, words.word(each)) for each in self.kind.enums[name]]
        if what == "uuid":
            wanted = self.kind.references[name]
            return [(identity, shown) for kind, identity, shown in self._targets if kind in wanted]
        if what == "CodedConcept":
            concepts = self._terms.concepts(self.kind.terminology[name])
            if len(concepts) <= LONGEST_CHOICE:
                return sorted(((_key(each), words.concept(each)) for each in concepts), key=lambda each: each[1])
        return None

    def _unit(self, name: str) -> str:
        value = self.row.get(name)
        default = read_unit(self.kind.name, name)
        return default if value is None else str(value["unit"])

    def body(self, entered: Mapping[str, Sequence[str]]) -> JsonObject:
        """The whole entity as a PUT sends it. Raises Mistaken."""
        body = {name: self.row.get(name) for name in self.kind.properties if name in KEPT or name in self.kind.const}
        for name in self._names:
            body[name] = self._value(name, entered)
        return {name: value for name, value in body.items() if value is not None}

    def _value(self, name: str, entered: Mapping[str, Sequence[str]]) -> Any:
        what = self.kind.types[name]
        if what == "Period":
            edges = {edge: (list(entered.get(f"{name}.{edge}", ())) or [""])[0].strip() for edge in ("start", "end")}
            return {edge: day for edge, day in edges.items() if day} or None
        given = [line.strip() for each in entered.get(name, ()) for line in each.splitlines() if line.strip()]
        if what.endswith("[]"):
            return [self._single(name, each) for each in given]
        return self._single(name, given[0]) if given else None

    def _single(self, name: str, given: str) -> Any:
        match self.kind.types[name].removesuffix("[]"):
            case "boolean":
                return given == "true"
            case "CodedConcept":
                return self._concept(name, given)
            case "Measure":
                return {"value": _number(name, given, whole=False), "unit": self._unit(name)}
            case "integer" | "number" as what:
                return _number(name, given, whole=what == "integer")
        return given

    def _concept(self, name: str, given: str) -> JsonObject:
        concepts = self._terms.concepts(self.kind.terminology[name])
        found = [each for each in concepts if given in (_key(each), each["code"])]
        found = found or [each for each in concepts if words.concept(each).lower() == given.lower()]
        if len(found) != 1:
            why = "is not in POP's list" if not found else f"is {len(found)} concepts of POP's list"
            raise Mistaken(f"{words.label(name)}: «{given}» {why}")
        return {"code": found[0]["code"], "system": found[0]["system"]}


def _number(name: str, given: str, *, whole: bool) -> float:
    try:
        return int(given) if whole else float(given)
    except ValueError:
        raise Mistaken(f"{words.label(name)}: «{given}» is no {'whole ' if whole else ''}number") from None


def _key(value: Any) -> str:
    """What an option sends: a concept by system and code, anything else by itself."""
    if isinstance(value, dict):
        return f"{value['system']}|{value['code']}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _present(value: Any) -> list[Any]:
    return [] if value is None else [value]


def _values(value: Any) -> tuple[str, ...]:
    return () if value is None else (str(value),)
