"""Everything about one case as its page shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adapters.pop.kinds import KINDS, Kind
from adapters.sandbox.pop.accounts import Accounts
from adapters.sandbox.pop.lines import LINES, THERAPIES
from adapters.sandbox.pop.pages import words
from adapters.sandbox.pop.reading import Reader
from adapters.sandbox.pop.refusals import ServerError
from adapters.sandbox.pop.shapes import kind_of_row, kinds_of
from adapters.sandbox.pop.store import Entities

JsonObject = dict[str, Any]

#: Cases on one page of the list.
PAGE = 50
#: Sections of the page with the collections in them. Whatever is in none of them comes last.
SECTIONS = {
    "Tumors": ("neoplastic-entities", "stagings", "risk-assessments"),
    "Treatment": ("systemic-therapies", "surgeries", "radiotherapies", "treatment-responses", "therapy-lines", "adverse-events"),
    "Tumor markers": ("tumor-markers",),
    "Genomics": ("genomic-variants", "genomic-signatures"),
    "Boards": ("tumor-boards",),
    "The person": ("performance-status", "vitals", "lifestyles", "comorbidities-assessments", "family-histories"),
}  # fmt: skip
#: Fields that tell a reader nothing beyond what stands there already.
_SILENT = frozenset({"caseId", "externalSource", "externalSourceId", "therapyLineId", "stagingDomain", "category"})
#: What POP works out of an entity and a reader looks for.
_DERIVED = {"TherapyLine": ("label", "period")}
#: Read before the others, where they are not required.
_TELLING = (
    "proteinHgvs", "dnaHgvs", "alleleFrequency", "clinicalRelevance", "primaryTumor", "regionalNodes", "distantMetastases",
)  # fmt: skip
#: References to nothing but tumours.
_TUMOURS = frozenset(
    field for kind in KINDS.values() for field, targets in kind.references.items() if targets == ("NeoplasticEntity",)
)
#: What a case has of its own.
_COLLECTIONS = sorted({kind.collection for kind in KINDS.values() if "caseId" in kind.types})
_DATES = ("date", "assertionDate", "period")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entity: what the API shows of it, and who wrote it. ``unreadable``: POP itself fails on it (poison)."""

    kind: Kind
    row: JsonObject
    shown: JsonObject
    parent: str | None = None
    children: tuple[Entry, ...] = ()
    unreadable: bool = False
    by_hand: tuple[str, ...] = ()
    """Users other than service accounts who changed it."""

    @property
    def id(self) -> str:
        """Its id in POP."""
        return str(self.row["id"])

    @property
    def title(self) -> str:
        """Its description, as POP words it."""
        found = str(self.shown.get("description") or self.kind.name)
        return words.label(found) if found == self.kind.name else words.plain(found)

    @property
    def writers(self) -> str:
        """Everybody who wrote it."""
        names = dict.fromkeys([self.row.get("createdBy"), *(self.row.get("updatedBy") or [])])
        return ", ".join(name for name in names if name)

    @property
    def at(self) -> str:
        """When it was last written."""
        return words.instant(self.row.get("updatedAt") or self.row.get("createdAt"))

    @property
    def date(self) -> str:
        """Its day, or the first of its period; empty without."""
        value = next((self.row[name] for name in _DATES if self.row.get(name)), "")
        return str(value.get("start") or "") if isinstance(value, dict) else str(value)


@dataclass(slots=True)
class Table:
    """Entities of one collection with the fields that any of them has. ``several``: the collection holds several kinds."""

    title: str
    collection: str
    entries: list[Entry]
    fields: list[str]
    several: bool


@dataclass(slots=True)
class Case:
    """The case, its entities by collection, and what ids stand for."""

    entry: Entry
    collections: dict[str, list[Entry]]
    names: dict[str, str] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[Entry]:
        """Readable entities of these kinds, oldest first."""
        found = (each for entries in self.collections.values() for each in entries if each.kind.name in kinds)
        return sorted((each for each in found if not each.unreadable), key=lambda each: each.date)

    def stages(self, tumour: Entry) -> list[Entry]:
        """The stagings of a tumour, oldest first."""
        found = self.collections.get("stagings", [])
        return [
            each for each in found if not each.unreadable and tumour.id in (each.row.get("stagedEntitiesIds") or [])
        ]

    def all(self) -> Iterator[Entry]:
        """Every entity with its children, the case first."""
        yield self.entry
        for entries in self.collections.values():
            for each in entries:
                yield each
                yield from each.children

    def entity(self, identity: str) -> Entry | None:
        """One of its entities by id, or the case itself."""
        return next((each for each in self.all() if each.id == identity), None)

    def tables(self, section: str) -> list[Table]:
        """The tables of a section."""
        known = {name for names in SECTIONS.values() for name in names}
        names = SECTIONS.get(section) or tuple(name for name in self.collections if name not in known)
        # Where there is one tumour, it need not be said which one is meant.
        silent = _SILENT | _TUMOURS if len(self.of("NeoplasticEntity")) == 1 else _SILENT
        return [_table(name, self.collections[name], silent) for name in names if self.collections.get(name)]

    @property
    def age(self) -> int | None:
        """Years at death, or today; None for a date of birth that is none."""
        try:
            born = dt.date.fromisoformat(str(self.entry.row["dateOfBirth"]))
            until = dt.date.fromisoformat(str(self.entry.row.get("dateOfDeath") or dt.date.today()))
        except ValueError:
            return None
        return until.year - born.year - ((until.month, until.day) < (born.month, born.day))


