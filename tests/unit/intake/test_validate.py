"""Validation: what makes a resource invalid, what only warns, and that no message quotes a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.intake.bindings import CODES, CONCEPTS
from gateway.intake.item import identity, resource_item
from gateway.intake.validate import model, validate

OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}


def _errors(resource: dict[str, Any]) -> list[str]:
    valid, issues = validate(resource)
    errors = [item for item in issues if item["severity"] == "error"]
    assert valid == (not errors)
    return [item["expression"][0] if "expression" in item else "" for item in errors]


def test_a_good_resource_has_no_issues() -> None:
    assert validate(OBSERVATION) == (True, [])


@pytest.mark.parametrize(
    ("change", "element"),
    [
        ({"status": "bogus"}, "Observation.status"),
        ({"status": None}, "Observation.status"),
        ({"effectiveDateTime": "2024-13-01"}, "Observation.effectiveDateTime"),
        ({"component": [{}]}, "Observation.component[0].code"),
        ({"valueQuantity": {"value": "much"}}, "Observation.valueQuantity.value"),
        ({"id": "a b"}, "Observation.id"),
        ({"resourceType": "Observatory"}, "resourceType"),
        ({"resourceType": 7}, "resourceType"),
    ],
)
def test_what_is_wrong_is_named_by_element(change: dict[str, Any], element: str) -> None:
    resource = {key: value for key, value in {**OBSERVATION, **change}.items() if value is not None}
    assert element in _errors(resource)


def test_messages_name_the_kind_and_never_the_value() -> None:
    _, issues = validate({**OBSERVATION, "effectiveDateTime": "born 1970-01-01", "subject": "Jane Doe"})
    told = orjson.dumps(issues).decode()
    assert "1970" not in told
    assert "Jane" not in told
    assert "a text stands here" in told


def test_names_that_no_element_can_have_are_not_told() -> None:
    _, issues = validate({**OBSERVATION, "Jane Doe 1970": 1})
    assert "Jane" not in orjson.dumps(issues).decode()


def test_unknown_elements_warn() -> None:
    valid, issues = validate({**OBSERVATION, "vendorThing": 1, "code": {"text": "x", "extra": 2}})
    assert valid
    assert {(item["severity"], item["expression"][0]) for item in issues} == {
        ("warning", "Observation.vendorThing"),
        ("warning", "Observation.code.extra"),
    }


def test_an_unknown_element_does_not_hide_a_missing_one() -> None:
    assert _errors({"resourceType": "Observation", "vendorThing": 1, "code": {"text": "x"}}) == ["Observation.status"]


def test_an_id_of_a_vendors_own_form_warns() -> None:
    valid, issues = validate({**OBSERVATION, "id": "lab_2024:7"})
    assert valid
    assert [item["severity"] for item in issues] == ["warning"]


def test_types_that_r4b_dropped_are_kept_with_a_warning() -> None:
    valid, issues = validate({"resourceType": "MedicinalProduct", "id": "m"})
    assert valid
    assert issues[0]["severity"] == "warning"


@pytest.mark.parametrize(("resource_type", "element"), [*CODES, *CONCEPTS])
def test_every_binding_is_of_an_element_that_exists(resource_type: str, element: str) -> None:
    found = model(resource_type)
    assert found is not None
    assert element in {field.alias or name for name, field in found.model_fields.items()}


def test_a_nul_character_is_refused() -> None:
    raw = rb'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"a\u0000"}}'
    item = resource_item(orjson.loads(raw), raw, limit=1000)
    assert not item.valid


def test_a_lenient_source_may_leave_out_what_does_not_change_the_meaning() -> None:
    part = {"valueString": "x"}
    told = {"id": "a_b", "resourceType": "Observation", "code": {"text": "x"}, "focus": {"reference": "Condition/c"}}
    resource = {**told, "id": "o", "contained": [told], "component": [part]}
    assert not validate(resource)[0]
    before = orjson.dumps(resource)
    valid, issues = validate(resource, lenient=True)
    assert valid
    assert orjson.dumps(resource) == before
    assert {(item["severity"], item["expression"][0].removeprefix("Observation.")) for item in issues} == {
        ("warning", name)
        for name in (
            "status", "focus", "component[0].code", "contained[0].id", "contained[0].status", "contained[0].focus",
        )
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "element"),
    [
        ({"code": None}, "Observation.code"),
        ({"effectiveDateTime": "2024-13-01"}, "Observation.effectiveDateTime"),
        ({"focus": "Condition/c"}, "Observation.focus"),
        ({"status": "bogus"}, "Observation.status"),
    ],
    ids=["no code", "no date", "no object", "no status of R4"],
)
def test_a_lenient_source_may_not_send_what_nobody_understands(change: dict[str, Any], element: str) -> None:
    whole = {"resourceType": "Observation", "id": "o", "code": {"text": "x"}, "component": [{}], **change}
    valid, issues = validate({key: value for key, value in whole.items() if value is not None}, lenient=True)
    assert not valid
    assert element in {item["expression"][0] for item in issues if item["severity"] == "error"}


def test_what_pop_exports_is_valid_at_a_lenient_source(shared: Path) -> None:
    found = [
        resource for path in sorted((shared / "pop" / "fhir-export").glob("*/*.json"))
        if not path.name.startswith(("INDEX", "Bundle")) and "resourceType" in (resource := orjson.loads(path.read_bytes()))
    ]  # fmt: skip
    assert len(found) > 100
    assert [resource["id"] for resource in found if not validate(resource, lenient=True)[0]] == []


def test_ids_are_never_cut_into_each_other() -> None:
    items = [resource_item({**OBSERVATION, "id": "a" * 300 + end}, b"{}", limit=1000) for end in "xy"]
    assert [item.valid for item in items] == [False, False]


def test_identity_without_an_id_is_the_urn_the_identifier_or_the_content() -> None:
    urn = "urn:uuid:53FEFA32-fcbb-4ff8-8a92-55ee120877b7"
    assert identity({}, b"", urn) == "53fefa32-fcbb-4ff8-8a92-55ee120877b7"
    named = {"resourceType": "Condition", "identifier": [{"system": "s", "value": "1"}]}
    assert identity(named, b"a", None) == identity(named, b"b", None)
    assert identity({}, b"a", None) == identity({}, b"a", None) != identity({}, b"b", None)
