"""Role and intent of a course whose source states none, by published definitions; always an assumption.

* NCI *Dictionary of Cancer Terms*: neoadjuvant therapy is given before the main treatment, adjuvant therapy after it, each with
  the aim of cure. The main treatment is a surgery of the patient's only primary tumour.
* UICC/AJCC: distant metastases are stage IV. Systemic therapy of a solid tumour in that stage is palliative (ESMO guidelines on
  metastatic disease); in M0 disease, stages I to III, it is part of a treatment that aims at cure (NCCN guidelines by site),
  hormone therapy excepted.
* ESMO guidelines by disease: chronic lymphocytic leukaemia, indolent and mantle cell lymphomas, myeloma and myeloproliferative
  neoplasms are not cured by drugs; the first therapy of Hodgkin, large B-cell and Burkitt lymphoma, of acute lymphoblastic and
  promyelocytic leukaemia aims at cure.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mappers.dates import parse_day
from mappers.protocol import Context, EntityView
from mappers.subjects import TUMOUR, primaries
from mappers.systemic_therapy.membership import is_haematological, morphology_of
from mappers.treatments.intents import ADJUVANT, NEOADJUVANT, Intent

SURGERY, TNM, FIGO = "Surgery", "TNMStaging", "FIGOStaging"
#: A therapy is neoadjuvant if surgery follows its last dose within four months, adjuvant if it begins within six months after.
_BEFORE, _AFTER = dt.timedelta(days=120), dt.timedelta(days=183)
#: Metastases and stages that are found within a month of the start were there at the start.
_WORK_UP = dt.timedelta(days=30)
_METASTATIC = re.compile(r"\b[cpy]*M1|stage IV", re.I)
_LOCAL = re.compile(r"\b[cpy]*M0|stage I{1,3}(?![VIX])", re.I)
#: ICD-O-3 morphologies (first and last) that drugs do not cure, and those whose first therapy aims at cure.
_CHRONIC = (
    (9670, 9671), (9673, 9673), (9689, 9691), (9695, 9695), (9698, 9699), (9731, 9734), (9761, 9761), (9823, 9823), (9833, 9833),
    (9863, 9863), (9875, 9876), (9940, 9940), (9945, 9946), (9950, 9964),
)  # fmt: skip
_CURABLE_WITH_METASTASES = (
    (8900, 8921), (8959, 8964), (8970, 8970), (9060, 9105), (9180, 9195), (9260, 9260), (9364, 9365), (9470, 9474), (9490, 9510),
)  # fmt: skip
_CURABLE = ((9650, 9667), (9678, 9680), (9684, 9684), (9687, 9688), (9811, 9818), (9835, 9837), (9866, 9866))


@dataclass(frozen=True, slots=True)
class Derived:
    """A value and the rule that gives it."""

    value: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Course:
    """What the rules ask of a course."""

    start: dt.date
    last: dt.date
    hormonal: bool
    tumours: frozenset[str] = frozenset()
    """Keys of the tumours that it is for."""
    first: bool = True
    """No other course began before."""


def surgery_days(context: Context) -> list[dt.date]:
    """Days of the patient's cancer surgeries, of those that are not palliative."""
    found = [
        day.date for view in context.entities(SURGERY)
        if view.payload.get("intent") != "palliative" and (day := parse_day(view.payload.get("date"))) is not None
    ]  # fmt: skip
    return sorted(found)


def derived_role(course: Course, context: Context) -> Derived | None:
    """Neoadjuvant or adjuvant by its place beside the only primary's surgery; nothing if the disease is metastatic."""
    if len(primaries(context)) != 1 or _metastatic(course, context):
        return None
    after = any(day - _BEFORE <= course.last < day for day in surgery_days(context))
    before = any(day <= course.start <= day + _AFTER for day in surgery_days(context))
    if after and not before and not course.hormonal:
        return Derived(
            NEOADJUVANT,
            "neoadjuvant-before-surgery",
            "No role is stated: surgery follows the therapy within four months.",
        )
    if before and not after:
        return Derived(
            ADJUVANT, "adjuvant-after-surgery", "No role is stated: the therapy begins within six months after surgery."
        )
    return None


def derived_intent(course: Course, role: str | None, context: Context) -> Derived | None:
    """See the module's rules."""
    if role in (NEOADJUVANT, ADJUVANT):
        text = "Adjuvant and neoadjuvant therapy is given with curative intent."
        return Derived("curative", "curative-because-adjuvant", text)
    if not _solid(context):
        return _by_neoplasm(course, context)
    if _metastatic(course, context):
        if _curable_with_metastases(context):
            return None
        value: Intent = "palliative"
        text = "No intent is stated: systemic therapy of a solid tumour with distant metastases is palliative."
        return Derived(value, "palliative-because-metastatic", text)
    if not course.hormonal and _stated_stage(course, context, _LOCAL):
        text = "No intent is stated: systemic therapy of a solid tumour without distant metastases (M0) aims at cure."
        return Derived("curative", "curative-because-localised", text)
    return None


def _by_neoplasm(course: Course, context: Context) -> Derived | None:
    """By the kind of the only haematological neoplasm that the course is for."""
    views = [view for view in context.entities(TUMOUR) if view.key in course.tumours or not course.tumours]
    kinds = {number for view in views if (number := morphology_of(view)) is not None}
    if not kinds or not all(map(is_haematological, views)):
        return None
    if all(any(first <= kind <= last for first, last in _CHRONIC) for kind in kinds):
        text = "No intent is stated: this haematological neoplasm is not cured by drugs."
        return Derived("palliative", "palliative-because-chronic", text)
    if course.first and all(any(first <= kind <= last for first, last in _CURABLE) for kind in kinds):
        text = "No intent is stated: the first therapy of this haematological neoplasm aims at cure."
        return Derived("curative", "curative-because-first-therapy", text)
    return None


def _solid(context: Context) -> bool:
    views = context.entities(TUMOUR)
    return bool(views) and not any(map(is_haematological, views))


def _curable_with_metastases(context: Context) -> bool:
    """Germ cell tumours and the embryonal tumours and sarcomas of childhood (ESMO, COG): no stage tells the intent."""
    kinds = [number for view in context.entities(TUMOUR) if (number := morphology_of(view)) is not None]
    return any(first <= kind <= last for kind in kinds for first, last in _CURABLE_WITH_METASTASES)


def _metastatic(course: Course, context: Context) -> bool:
    if len(primaries(context)) > 1:
        return False
    return any(
        _known_by(view, "assertionDate", course.start)
        for view in context.entities(TUMOUR) if view.payload.get("relationship") == "metastatic"
    ) or _stated_stage(course, context, _METASTATIC)  # fmt: skip


def _known_by(view: EntityView, field: str, start: dt.date) -> bool:
    day = parse_day(view.payload.get(field))
    return day is not None and day.date <= start + _WORK_UP


def _stated_stage(course: Course, context: Context, pattern: re.Pattern[str]) -> bool:
    """The latest staging before the course says so."""
    known: Sequence[EntityView] = [
        view for kind in (TNM, FIGO) for view in context.entities(kind)
        if not view.blocked and _known_by(view, "date", course.start)
    ]  # fmt: skip
    latest = max(known, key=lambda view: (str(view.payload.get("date")), view.key), default=None)
    if latest is None:
        return False
    parts = [latest.payload.get(name) for name in ("distantMetastases", "stage")]
    return any(isinstance(part, dict) and pattern.search(str(part.get("display"))) is not None for part in parts)
