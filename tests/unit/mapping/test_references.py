"""Every form of FHIR reference as one target key."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappers.references import identifier_key, iter_references, literal_key, own_identifier_keys, target_keys

IDS = st.text(alphabet=string.ascii_letters + string.digits + "-.", min_size=1, max_size=64)
TYPES = st.sampled_from(["Patient", "Condition", "MedicationAdministration"])
BASES = st.sampled_from(["https://ehr.example/fhir", "http://10.0.0.1:8080/baseR4", "https://ehr.example/a/b/c"])


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("Patient/1", "Patient/1"),
        ("/Patient/1", "Patient/1"),
        ("Patient/1/_history/7", "Patient/1"),
        ("https://ehr.example/fhir/Patient/1", "Patient/1"),
        ("https://ehr.example/fhir/Patient/1/_history/7", "Patient/1"),
        ("urn:uuid:0C3151BD-1CBF-4D64-B04D-CD9187A4C6E0", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"),
        ("urn:oid:1.2.3.4.5", "urn:oid:1.2.3.4.5"),
        ("Patient?identifier=urn:a|7", identifier_key("Patient", "urn:a", "7")),
        ("Patient?identifier=urn%3Aa%7C7", identifier_key("Patient", "urn:a", "7")),
        ("https://ehr.example/fhir/Patient?identifier=urn:a|7", identifier_key("Patient", "urn:a", "7")),
        ("Patient?identifier=7", identifier_key("Patient", "", "7")),
        ("Patient?identifier=urn:a|", None),
        ("Patient?name=x", None),
        ("Patient?identifier=a|1&active=true", None),
        ("Patient/", None),
        ("just text", None),
        ("", None),
        ("patient/1", None),
        ("http://hl7.org/fhir/ValueSet/x", "ValueSet/x"),
        ("https://ehr.example/some/canonical.html", "https://ehr.example/some/canonical.html"),
    ],
)
def test_literal_forms(reference: str, key: str | None) -> None:
    assert literal_key(reference) == key


def test_known_bases_keep_other_servers_apart() -> None:
    bases = ("https://ehr.example/fhir/",)
    assert literal_key("https://ehr.example/fhir/Patient/1", bases=bases) == "Patient/1"
    other = "https://elsewhere.example/fhir/Patient/1"
    assert literal_key(other, bases=bases) == other
    assert literal_key(other + "/_history/2", bases=bases) == other


def test_contained_and_container() -> None:
    assert literal_key("#med", container="MedicationRequest/1") == "MedicationRequest/1#med"
    assert literal_key("#med", container="MedicationRequest/1#other") == "MedicationRequest/1#med"
    assert literal_key("#", container="MedicationRequest/1#other") == "MedicationRequest/1"
    assert literal_key("#med") is None


def test_a_percent_sign_in_a_conditional_value_is_decoded_once() -> None:
    assert literal_key("Patient?identifier=a|100%2525") == identifier_key("Patient", "a", "100%25")


@given(TYPES, IDS, BASES, IDS)
def test_all_spellings_of_one_resource_have_one_key(kind: str, identity: str, base: str, version: str) -> None:
    relative = f"{kind}/{identity}"
    spellings = [
        relative,
        f"{relative}/_history/{version}",
        f"{base}/{relative}",
        f"{base}/{relative}/_history/{version}",
    ]
    assert {literal_key(each) for each in spellings} == {relative}
    assert {literal_key(each, bases=(base,)) for each in spellings} == {relative}


@given(st.text())
def test_any_text_gives_a_key_or_none(text: str) -> None:
    key = literal_key(text, container="Observation/1")
    assert key is None or (key and not key.isspace())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_any_json_as_a_reference_gives_keys(value: object) -> None:
    assert isinstance(target_keys(value), tuple)  # type: ignore[arg-type]
    assert isinstance(list(iter_references(value)), list)


@given(TYPES, st.text(min_size=1), st.text(min_size=1))
def test_a_logical_reference_meets_the_identifier_of_its_target(kind: str, system: str, value: str) -> None:
    identifier = {"system": system, "value": value}
    own = own_identifier_keys({"resourceType": kind, "identifier": [identifier]})
    assert set(target_keys({"identifier": identifier, "type": kind})) <= set(own)
    assert set(target_keys({"identifier": identifier})) <= set(own)
    other = target_keys({"identifier": identifier, "type": "Location"})
    assert not set(other) & set(own)


def test_the_literal_reference_comes_before_the_identifier() -> None:
    keys = target_keys({"reference": "Patient/1", "type": "Patient", "identifier": {"system": "a", "value": "1"}})
    assert keys == ("Patient/1", identifier_key("Patient", "a", "1"))


def test_identifier_keys_do_not_show_the_value() -> None:
    assert "4711" not in identifier_key("Patient", "a", "4711")


def test_references_are_found_wherever_they_stand() -> None:
    resource = {
        "resourceType": "Observation",
        "id": "1",
        "identifier": {"value": "not a reference"},
        "subject": {"reference": "Patient/1"},
        "performer": [{"reference": "Practitioner/1"}, {"identifier": {"value": "2"}, "type": "Practitioner"}],
        "extension": [{"url": "u", "valueReference": {"reference": "Condition/1"}}],
        "contained": [
            {"resourceType": "Specimen", "id": "s", "identifier": [{"value": "3"}], "subject": {"reference": "#"}}
        ],
    }
    assert [(path, each.get("reference")) for path, each in iter_references(resource)] == [
        ("subject", "Patient/1"), ("performer", "Practitioner/1"), ("performer", None), ("extension", "Condition/1"),
        ("contained", "#"),
    ]  # fmt: skip