def _table(collection: str, entries: list[Entry], silent: frozenset[str]) -> Table:
    fields = [
        name
        for kind in dict.fromkeys(each.kind.name for each in entries)
        for name in _ordered(KINDS[kind], silent)
        if any(each.shown.get(name) not in (None, [], {}) for each in entries)
    ]
    title = words.label(collection.replace("-", " "))
    return Table(title, collection, entries, list(dict.fromkeys(fields)), len(kinds_of(collection)) > 1)


def _ordered(kind: Kind, silent: frozenset[str]) -> list[str]:
    """Fields in the order in which they are read: when, what is required, everything else."""
    names = [name for name in (*kind.types, *_DERIVED.get(kind.name, ())) if name not in silent]
    first = [*_DATES, *kind.required, *_TELLING]
    return sorted(names, key=lambda name: (name in kind.references, first.index(name) if name in first else 99, name))


class Cases:
    """Cases as pages show them, from the sandbox's data."""

    def __init__(self, entities: Entities, reader: Reader, accounts: Accounts) -> None:
        self._entities = entities
        self._reader = reader
        self._accounts = accounts

    def some(self, *, wanted: str = "", offset: int = 0) -> tuple[list[tuple[Entry, list[str], int]], int]:
        """Cases whose pseudonym has ``wanted`` in it, the newest first, a page of them from ``offset``, and how many there are.
        Of each: (case, sites of its tumours, how many entries it has)."""
        rows = [row for row in self._entities.all("patient-cases") if wanted.upper() in row["pseudoidentifier"]]
        found = []
        for row in rows[::-1][offset : offset + PAGE]:
            tumours = self._entities.owned("neoplastic-entities", row["id"])
            sites = dict.fromkeys(words.concept(each["topography"]) for each in tumours)
            entries = sum(len(self._entities.owned(name, row["id"])) for name in _COLLECTIONS)
            found.append((self._entry("patient-cases", row), list(sites), entries))
        return found, len(rows)

    def find(self, case_id: str) -> Case | None:
        """One case with all that is of it."""
        row = self._entities.get("patient-cases", case_id)
        if row is None:
            return None
        found: dict[str, list[Entry]] = {}
        for collection in _COLLECTIONS:
            entries = [self._entry(collection, each) for each in self._entities.owned(collection, case_id)]
            if entries:
                found[collection] = sorted(entries, key=lambda each: each.date)
        case = Case(self._entry("patient-cases", row), found)
        case.names.update({each.id: _short(each) for each in case.all()})
        return case

    def _entry(self, collection: str, row: JsonObject, parent: str | None = None) -> Entry:
        kind = kind_of_row(collection, row)
        try:
            shown, unreadable = self._reader.read(collection, row, anonymised=False), False
        except ServerError:
            shown, unreadable = {"description": kind.name, **row}, True
        children = tuple(
            self._entry(child.collection, each, row["id"])
            for child in KINDS.values()
            if child.parent == kind.name
            for each in self._entities.owned(child.collection, row["id"])
        )
        by_hand = tuple(
            name for name in dict.fromkeys(_writers(collection, row)) if name and not self._is_machine(name)
        )
        return Entry(kind, row, shown, parent, children, unreadable, by_hand)

    def _is_machine(self, name: str) -> bool:
        user = self._accounts.users.get(name)
        return user is not None and user.service


def _writers(collection: str, row: JsonObject) -> list[str | None]:
    """Who wrote it. Any write of a therapy signs all others of its case, which have got new lines: there it is the history that
    tells whether somebody changed anything; and the lines themselves are POP's."""
    if collection == LINES:
        return []
    if collection not in THERAPIES:
        return [row.get("createdBy"), *(row.get("updatedBy") or [])]
    return [
        each["user"]
        for each in row["_events"]
        if each["category"] == "create" or (each["differential"] or {}).keys() - {"therapy_line_id"}
    ]


def _short(entry: Entry) -> str:
    """What stands for an entity where another refers to it."""
    return words.concept(entry.row["topography"]) if entry.kind.name == "NeoplasticEntity" else entry.title
