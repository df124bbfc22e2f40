"""What the writes of one case must agree on: nothing lies before the patient's birth.

Poison (observed on POP 1.4.0): a case whose age at diagnosis comes out negative can be read by nobody who reads anonymised, which
is everybody who does not ask otherwise; every anonymised list with it is a 500. POP computes that age from the case's date of
birth and the earliest assertion date of its tumours, so both a late birth and an early diagnosis are refused here. Other days
before the birth are stored by POP, although they cannot be right.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.pop.errors import PopContract
from adapters.pop.kinds import KINDS, JsonObject

CASE, TUMOUR = "PatientCase", "NeoplasticEntity"
#: POP keeps the month of a birth only, as its first day.
MONTH = len("YYYY-MM")


class Timeline:
    """The birth and the diagnoses of one patient, as they stand in POP."""

    def __init__(self) -> None:
        self._birth: str | None = None
        self._diagnoses: dict[str, str] = {}

    @classmethod
    def of(cls, written: Iterable[tuple[str, str, JsonObject]]) -> Timeline:
        """From (key, kind, body last written)."""
        found = cls()
        for key, kind, body in written:
            found.stands(key, kind, body)
        return found

    def stands(self, key: str, kind: str, body: JsonObject) -> None:
        """This body stands in POP now."""
        if kind == CASE:
            self._birth = body.get("dateOfBirth")
        elif kind == TUMOUR and body.get("assertionDate"):
            self._diagnoses[key] = body["assertionDate"]

    def gone(self, key: str) -> None:
        """It stands there no more."""
        self._diagnoses.pop(key, None)

    def check(self, kind: str, body: JsonObject) -> None:
        """Raise PopContract, naming the field, for a day before the birth, or a birth after a diagnosis."""
        if kind == CASE:
            first = min(self._diagnoses.values(), default=None)
            born = body.get("dateOfBirth")
            if first is not None and born is not None and first[:MONTH] < born[:MONTH]:
                raise PopContract(
                    f"{kind}.dateOfBirth: lies after a diagnosis that stands in POP (poison: every anonymised list with this case "
                    "would fail)",
                    fields=("dateOfBirth",),
                )
            return
        for field, day in _days(kind, body):
            if self._birth is not None and day[:MONTH] < self._birth[:MONTH]:
                raise PopContract(f"{kind}.{field}: lies before the patient's birth", fields=(field,))


def _days(kind: str, body: JsonObject) -> list[tuple[str, str]]:
    found = [(field, body[field]) for field in KINDS[kind].dates if isinstance(body.get(field), str)]
    period = body.get("period")
    if isinstance(period, dict):
        found += [(f"period.{edge}", period[edge]) for edge in ("start", "end") if isinstance(period.get(edge), str)]
    return found
