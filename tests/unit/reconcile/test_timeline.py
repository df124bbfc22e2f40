"""Nothing before the birth: POP could show such a case to nobody who reads anonymised."""

from __future__ import annotations

import pytest

from adapters.pop.errors import PopContract
from gateway.reconcile.timeline import Timeline

BORN = ("c", "PatientCase", {"dateOfBirth": "1960-05-17"})
FOUND = ("t", "NeoplasticEntity", {"assertionDate": "2020-03-09"})


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("NeoplasticEntity", {"assertionDate": "1960-04-30"}, "assertionDate"),
        ("SystemicTherapy", {"period": {"start": "1950-01-01"}}, "period.start"),
        ("TumorMarker", {"date": "1959-12-31"}, "date"),
        ("PatientCase", {"dateOfBirth": "2020-04-01"}, "dateOfBirth"),
    ],
)
def test_a_day_before_the_birth_and_a_birth_after_a_diagnosis_are_refused(
    kind: str, body: dict[str, object], field: str
) -> None:
    with pytest.raises(PopContract, match=r"birth|diagnosis") as raised:
        Timeline.of([BORN, FOUND]).check(kind, body)
    assert raised.value.fields == (field,)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        # POP keeps the month of a birth only.
        ("NeoplasticEntity", {"assertionDate": "1960-05-01"}),
        ("SystemicTherapy", {"period": {"start": "2020-01-01", "end": None}}),
        ("PatientCase", {"dateOfBirth": "2020-03-31"}),
        ("RadiotherapyDosage", {"fractions": 3}),
    ],
)
def test_what_may_have_been_passes(kind: str, body: dict[str, object]) -> None:
    Timeline.of([BORN, FOUND]).check(kind, body)


def test_what_has_gone_or_is_not_known_forbids_nothing() -> None:
    timeline = Timeline.of([BORN, FOUND])
    timeline.gone("t")
    timeline.check("PatientCase", {"dateOfBirth": "2021-01-01"})
    Timeline().check("TumorMarker", {"date": "1900-01-01"})
