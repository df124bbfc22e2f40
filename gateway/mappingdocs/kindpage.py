"""The page of one POP kind, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from adapters.pop.kinds import Kind
from gateway.mappingdocs.evidence import FieldEvidence, KindEvidence
from mappers.protocol import Mapper

DIALECTS = {"pop": "POP's guide", "mcode": "mCODE", "us-core": "US Core, vendors", "mii": "MII, oBDS"}
#: Codes of one element that are named; the others are counted.
_CODES = 4
#: The writer's own, on every entity.
_BOOKKEEPING = frozenset({"externalSource", "externalSourceId"})


def page(kind: Kind, mapper: Mapper | None, evidence: KindEvidence | None, options: dict[str, object]) -> str:
    """The whole page."""
    lines = [f"# {kind.name}", ""]
    lines.append(f"POP: `{kind.template}`. " + _writer(mapper))
    lines.append("")
    lines += _fields(kind, evidence)
    if evidence is None:
        lines += ["", "*No record of the project gives this kind: no element can be shown here.*"]
    else:
        lines += ["", _seen(evidence)]
        lines += _section(
            "Assumptions",
            ("field", "assumption", "what is assumed"),
            ((f"`{field}`", f"`{code}`", texts) for (field, code), texts in sorted(evidence.assumptions.items())),
        )
        lines += _section(
            "What waits, and what is left out",
            ("field", "issue", "", "why"),
            (
                (f"`{field}`", f"`{code}`", "the entity waits" if severity == "blocking" else "written without", texts)
                for (field, code, severity), texts in sorted(evidence.issues.items())
            ),
        )
    if options:
        told = (
            f"`{name}`" + (f" (default `{default}`)" if default not in (None, ()) else "")
            for name, default in sorted(options.items())
        )
        lines += ["", "## Site options", "", "Asked for by the mapper: " + ", ".join(told) + "."]
    return "\n".join(lines) + "\n"


def _writer(mapper: Mapper | None) -> str:
    if mapper is None:
        return "No mapper writes it."
    reads = ", ".join(mapper.reads)
    rules = f"[{mapper.name}](../mapping.md#{anchor(mapper)}) (version {mapper.version})"
    return f"Written by the mapper {rules} from {reads}; its rules are there."


def anchor(mapper: Mapper) -> str:
    """The anchor of the mapper's heading on the index, as GitHub makes it."""
    return f"{mapper.name}-version-{mapper.version}"


def _fields(kind: Kind, evidence: KindEvidence | None) -> list[str]:
    lines = [
        "| POP field | holds | " + " | ".join(DIALECTS.values()) + " |",
        "|---|---|" + "---|" * len(DIALECTS),
    ]
    names = ([kind.parent_field] if kind.parent_field else []) + [*kind.types]
    for name in sorted(set(names) - _BOOKKEEPING, key=lambda name: (name not in kind.required, name)):
        found = evidence.fields.get(name) if evidence else None
        label = f"**`{name}`**" if name in kind.required or name == kind.parent_field else f"`{name}`"
        cells = [_cell(found, each) for each in DIALECTS]
        lines.append(f"| {label} | {_holds(kind, name)} | " + " | ".join(cells) + " |")
    return lines


def _holds(kind: Kind, name: str) -> str:
    if name == kind.parent_field:
        return f"the {kind.parent}"
    holds = kind.types[name]
    if name in kind.references:
        told = " or ".join(kind.references[name])
        return f"{told}, several" if name in kind.many else told
    if name in kind.const:
        return f"`{kind.const[name]}`"
    if name in kind.terminology:
        return f"{kind.terminology[name]}{', several' if holds.endswith('[]') else ''}"
    if name in kind.measures:
        measure, unit = kind.measures[name]
        return f"{measure} ({unit.replace('__', '/')})"
    if name in kind.enums:
        return ", ".join(f"`{value}`" for value in kind.enums[name])
    return holds


def _cell(found: FieldEvidence | None, dialect: str) -> str:
    if found is None:
        return ""
    parts = []
    ranked = sorted(found.paths.get(dialect, {}).items(), key=lambda item: (-item[1], item[0]))
    # What is stated stands before what is taken for want of it.
    for path, _ in sorted(ranked, key=lambda item: (dialect, item[0]) in found.fallbacks):
        told = f"`{path}`"
        if codes := found.codes.get((dialect, path)):
            told += f" ({_codes(codes)})"
        if assumed := found.fallbacks.get((dialect, path)):
            told += " *" + ", ".join(sorted(assumed)) + "*"
        parts.append(told)
    if assumed := found.assumed.get(dialect):
        parts.append("*" + ", ".join(sorted(assumed)) + "*")
    return "<br>".join(parts).replace("|", "\\|")


def _codes(codes: set[str]) -> str:
    shown = sorted(codes)[:_CODES]
    more = len(codes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _seen(evidence: KindEvidence) -> str:
    dialects = "; ".join(told for name, told in DIALECTS.items() if name in evidence.dialects)
    return (
        f"**Bold**: required by POP. *Italics*: an assumption (below). Seen in the project's own records of: {dialects}. "
        "An empty cell was not seen there."
    )


def _section(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str | set[str], ...]]) -> Iterator[str]:
    body = ["| " + " | ".join(_joined(cell) for cell in row) + " |" for row in rows]
    if body:
        yield from ("", f"## {title}", "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *body)


def _joined(cell: str | set[str]) -> str:
    text = cell if isinstance(cell, str) else "<br>".join(sorted(cell))
    return re.sub(r"\s+", " ", text).replace("|", "\\|")
