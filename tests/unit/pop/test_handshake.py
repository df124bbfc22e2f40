"""The handshake: each way in which a server's contract can differ, derived from its document alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.pop.document import document
from adapters.pop.errors import PopContract
from adapters.pop.handshake import handshake
from adapters.pop.kinds import KINDS, packaged_contract
from adapters.pop.release import Release

JsonObject = dict[str, Any]

TNM = ("primaryTumor", "regionalNodes", "distantMetastases", "residualTumor", "lymphaticInvasion", "venousInvasion",
       "perineuralInvasion", "serumTumorMarkerLevel")  # fmt: skip


def properties(served: JsonObject, kind: str) -> JsonObject:
    found: JsonObject = served["components"]["schemas"][f"{kind}Create"]["properties"]
    return found


def changed(change: Callable[[JsonObject], object]) -> Release:
    """The handshake with a server of the packaged release after a change of its document."""
    served = document(packaged_contract())
    change(served)
    return handshake(served)


def test_the_packaged_release_differs_in_nothing() -> None:
    found = changed(lambda _: None)
    assert (found.kinds, found.refused, found.degraded) == ({}, {}, {})
    assert found.version == packaged_contract()["release"]


def test_release_1_0_0_differs_in_four_kinds(shared: Path) -> None:
    found = handshake(json.loads((shared / "pop" / "openapi-1.0.0.json").read_text()))
    assert found.version == "1.0.0"
    assert found.kinds.keys() == {"TNMStaging", "GenomicVariant", "FamilyHistory", "MolecularTumorBoard"}
    assert found.of("TNMStaging").renamed == {name: name.lower() for name in TNM}
    assert found.degraded == {"FamilyHistory": ("isDeceased",), "GenomicVariant": ("source",)}
    assert found.of("MolecularTumorBoard").filled == ("reviewedReports",)
    assert found.refused == {}


def test_release_1_4_0_is_the_packaged_one(shared: Path) -> None:
    found = handshake(json.loads((shared / "pop" / "openapi-1.4.0.json").read_text()))
    assert (found.kinds, found.version) == ({}, "1.4.0")


def test_a_spelling_is_translated_both_ways() -> None:
    def lower(served: JsonObject) -> None:
        fields = properties(served, "TNMStaging")
        fields["primarytumor"] = fields.pop("primaryTumor")

    found = changed(lower)
    body = {"caseId": "1", "primaryTumor": {"code": "x"}, "stage": {"code": "y"}}
    wire = {"caseId": "1", "primarytumor": {"code": "x"}, "stage": {"code": "y"}}
    assert found.encode("TNMStaging", body) == wire
    assert found.decode("TNMStaging", wire) == body
    assert found.encode("Vitals", body) == body


def test_two_spellings_of_one_name_are_not_guessed() -> None:
    def both(served: JsonObject) -> None:
        fields = properties(served, "TNMStaging")
        fields["primarytumor"] = fields["PrimaryTumor"] = fields.pop("primaryTumor")

    found = changed(both).of("TNMStaging")
    assert found.renamed == {}
    assert found.absent == ("primaryTumor",)
    assert found.unknown == ("PrimaryTumor", "primarytumor")


def test_what_would_be_lost_is_told_and_never_sent_unnoticed() -> None:
    found = changed(lambda served: properties(served, "FamilyHistory").pop("isDeceased"))
    assert found.degraded == {"FamilyHistory": ("isDeceased",)}
    body = {"caseId": "1", "isDeceased": False}
    with pytest.raises(PopContract, match=r"FamilyHistory\.isDeceased: .* lost silently"):
        found.encode("FamilyHistory", body)
    kept, lost = found.reduced("FamilyHistory", body)
    assert (kept, lost) == ({"caseId": "1"}, ("isDeceased",))
    assert found.encode("FamilyHistory", kept) == {"caseId": "1"}
    assert found.reduced("FamilyHistory", {"caseId": "1", "isDeceased": None}) == (
        {"caseId": "1", "isDeceased": None},
        (),
    )
    assert found.encode("FamilyHistory", {"caseId": "1", "isDeceased": None}) == {"caseId": "1"}


def test_a_list_that_only_the_server_requires_is_sent_empty() -> None:
    def demand(served: JsonObject) -> None:
        served["components"]["schemas"]["MolecularTumorBoardCreate"]["required"].append("reviewedReports")

    found = changed(demand)
    assert found.encode("MolecularTumorBoard", {"caseId": "1"}) == {"caseId": "1", "reviewedReports": []}
    assert found.encode("MolecularTumorBoard", {"reviewedReports": ["a"]}) == {"reviewedReports": ["a"]}


def test_a_value_that_only_the_server_requires_is_demanded_of_each_draft() -> None:
    def demand(served: JsonObject) -> None:
        served["components"]["schemas"]["GenomicVariantCreate"]["required"].append("dnaHgvs")

    found = changed(demand)
    assert found.degraded == {"GenomicVariant": ("any without dnaHgvs",)}
    with pytest.raises(PopContract, match=r"GenomicVariant\.dnaHgvs: .* requires it"):
        found.encode("GenomicVariant", {"caseId": "1"})


def test_a_value_that_the_server_does_not_know_is_not_sent() -> None:
    found = changed(lambda served: properties(served, "AdverseEvent")["outcome"]["enum"].remove("fatal"))
    assert found.degraded == {"AdverseEvent": ("outcome = fatal",)}
    assert found.encode("AdverseEvent", {"outcome": "resolved"}) == {"outcome": "resolved"}
    with pytest.raises(PopContract, match=r"AdverseEvent\.outcome: .* value fatal"):
        found.encode("AdverseEvent", {"outcome": "fatal"})


def test_fields_of_a_newer_server_are_known_by_name() -> None:
    found = changed(lambda served: properties(served, "Vitals").update(pulse={"type": "integer"}))
    assert found.of("Vitals").unknown == ("pulse",)
    assert (found.refused, found.degraded) == ({}, {})


def _require(served: JsonObject) -> None:
    properties(served, "Vitals")["method"] = {"type": "string"}
    served["components"]["schemas"]["VitalsCreate"]["required"].append("method")


def _move(served: JsonObject) -> None:
    served["paths"]["/api/v2/vitals"] = served["paths"].pop("/api/v1/vitals")


REFUSALS: dict[str, tuple[Callable[[JsonObject], object], str, str]] = {
    "kind gone": (lambda d: d["components"]["schemas"].pop("VitalsCreate"), "Vitals", "does not have this kind"),
    "collection gone": (lambda d: d["paths"].pop("/api/v1/vitals"), "Vitals", "cannot be read"),
    "collection moved": (_move, "Vitals", "its collection is"),
    "new required field": (_require, "Vitals", "requires method"),
    "type": (lambda d: properties(d, "Vitals").update(height={"type": "number"}), "Vitals", "height is number, not Measure"),
    "list": (lambda d: properties(d, "GenomicVariant").update(genes={"$ref": "#/components/schemas/CodedConcept"}),
             "GenomicVariant", r"genes is CodedConcept, not CodedConcept\[\]"),
    "case reference gone": (lambda d: properties(d, "Vitals").pop("caseId"), "Vitals", "lacks caseId"),
    "identity gone": (lambda d: properties(d, "Vitals").pop("externalSourceId"), "Vitals", "lacks externalSourceId"),
    "discriminator gone": (lambda d: properties(d, "FIGOStaging").pop("stagingDomain"), "FIGOStaging", "lacks stagingDomain"),
    "constant": (lambda d: properties(d, "FIGOStaging")["stagingDomain"].update(const="figo2018"), "FIGOStaging",
                 "stagingDomain is figo2018, not figo"),
    "value list": (lambda d: properties(d, "Surgery")["procedure"].update({"x-terminology": "Other"}), "Surgery",
                   "takes its concepts from Other, not SurgicalProcedure"),
    "unit": (lambda d: properties(d, "Vitals")["height"].update({"x-default-unit": "ft"}), "Vitals",
             r"height is measured in ft \(Distance\), not m"),
    "default": (lambda d: properties(d, "PatientCase")["vitalStatus"].update(default="alive"), "PatientCase",
                "vitalStatus means alive where it is left out"),
    "unreadable": (lambda d: properties(d, "Vitals").update(height={"oneOf": [{"type": "string"}, {"type": "number"}]}),
                   "Vitals", "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(REFUSALS))
def test_a_kind_that_is_not_understood_is_refused_alone(case: str) -> None:
    change, kind, reason = REFUSALS[case]
    found = changed(change)
    assert found.refused.keys() == {kind}
    with pytest.raises(PopContract, match=rf"{kind}: .*{reason}"):
        found.encode(kind, {})


def test_an_object_of_other_fields_refuses_every_kind_that_has_it() -> None:
    def rename(served: JsonObject) -> None:
        fields = served["components"]["schemas"]["Measure"]["properties"]
        fields["magnitude"] = fields.pop("value")

    found = changed(rename)
    assert found.refused.keys() == {kind.name for kind in KINDS.values() if kind.measures}


def test_a_parent_of_another_name_in_the_path_is_no_difference() -> None:
    def rename(served: JsonObject) -> None:
        paths = served["paths"]
        paths["/api/v1/systemic-therapies/{therapyId}/medications"] = paths.pop(
            "/api/v1/systemic-therapies/{systemicTherapyId}/medications"
        )

    assert changed(rename).refused == {}


@pytest.mark.parametrize(
    "answer", [{}, {"openapi": "3.1.0", "info": {}, "paths": {}, "components": {}}, {"detail": "no"}]
)
def test_what_is_no_contract_of_a_pop_is_refused_as_a_whole(answer: JsonObject) -> None:
    with pytest.raises(PopContract, match="cannot be read"):
        handshake(answer)


def test_a_server_without_clinical_kinds_is_no_pop() -> None:
    empty = {"openapi": "3.1.0", "info": {"version": "1"}, "paths": {}, "components": {"schemas": {}}}
    with pytest.raises(PopContract, match="none of POP's clinical kinds"):
        handshake(empty)


@pytest.mark.parametrize("case", sorted(REFUSALS))
def test_a_release_survives_the_store(case: str) -> None:
    found = changed(REFUSALS[case][0])
    assert Release.from_json(json.loads(json.dumps(found.as_json()))) == found
    assert found.digest not in ("", changed(lambda _: None).digest)
