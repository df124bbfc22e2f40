from __future__ import annotations

from typing import Any

from mapper_records import administration, assumed, condition, drafts, mapped, patient

from mappers.context import GroupContext
from mappers.engine import MemoryReader
from mappers.protocol import Draft, EntityView, Group, Resource
from mappers.terminology import Terminology
from mappers.therapy_line import TherapyLineMapper

CYCLO, PACLI = ("3002", "cyclophosphamide"), ("56946", "paclitaxel")
ADJUVANT, NOT_TOLERATED, PROGRESSION = {"code": "C2140"}, {"code": "407563006"}, {"code": "LA28370-7"}


def _lines(*views: EntityView, write: bool = True) -> list[dict[str, Any]]:
    owner = Resource("Patient", "p", {"resourceType": "Patient", "id": "p"})
    reader = MemoryReader([owner], patient=owner)
    reader.views.add([_view("PatientCase", "Patient/p"), *views])
    mapper = TherapyLineMapper()
    context = GroupContext(
        reader, terminology=Terminology(), options={"therapy-line.write": write}, requires=mapper.requires
    )
    found = list(mapper.map(Group(mapper.name, "therapy-lines", (owner,)), context))
    return [{"key": each.key, **each.payload} for each in found if isinstance(each, Draft)]


def _view(kind: str, key: str, **payload: Any) -> EntityView:
    return EntityView(kind, f"{kind}:{key}", payload, frozenset(), False)


def _therapy(key: str, start: str, *drugs: str, intent: str = "palliative", **more: Any) -> list[EntityView]:
    therapy = _view("SystemicTherapy", key, period={"start": start}, intent=intent, **more)
    return [therapy, *(_view("SystemicTherapyMedication", f"{key}/{drug}", drug={"code": drug}) for drug in drugs)]


def _progression(day: str) -> EntityView:
    return _view("TreatmentResponse", f"Observation/{day}", date=day, recist=PROGRESSION)


def test_nothing_without_the_switch() -> None:
    assert not drafts(mapped(patient(), condition(), administration("a", CYCLO, "2024-03-01")), "TherapyLine")
    assert _lines(*_therapy("a", "2024-01-01", "C1"), write=False) == []


def test_a_new_drug_opens_a_line_and_the_same_drugs_do_not() -> None:
    found = _lines(
        *_therapy("a", "2024-01-01", "C1", "C2"), *_therapy("b", "2024-06-01", "C1"), *_therapy("c", "2025-01-01", "C3")
    )
    assert [(line["ordinal"], line["key"]) for line in found] == [(1, "TherapyLine:a"), (2, "TherapyLine:c")]


def test_progression_opens_a_line_and_ends_the_one_before() -> None:
    found = _lines(*_therapy("a", "2024-01-01", "C1"), *_therapy("b", "2024-06-01", "C1"), _progression("2024-05-20"))
    assert [(line["ordinal"], line.get("progressionDate")) for line in found] == [(1, "2024-05-20"), (2, None)]


def test_an_adjunctive_therapy_and_a_change_for_intolerance_stay_in_the_line() -> None:
    found = _lines(
        *_therapy("a", "2024-01-01", "C1", intent="curative", terminationReason=NOT_TOLERATED),
        *_therapy("b", "2024-03-01", "C2", intent="curative"),
        *_therapy("c", "2024-09-01", "C3", intent="curative", adjunctiveRole=ADJUVANT),
    )
    assert [line["key"] for line in found] == ["TherapyLine:a"]


def test_lines_of_each_intent_are_counted_apart() -> None:
    found = _lines(*_therapy("a", "2024-01-01", "C1", intent="curative"), *_therapy("b", "2025-01-01", "C2"))
    assert [(line["ordinal"], line["intent"]) for line in found] == [(1, "curative"), (1, "palliative")]


def test_a_course_known_by_its_day_does_not_lend_its_drugs_to_the_first() -> None:
    found = _lines(
        *_therapy("Condition/c", "2024-01-01", "C1"), *_therapy("Condition/c/2024-06-01", "2024-06-01", "C2")
    )
    assert len(found) == 2


def test_lines_of_a_mapped_patient() -> None:
    given = [administration("a", CYCLO, "2024-03-01"), administration("b", PACLI, "2024-09-01")]
    result = mapped(patient(), condition(), *given, therapy_line__write=True)
    found = drafts(result, "TherapyLine")
    assert [line.payload["ordinal"] for line in found] == [1, 2]
    assert assumed(found[0]) == {"line-derived"}
