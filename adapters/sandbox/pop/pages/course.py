"""What happened to a person, as items of the timeline."""

from __future__ import annotations

import datetime as dt

from adapters.sandbox.pop.pages import words
from adapters.sandbox.pop.pages.case import Case, Entry
from adapters.sandbox.pop.pages.timeline import Item, Timeline, timeline

LANES = ["Diagnosis", "Stage", "Surgery", "Systemic therapy", "Radiotherapy", "Response", "Adverse events", "Boards"]
#: LOINC answers (CancerTreatmentResponse) → RECIST short form and tone.
RESPONSES = {
    "LA28366-5": ("CR", "good"),
    "LA28369-9": ("PR", "good"),
    "LA28371-5": ("SD", "wait"),
    "LA28370-7": ("PD", "bad"),
}
_STAGINGS = frozenset({"stagings"})


def course(case: Case) -> Timeline | None:
    """The timeline of a case; None if nothing in it has a date."""
    items = [item for each in case.all() if not each.unreadable and (item := _item(each)) is not None]
    row = case.entry.row
    ends = (("Death", row.get("dateOfDeath")), ("End of records", row.get("endOfRecords")))
    end = next(((name, found) for name, day in ends if (found := _day(day)) is not None), None)
    return timeline(items, LANES, end=end)


def _item(entry: Entry) -> Item | None:
    row, kind = entry.row, entry.kind
    day = _day(entry.date)
    if day is None:
        return None
    if kind.collection in _STAGINGS:
        return _point(entry, "Stage", day, entry.title)
    match kind.name:
        case "NeoplasticEntity":
            what = words.word(str(row["relationship"])).capitalize()
            tone = "plain" if row["relationship"] == "primary" else "bad"
            return _point(entry, "Diagnosis", day, f"{what}: {words.concept(row['topography'])}", tone)
        case "Surgery":
            return _point(entry, "Surgery", day, words.concept(row["procedure"]))
        case "SystemicTherapy":
            drugs = " + ".join(words.concept(each.row["drug"]) for each in entry.children if each.row.get("drug"))
            return _lasting(entry, "Systemic therapy", day, drugs or entry.title)
        case "Radiotherapy":
            doses = [words.measure(each.row["dose"]) for each in entry.children if each.row.get("dose")]
            label = ", ".join([*doses[:1], f"{row['sessions']} sessions"])
            return _lasting(entry, "Radiotherapy", day, label)
        case "TreatmentResponse":
            short, tone = RESPONSES.get(row["recist"]["code"], (words.concept(row["recist"]), "plain"))
            return _point(entry, "Response", day, short, tone)
        case "AdverseEvent":
            tone = "bad" if int(row["grade"]) >= 3 else "wait"
            return _point(entry, "Adverse events", day, f"{words.concept(row['event'])} G{row['grade']}", tone)
        case "MolecularTumorBoard" | "UnspecifiedTumorBoard":
            return _point(entry, "Boards", day, words.label(kind.name))
    return None


def _point(entry: Entry, lane: str, day: dt.date, label: str, tone: str = "plain") -> Item:
    title = f"{words.day(entry.date)}: {entry.title}"
    return Item(lane, label, day, tone=tone, title=title, anchor=f"e-{entry.id}")


def _lasting(entry: Entry, lane: str, day: dt.date, label: str) -> Item:
    period = entry.row["period"]
    tone = {"curative": "good", "palliative": "wait"}.get(str(entry.row.get("intent")), "plain")
    title = f"{words.period(period)}: {label} ({entry.row.get('intent')})"
    return Item(
        lane, label, day, lasting=True, end=_day(period.get("end")), tone=tone, title=title, anchor=f"e-{entry.id}"
    )


def _day(value: object) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        return None
