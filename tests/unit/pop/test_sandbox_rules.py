"""What the sandbox POP computes, where no transcript reaches: all recorded units, variants, therapy lines, cascades, odd dates."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from adapters.sandbox.pop import hgvs, units
from adapters.sandbox.pop.reading import Reader
from adapters.sandbox.pop.records import Records
from adapters.sandbox.pop.refusals import ServerError
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]


def test_every_recorded_unit_is_known_in_its_order(shared: Path) -> None:
    measures = json.loads((shared / "pop/measures.json").read_text(encoding="utf-8"))
    for name, facts in measures.items():
        assert list(units.units(name)) == facts["units"]
        assert units.standard_unit(name) == facts["defaultUnit"]


def test_every_recorded_roundtrip_comes_back_with_its_mistakes(shared: Path) -> None:
    recorded = json.loads((shared / "pop/measures-roundtrip.json").read_text(encoding="utf-8"))["roundtrips"]
    wrong = [
        each
        for each in recorded
        if not math.isclose(
            units.shown(
                each["measure"],
                units.standard(each["measure"], each["written"]["value"], each["written"]["unit"]),
                each["read"]["unit"],
            ),
            each["read"]["value"],
            rel_tol=1e-12,
        )
    ]
    assert len(recorded) > 600
    assert not wrong


def test_descriptions_write_lengths_and_masses_as_they_are_and_others_with_two_decimals() -> None:
    assert units.written("Distance", 1.7526, "m") == "1.7526 m"
    assert units.written("Mass", 79.83225712, "kg") == "79.83225712 kg"
    assert units.written("Distance", 2, "m") == "2.0 m"
    assert units.written("Temperature", 36.8889, "celsius") == "36.89 celsius"
    assert units.written("MassPerArea", 25.98987, "kg__square_meter") == "25.99 kg/m²"


@pytest.mark.parametrize(
    ("text", "change", "position", "span", "length"),
    [
        ("NM_005228.5:c.2573T>G", "substitution", 2573, None, 1),
        ("NM_005228.5:c.2235_2249del", "deletion", None, {"start": 2235, "end": 2249}, 15),
        ("NM_005228.5:c.2237_2255delinsT", "deletion-insertion", None, {"start": 2237, "end": 2255}, 19),
        ("NM_004448.4:c.2313_2324dup", "duplication", None, {"start": 2313, "end": 2324}, 12),
        ("NM_000546.6:c.672+1G>A", "substitution", None, None, None),
        # Without a reference sequence POP finds no position.
        ("c.35G>A", "substitution", None, None, None),
    ],
)
def test_dna_expressions_are_read(
    text: str, change: str, position: int | None, span: JsonObject | None, length: int | None
) -> None:
    found = hgvs.read({"dnaHgvs": text, "genes": []})
    assert found["dnaChangeType"] == change
    assert found["dnaChangePosition"] == position
    assert found["dnaChangePositionRange"] == span
    assert found["nucleotidesLength"] == length


@pytest.mark.parametrize(
    ("text", "change", "amino"),
    [
        ("NP_005219.2:p.Leu858Arg", "missense", "Leu858Arg"),
        ("p.(Arg1443Ter)", "nonsense", "Arg1443Ter"),
        ("p.Glu746_Ala750del", "deletion", "Glu746_Ala750del"),
        ("p.Gln1756ProfsTer74", "frameshift", "Gln1756ProfsTer74"),
        ("p.Leu858=", "silent", "Leu858="),
        ("p.?", "unknown", None),
    ],
)
def test_protein_expressions_are_read(text: str, change: str, amino: str | None) -> None:
    assert hgvs.protein_change(text) == change
    assert hgvs.amino_acids(text) == amino


class Case:
    """A case in an empty POP."""

    def __init__(self) -> None:
        self.terms = Terms()
        self.entities = Entities()
        self.records = Records(self.entities, self.terms)
        self.reader = Reader(self.entities, self.terms)
        self.id = self.write(
            "patient-cases",
            clinicalCenter="T", clinicalIdentifier="1", gender=self.first("AdministrativeGender"), dateOfBirth="1960-01-01",
            vitalStatus="alive",
        )  # fmt: skip

    def first(self, name: str, place: int = 0) -> JsonObject:
        """A concept of a packaged list."""
        return {key: self.terms.concepts(name)[place][key] for key in ("code", "system")}

    def write(self, collection: str, *, parent: str | None = None, **body: Any) -> str:
        """Create an entity; returns its id."""
        owner = {} if parent is not None or collection == "patient-cases" else {"caseId": self.id}
        return str(self.records.create(collection, {**owner, **body}, user="u", parent=parent)[1]["id"])

    def therapy(self, start: str, *drugs: int, **more: Any) -> str:
        """A palliative therapy with drugs of the packaged list, which rewrites the lines once more."""
        body = {"period": {"start": start}, "intent": "palliative", **more}
        identity = self.write("systemic-therapies", **body)
        for drug in drugs:
            path = "systemic-therapies/{systemicTherapyId}/medications"
            self.write(path, parent=identity, drug=self.first("AntineoplasticAgent", drug))
        row = self.entities.get("systemic-therapies", identity)
        assert row is not None
        self.records.update("systemic-therapies", row, {**body, "caseId": self.id}, user="u")
        return identity

    def lines(self) -> dict[str, str]:
        """Start of each therapy → label of its line."""
        names = {
            line["id"]: f"{line['intent']} {line['ordinal']}" for line in self.entities.owned("therapy-lines", self.id)
        }
        therapies = self.entities.owned("systemic-therapies", self.id)
        return {each["period"]["start"]: names[each["therapyLineId"]] for each in therapies}

    def tumour(self, **more: Any) -> str:
        """A tumour."""
        body = {
            "relationship": "primary", "assertionDate": "2020-01-01", "topography": self.first("CancerTopography"),
            "morphology": self.first("CancerMorphology"),
        }  # fmt: skip
        return self.write("neoplastic-entities", **{**body, **more})


def test_a_new_drug_opens_a_line_and_a_known_one_does_not() -> None:
    case = Case()
    case.therapy("2020-01-01", 0, 1)
    case.therapy("2020-06-01", 1)
    case.therapy("2021-01-01", 2)
    assert case.lines() == {
        "2020-01-01": "palliative 1", "2020-06-01": "palliative 1", "2021-01-01": "palliative 2",
    }  # fmt: skip


def test_intents_are_counted_by_themselves() -> None:
    case = Case()
    case.therapy("2020-01-01", 0, intent="curative")
    case.therapy("2021-01-01", 1)
    assert case.lines() == {"2020-01-01": "curative 1", "2021-01-01": "palliative 1"}


def test_a_tumour_takes_its_metastases_along_and_leaves_relations() -> None:
    case = Case()
    primary = case.tumour()
    case.tumour(relationship="metastatic", relatedPrimaryId=primary)
    other = case.tumour()
    therapy = case.write(
        "systemic-therapies",
        period={"start": "2020-01-01"},
        intent="curative",
        targetedEntitiesIds=[primary, other],
    )
    row = case.entities.get("neoplastic-entities", primary)
    assert row is not None
    case.records.delete("neoplastic-entities", row, user="u")
    assert [each["id"] for each in case.entities.owned("neoplastic-entities", case.id)] == [other]
    left = case.entities.get("systemic-therapies", therapy)
    assert left is not None
    assert left["targetedEntitiesIds"] == [other]


@pytest.mark.parametrize("end", ["9999-12-30", "9999-12-31"])
def test_a_therapy_that_ends_after_all_time_is_stored_and_blocks_its_case(end: str) -> None:
    case = Case()
    for _ in range(2):
        with pytest.raises(ServerError):
            case.write("systemic-therapies", period={"start": "2020-01-01", "end": end}, intent="curative")
    assert len(case.entities.owned("systemic-therapies", case.id)) == 2


def test_a_day_that_cannot_be_shifted_is_poison_for_anonymised_reads_alone() -> None:
    case = Case()
    vitals = case.entities.get("vitals", case.write("vitals", date="0001-01-01"))
    assert vitals is not None
    assert case.reader.read("vitals", vitals, anonymised=False)["date"] == "0001-01-01"
    with pytest.raises(ServerError):
        case.reader.read("vitals", vitals, anonymised=True)


def test_a_tumour_from_before_the_birth_is_poison_for_the_anonymised_case() -> None:
    case = Case()
    case.tumour(assertionDate="1950-01-01")
    row = case.entities.get("patient-cases", case.id)
    assert row is not None
    assert case.reader.read("patient-cases", row, anonymised=False)["ageAtDiagnosis"] == -10
    with pytest.raises(ServerError):
        case.reader.read("patient-cases", row, anonymised=True)
