"""The three-way merge: people's edits in POP win, and a conflict is told."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.pop.compare import changed_fields
from gateway.reconcile.merge import merge

JsonObject = dict[str, Any]

LEFT = {"system": "http://snomed.info/sct", "code": "7771000", "display": "Left"}
RIGHT = {"system": "http://snomed.info/sct", "code": "24028007", "display": "Right"}
CASE: JsonObject = {
    "clinicalCenter": "Hospital",
    "clinicalIdentifier": "1",
    "gender": {"system": "http://hl7.org/fhir/administrative-gender", "code": "female"},
    "dateOfBirth": "1970-05-17",
    "vitalStatus": "alive",
    "externalSource": "EHR",
    "externalSourceId": "PatientCase:Patient/p",
}
TUMOUR: JsonObject = {"caseId": "c", "relationship": "primary", "assertionDate": "2024-01-01", "laterality": LEFT}


def read(body: JsonObject) -> JsonObject:
    """A body as POP reads it back: technical fields, list additions, nulls."""
    shown = {"id": "x", "createdBy": "gateway", "updatedBy": None, "description": "…", **body}
    for name, value in body.items():
        if isinstance(value, dict) and "code" in value:
            shown[name] = {**value, "version": "1", "synonyms": [value.get("display")], "properties": None}
    return shown


def test_only_a_person_changed_a_field_it_is_kept() -> None:
    found = merge(
        "NeoplasticEntity",
        base=TUMOUR,
        current=read({**TUMOUR, "laterality": RIGHT}),
        desired={**TUMOUR, "assertionDate": "2024-02-02"},
    )
    assert found.body["laterality"] == RIGHT, "a concept is written without what POP adds to it"
    assert found.body["assertionDate"] == "2024-02-02"
    assert (found.kept, found.conflicts, found.needed) == (("laterality",), (), True)


def test_only_the_source_changed_a_field_it_is_ours() -> None:
    found = merge("NeoplasticEntity", base=TUMOUR, current=read(TUMOUR), desired={**TUMOUR, "laterality": RIGHT})
    assert found.body["laterality"] == RIGHT
    assert (found.kept, found.conflicts, found.needed) == ((), (), True)


def test_both_changed_a_field_the_persons_value_stands_and_it_is_a_conflict() -> None:
    found = merge(
        "NeoplasticEntity",
        base=TUMOUR,
        current=read({**TUMOUR, "assertionDate": "2024-03-03"}),
        desired={**TUMOUR, "assertionDate": "2024-02-02"},
    )
    assert found.body["assertionDate"] == "2024-03-03"
    assert (found.kept, found.conflicts, found.needed) == ((), ("assertionDate",), False)


def test_both_changed_a_field_to_the_same_value_nothing_is_to_be_asked() -> None:
    changed = {**TUMOUR, "laterality": RIGHT}
    found = merge("NeoplasticEntity", base=TUMOUR, current=read(changed), desired=changed)
    assert (found.kept, found.conflicts, found.needed) == ((), (), False)


def test_a_field_that_a_person_emptied_stays_empty() -> None:
    emptied = {**TUMOUR, "laterality": None}
    found = merge(
        "NeoplasticEntity",
        base=TUMOUR,
        current=read(emptied),
        desired={**TUMOUR, "assertionDate": "2024-02-02"},
    )
    assert "laterality" not in found.body
    assert found.kept == ("laterality",)


def test_a_field_that_the_source_withdrew_is_emptied_unless_a_person_changed_it() -> None:
    without = {name: value for name, value in TUMOUR.items() if name != "laterality"}
    assert "laterality" not in merge("NeoplasticEntity", base=TUMOUR, current=read(TUMOUR), desired=without).body
    edited = merge("NeoplasticEntity", base=TUMOUR, current=read({**TUMOUR, "laterality": RIGHT}), desired=without)
    assert edited.body["laterality"] == RIGHT
    assert edited.conflicts == ("laterality",)


def test_of_an_adopted_entity_what_is_filled_stands_and_gaps_are_filled() -> None:
    current = {**CASE, "vitalStatus": "unknown", "endOfRecords": "2024-06-01", "dateOfBirth": "1970-04-01"}
    race = {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3"}
    found = merge("PatientCase", base=None, current=read(current), desired={**CASE, "race": race})
    assert found.body["vitalStatus"] == "alive", "POP's unknown is a gap"
    assert found.body["race"] == race
    assert found.body["dateOfBirth"] == "1970-04-01"
    assert found.body["endOfRecords"] == "2024-06-01"
    assert found.needed
    assert found.conflicts == ("dateOfBirth",), "both say something, and not the same"
    assert found.kept == ("endOfRecords",), "the source says nothing of it: no conflict"


def test_the_therapy_line_belongs_to_pop() -> None:
    base = {"caseId": "c", "period": {"start": "2024-01-01"}, "intent": "curative", "targetedEntitiesIds": ["t"]}
    current = read({**base, "therapyLineId": "made-by-pop", "period": {"start": "2024-01-01", "end": None}})
    found = merge("SystemicTherapy", base=base, current=current, desired=base)
    assert (found.kept, found.conflicts, found.needed) == ((), (), False)
    changed = merge(
        "SystemicTherapy", base=base, current=current, desired={**base, "cycles": 4, "therapyLineId": "old"}
    )
    assert "therapyLineId" not in changed.body
    assert changed.needed


BODIES = st.fixed_dictionaries(
    {
        "caseId": st.just("c"),
        "relationship": st.just("primary"),
        "assertionDate": st.dates().map(lambda date: date.isoformat()),
        "topography": st.sampled_from(["C50.4", "C34.1"]).map(lambda code: {"system": "topography", "code": code}),
    },
    optional={"laterality": st.sampled_from([LEFT, RIGHT])},
)


@given(BODIES, BODIES)
def test_where_nobody_else_changed_anything_what_we_want_is_written(base: JsonObject, desired: JsonObject) -> None:
    found = merge("NeoplasticEntity", base=base, current=read(base), desired=desired)
    assert found.body == desired
    assert (found.kept, found.conflicts) == ((), ())
    assert found.needed == bool(changed_fields("NeoplasticEntity", base, desired))


@given(BODIES, BODIES, BODIES)
def test_no_edit_of_a_person_is_ever_overwritten(base: JsonObject, current: JsonObject, desired: JsonObject) -> None:
    found = merge("NeoplasticEntity", base=base, current=read(current), desired=desired)
    edited = changed_fields("NeoplasticEntity", base, current)
    assert not edited & changed_fields("NeoplasticEntity", current, found.body)
    again = merge("NeoplasticEntity", base=desired, current=read(found.body), desired=desired)
    assert not again.needed
    assert not again.conflicts
