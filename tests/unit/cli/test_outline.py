"""A case in a clinician's order, and how it is printed."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from mapper_records import (
    ICD_10_CM,
    LOINC,
    administration,
    concept,
    condition,
    mapped,
    observation,
    patient,
)
from rich.console import Console

from gateway.cli.outlines import show_mapping
from gateway.outline import Line, Section, outline
from mappers.protocol import Draft, Issue, Severity
from mappers.record import MappingResult

CEA, ECOG = (LOINC, "2039-6"), (LOINC, "89247-1")


def _marker(number: int, **more: Any) -> dict[str, Any]:
    value = {"value": number, "unit": "ng/mL", "system": "http://unitsofmeasure.org", "code": "ng/mL"}
    return observation(f"m{number}", CEA, effectiveDateTime=f"2024-03-{number:02}", valueQuantity=value, **more)


def _told(sections: list[Section]) -> list[tuple[str, list[str]]]:
    return [
        (section.head.kind if section.head else "", [line.draft.kind for line in section.lines]) for section in sections
    ]


def _printed(result: MappingResult, width: int = 100, **more: Any) -> str:
    console = Console(file=StringIO(), width=width, highlight=False)
    show_mapping(console, [result], **more)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_the_person_first_then_each_tumour_with_what_belongs_to_it_in_time() -> None:
    result = mapped(
        patient(),
        condition("c", onsetDateTime="2024-02-05"),
        condition("d", "C61", onsetDateTime="2020-01-01"),
        condition("m", "C79.51", onsetDateTime="2024-06-01",
                  extension=[{"url": "http://hl7.org/fhir/StructureDefinition/condition-related",
                              "valueReference": {"reference": "Condition/c"}}]),
        observation("e", ECOG, valueInteger=1),
        _marker(1, focus=[{"reference": "Condition/c"}]),
        administration("a", ("583214", "paclitaxel"), "2024-02-20"),
    )  # fmt: skip
    sections = outline(result.drafts)
    assert _told(sections) == [
        ("PatientCase", ["PerformanceStatus"]),
        ("NeoplasticEntity", []),
        ("NeoplasticEntity", ["SystemicTherapy", "TumorMarker", "NeoplasticEntity"]),
    ]
    (therapy, *_) = sections[2].lines
    assert [child.draft.kind for child in therapy.children] == ["SystemicTherapyMedication"]


def test_what_concerns_several_tumours_stands_by_itself() -> None:
    tumours = ("NeoplasticEntity:1", "NeoplasticEntity:2")
    drafts = [Draft("NeoplasticEntity", key, {"assertionDate": "2024-01-01"}) for key in tumours]
    drafts.append(Draft("TumorMarker", "TumorMarker:1", {}, references={"relatedEntitiesIds": tumours}))
    assert _told(outline(drafts)) == [("NeoplasticEntity", []), ("NeoplasticEntity", []), ("", ["TumorMarker"])]


def test_what_an_entity_names_is_told_beside_it() -> None:
    therapy = Draft("SystemicTherapy", "SystemicTherapy:1", {"intent": "curative"})
    event = Draft("AdverseEvent", "AdverseEvent:1", {"grade": 2})
    cause = Draft(
        "AdverseEventSuspectedCause", "AdverseEventSuspectedCause:1", {},
        references={"adverseEventId": event.key, "systemicTherapyId": therapy.key},
    )  # fmt: skip
    assert "→ systemic therapy curative" in _printed(MappingResult("Patient/p", (therapy, event, cause)))


def test_recurrences_in_a_circle_end() -> None:
    drafts = [
        Draft(
            "NeoplasticEntity",
            f"NeoplasticEntity:{one}",
            {},
            references={"relatedPrimaryId": f"NeoplasticEntity:{two}"},
        )
        for one, two in ("ab", "ba")
    ]
    sections = outline(drafts)
    assert sum(len(section.lines) + 1 for section in sections) == 2


def test_a_long_series_is_told_by_its_ends_unless_something_is_open() -> None:
    result = mapped(patient(), condition(), *(_marker(number) for number in range(1, 9)))
    (_, tumour) = outline(result.drafts)
    assert [line.skipped for line in tumour.lines] == [6, 0]
    open_ = Issue("missing-required", "value", Severity.BLOCKING, "it has none")
    drafts = [Draft("TumorMarker", f"TumorMarker:{number}", {}, issues=(open_,)) for number in range(8)]
    assert len(outline(drafts)[0].lines) == 8


def test_a_child_whose_parent_is_not_there_is_shown_all_the_same() -> None:
    child = Draft("SystemicTherapyMedication", "SystemicTherapyMedication:1", {}, references={"systemicTherapyId": "x"})
    assert [section.lines for section in outline([child])] == [[Line(child)]]


@pytest.mark.parametrize("width", [80, 120])
def test_the_page_of_a_patient(width: int) -> None:
    result = mapped(
        patient(), condition(code=concept(ICD_10_CM, "C50.412", "Malignant neoplasm of breast")),
        administration("a", ("583214", "paclitaxel"), "2024-02-20"),
        administration("b", ("999999", "unheard of"), "2024-02-20"),
        observation("e", ECOG, valueInteger=7), {"resourceType": "Encounter", "id": "v", "subject": {"reference": "Patient/p"}},
    )  # fmt: skip
    page = _printed(result, width)
    assert "✓ Patient Female, alive" in page
    assert "Tumour 2024-02-05 primary" in page
    assert "✗ 2024-02-12 performance status" in page
    assert "not-applicable no mapper" in page
    assert all(len(line) <= width for line in page.splitlines() if not line.startswith("  "))
    for personal in ("M-1", "1960-02-03", "Test Centre"):
        assert personal not in page
    assert "← Condition/c" not in page
    assert "← Condition/c" in _printed(result, width, sources=True)


def test_an_unmapped_code_is_named_and_a_text_is_not() -> None:
    def draft(*codings: tuple[str, str, str]) -> Draft:
        issue = Issue("unmapped-code", "analyte", Severity.BLOCKING, "map it", None, codings, "TumorMarkerAnalyte")
        return Draft("TumorMarker", "TumorMarker:1", {}, issues=(issue,))

    coded = _printed(MappingResult("Patient/p", (draft(("http://a.example/lab", "X1", "Marker X")),)))
    assert "analyte: no concept of POP's TumorMarkerAnalyte for lab X1 «Marker X»" in coded
    text = _printed(MappingResult("Patient/p", (draft(("", "", "Jane Doe's marker")),)))
    assert "Jane" not in text
    assert "analyte: map it" in text
