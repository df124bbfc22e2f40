"""The queue as a spreadsheet: a terminologist fills in decisions and sends it back; what it would do is shown before it is done.

Written with a byte order mark, which Excel needs to read UTF-8; read with or without, with commas, semicolons or tabs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.terminology.decisions import Proposal
from gateway.terminology.items import Item
from mappers.decided import UNMAPPED
from mappers.terminology import Outcome, Terminology
from mappers.terminology.candidates import Candidate

COLUMNS = (
    "item", "field", "terminology", "patients", "entities", "source_system", "source_code", "source_display", "candidates",
    "decision", "target_system", "target_code", "target_display", "note",
)  # fmt: skip
#: Columns without which a sheet cannot be read.
_NEEDED = ("item", "decision", "target_code")
#: Candidates in a cell.
_SHOWN = 3
#: A cell that begins like this is a formula to a spreadsheet (OWASP: CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class BadSheet(ValueError):
    """The file is no sheet of decisions; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that somebody has filled in."""

    number: int
    """As a spreadsheet counts, the head being line 1."""
    item: str
    proposal: Proposal | None
    problem: str | None = None
    """Why it cannot be applied."""


def write(items: Iterable[tuple[Item, Sequence[Candidate]]]) -> str:
    """The items of unmapped codes with their candidates; one line for an item."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for item, candidates in items:
        if item.code != UNMAPPED or not item.codings:
            continue
        system, code, display = item.codings[0]
        proposed = "; ".join(f"{each.concept.code} {each.concept.display}" for each in candidates[:_SHOWN])
        row = (
            item.id, item.path, item.terminology, item.patients, item.reviews, system, code, display, proposed,
            "", "", "", "", "",
        )  # fmt: skip
        writer.writerow([_safe(each) for each in row])
    return out.getvalue()


def read(text: str, items: dict[str, Item], *, author: str, terminology: Terminology) -> list[Line]:
    """What somebody has filled in, line by line; lines without a decision are left out. Raises BadSheet."""
    plain = text.removeprefix("\ufeff")
    head = plain.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(plain, newline=""), delimiter=delimiter)
    missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise BadSheet(f"the columns {', '.join(missing)} are missing: begin from `reviews export`")
    lines: list[Line] = []
    for row in reader:
        cells = {name: _plain(row.get(name)) for name in COLUMNS}
        if cells["decision"] or cells["target_code"]:
            lines.append(_line(reader.line_num, cells, items, author=author, terminology=terminology))
    return lines


def _line(number: int, cells: dict[str, str], items: dict[str, Item], *, author: str, terminology: Terminology) -> Line:
    item = items.get(cells["item"])
    if item is None:
        return Line(number, cells["item"], None, "no such item is open: it was decided meanwhile, or its cause is gone")
    said = cells["decision"].casefold() or Outcome.MAP.value
    try:
        outcome = Outcome(said)
    except ValueError:
        known = ", ".join(each.value for each in Outcome)
        return Line(number, item.id, None, f"«{said}» is no decision: {known}")
    note = cells["note"] or None
    if outcome is not Outcome.MAP:
        if cells["target_code"]:
            return Line(number, item.id, None, f"«{said}» has no target: leave target_code empty, or decide map")
        return Line(number, item.id, Proposal(outcome, author, note=note))
    found = [
        concept
        for concept in terminology.concepts(item.terminology or "")
        if concept.code == cells["target_code"] and cells["target_system"] in ("", concept.system)
    ]
    if len(found) != 1:
        why = "has no concept with this code" if not found else "has several: fill in target_system"
        return Line(number, item.id, None, f"target_code: POP's list «{item.terminology}» {why}")
    target = (found[0].system, found[0].code, found[0].display)
    return Line(number, item.id, Proposal(Outcome.MAP, author, target=target, note=note))


def _safe(value: object) -> str:
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(_FORMULA) else text


def _plain(value: str | None) -> str:
    text = (value or "").strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
