from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapper_records import (
    CURATIVE,
    ICD_10_CM,
    MCODE,
    OPTIONS,
    SNOMED,
    assumed,
    codes,
    concept,
    condition,
    drafts,
    mapped,
    only,
    open_terminology,
    patient,
    reasons,
    registry,
)

from mappers.conformance import assert_conforms
from mappers.protocol import JsonObject, Resource
from mappers.surgeries.classified import read_cpt, read_ncsp, read_ops, read_pcs
from mappers.surgeries.names import named, refused, side_in
from mappers.surgeries.operations import chain, operations
from mappers.surgeries.reading import read_code
from mappers.surgeries.surgery import SurgeryMapper
from mappers.terminology import Terminology

OPS, CPT = "http://fhir.de/CodeSystem/bfarm/ops", "http://www.ama-assn.org/go/cpt"
PCS, NCIT = "http://www.cms.gov/Medicare/Coding/ICD10", "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
MII = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/"
LEFT, RIGHT, BOTH = "7771000", "24028007", "51440002"
MASTECTOMY = concept(SNOMED, "172043006", "Simple mastectomy (procedure)")


def procedure(id: str = "s", code: JsonObject | None = None, day: str | None = "2024-03-04", **more: Any) -> JsonObject:
    record: JsonObject = {
        "resourceType": "Procedure", "id": id, "status": "completed", "subject": {"reference": "Patient/p"},
        "code": code or MASTECTOMY, "reasonReference": [{"reference": "Condition/c"}],
    }  # fmt: skip
    if day is not None:
        record["performedDateTime"] = day
    return record | more


def unreasoned(*args: Any, **more: Any) -> JsonObject:
    return {name: value for name, value in procedure(*args, **more).items() if name != "reasonReference"}


def intention(code: str) -> list[JsonObject]:
    value = concept(MII + "CodeSystem/mii-cs-onko-intention", code)
    return [{"url": MII + "StructureDefinition/mii-ex-onko-operation-intention", "valueCodeableConcept": value}]


@pytest.mark.parametrize(
    ("code", "operation"),
    [
        ("5-870.a1", "lumpectomy"), ("5-872.1", "mastectomy"), ("5-604.02", "prostatectomy"), ("5-455.41", "hemicolectomy"),
        ("5-455.75", "sigmoidectomy"), ("5-455.22", "colectomy"), ("5-484.55", "low-anterior-resection"),
        ("5-485.02", "abdominoperineal-resection"), ("5-524.2", "pancreaticoduodenectomy"), ("5-324.71", "lobectomy"),
        ("5-322.h4", "wedge-resection"), ("5-407.2", "lymphadenectomy"), ("5-437.23", "total-gastrectomy"),
        ("5-576.20", "cystectomy"), ("5-683.01", "hysterectomy"), ("5-015.0", "brain-excision"), ("5-870", "lumpectomy"),
    ],
)  # fmt: skip
def test_ops(code: str, operation: str) -> None:
    found = read_ops(code)
    assert found is not None
    assert found.operation == operation


def test_german_names_of_soft_tissue_excisions() -> None:
    found = named("Weite Resektion Weichteiltumor Oberschenkel links")
    assert found is not None
    assert found.key == "soft-tissue-excision"


def test_the_site_goes_with_the_operation() -> None:
    assert read_code(concept(OPS, "5-403.03")).site == "C77.0"
    both = {"coding": [{"system": OPS, "code": code} for code in ("5-063.0", "5-403.20")]}
    assert read_code(both).site is None


@pytest.mark.parametrize(
    "code", ["1-464.00", "3-225", "8-522.d0", "6-001.1", "9-401.2", "5-399.5", "5-889.1", "5-411.0"]
)
def test_ops_that_are_no_operations(code: str) -> None:
    found = read_ops(code)
    assert found is not None
    assert found.operation is None
    assert found.refused


@pytest.mark.parametrize(
    ("code", "operation", "site", "side"),
    [
        ("0HTU0ZZ", "mastectomy", "C50.9", LEFT), ("0HBT0ZZ", "lumpectomy", "C50.9", RIGHT),
        ("0HTV0ZZ", "mastectomy", "C50.9", BOTH),
        ("0BTC4ZZ", "lobectomy", "C34.1", RIGHT), ("0BTL0ZZ", "pneumonectomy", "C34.9", LEFT),
        ("0DTN4ZZ", "sigmoidectomy", "C18.7", None),
        ("0DTF0ZZ", "hemicolectomy", "C18.9", None), ("0VT00ZZ", "prostatectomy", "C61.9", None),
        ("0TT10ZZ", "nephrectomy", "C64.9", LEFT),
        ("0UT9FZZ", "hysterectomy", "C55.9", None), ("07T60ZZ", "lymphadenectomy", "C77.3", LEFT),
        ("0GTK0ZZ", "thyroidectomy", "C73.9", None),
        ("0Y6H0Z1", "amputation", None, None), ("0FB10ZZ", "hepatectomy", "C22.0", None),
    ],
)  # fmt: skip
def test_icd_10_pcs(code: str, operation: str, site: str | None, side: str | None) -> None:
    found = read_pcs(code)
    assert found is not None
    assert (found.operation, found.site, found.side) == (operation, site, side)


@pytest.mark.parametrize(
    "code", ["0HBT3ZX", "02HV33Z", "0JH60XZ", "B020ZZZ", "3E0T3CZ", "0W9B3ZZ", "DM021ZZ", "0HRT07Z"]
)
def test_icd_10_pcs_that_removes_no_tumour(code: str) -> None:
    found = read_pcs(code)
    assert found is not None
    assert found.refused


@pytest.mark.parametrize(
    ("code", "operation"),
    [
        ("19301", "lumpectomy"), ("19307", "mastectomy"), ("32480", "lobectomy"), ("44145", "low-anterior-resection"),
        ("45110", "abdominoperineal-resection"), ("48150", "pancreaticoduodenectomy"), ("55866", "prostatectomy"),
        ("50543", "partial-nephrectomy"), ("58210", "radical-hysterectomy"), ("60240", "thyroidectomy"),
        ("38745", "lymphadenectomy"),
        ("11606", "skin-excision"), ("52235", "bladder-tumour-resection"), ("61512", "meningeal-excision"),
        ("61510", "brain-excision"),
        ("45395", "abdominoperineal-resection"),
    ],
)  # fmt: skip
def test_cpt(code: str, operation: str) -> None:
    found = read_cpt(code)
    assert found is not None
    assert found.operation == operation


@pytest.mark.parametrize(
    "code", ["19083", "36561", "77066", "45378", "99213", "11402", "19357", "00400", "88305", "0001F", "38221"]
)
def test_cpt_that_is_no_operation_on_a_tumour(code: str) -> None:
    found = read_cpt(code)
    assert found is not None
    assert found.refused


@pytest.mark.parametrize(
    ("code", "operation"),
    [("HAC20", "mastectomy"), ("KEC00", "prostatectomy"), ("JFB30", "hemicolectomy"), ("GDC01", "lobectomy")],
)
def test_ncsp(code: str, operation: str) -> None:
    found = read_ncsp(code)
    assert found is not None
    assert found.operation == operation


@given(st.text(alphabet="0123456789-.ABCDHTUZX abc", max_size=9))
def test_no_code_breaks_a_reader(code: str) -> None:
    for reader in (read_ops, read_pcs, read_cpt, read_ncsp):
        found = reader(code)
        assert found is None or found.operation is None or found.operation in operations()


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("Laparoscopic right hemicolectomy", "hemicolectomy"), ("Left modified radical mastectomy (procedure)", "mastectomy"),
        ("Robot-assisted radical prostatectomy", "prostatectomy"),
        ("Wide local excision of melanoma, left forearm", "skin-excision"),
        ("Mastectomy with immediate reconstruction", "mastectomy"), ("VATS right upper lobectomy", "lobectomy"),
        ("Total abdominal hysterectomy with bilateral salpingo-oophorectomy", "hysterectomy-salpingo-oophorectomy"),
        ("Lumpectomy and sentinel lymph node biopsy", "lumpectomy"), ("Hemikolektomie rechts", "hemicolectomy"),
        ("Radikale Prostatektomie", "prostatectomy"), ("Whipple procedure", "pancreaticoduodenectomy"),
        ("Mastectomy, partial (eg, lumpectomy, quadrantectomy)", "lumpectomy"), ("PR MASTECTOMY SIMPLE COMPLETE", "mastectomy"),
        ("Whipple procedure (pancreaticoduodenectomy)", "pancreaticoduodenectomy"),
        ("Laparoskopische Sigmaresektion", "sigmoidectomy"),
        ("Left frontal craniotomy for resection of glioblastoma", "brain-excision"), ("Breast re-excision", "breast-excision"),
        ("Excisional biopsy of skin lesion", "excisional-biopsy"), ("Axillary lymph node dissection", "lymphadenectomy"),
    ],
)  # fmt: skip
def test_names(text: str, operation: str) -> None:
    found = named(text)
    assert found is not None
    assert found.key == operation


@pytest.mark.parametrize(
    "text",
    [
        "History of mastectomy", "Mastectomy planned", "Specimen radiography after lumpectomy", "Consultation", "",
        "Post-prostatectomy care",
        "Biopsy of breast", "Port placement",
    ],
)  # fmt: skip
def test_what_is_not_wholly_understood_is_no_name(text: str) -> None:
    assert named(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Biopsy of breast (procedure)", "a biopsy"), ("Insertion of port-a-cath", "a venous access"),
        ("Colonoscopy", "an endoscopy"),
        ("CT of chest", "imaging"), ("Breast reconstruction with DIEP flap", "a reconstruction"), ("Lymphography", ""),
    ],
)  # fmt: skip
def test_reasons_in_words(text: str, why: str) -> None:
    assert refused(text).startswith(why)
    assert bool(refused(text)) is bool(why)


def test_sides_in_words() -> None:
    assert [side_in(each) for each in ("Left breast", "Mamma rechts", "bilateral", "breast", "left and right")] == [
        LEFT, RIGHT, BOTH, None, BOTH,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("Right upper lobectomy", "C34.1"), ("Wedge resection of lower lobe of lung", "C34.3"), ("Lobectomy", None),
        ("Axillary lymph node dissection", "C77.3"), ("Retroperitoneal lymph node dissection", "C77.2"),
        ("Wide local excision of melanoma of back", "C44.5"), ("Wide local excision of melanoma of back and arm", None),
    ],
)  # fmt: skip
def test_regions_in_names(text: str, site: str | None) -> None:
    assert read_code({"text": text}).site == site


def test_an_excision_of_any_organ() -> None:
    found = read_code({"text": "Excision of neoplasm of pharynx (procedure)"})
    assert found.operation is not None
    assert (found.operation.key, found.site) == ("excision", "C14.0")
    assert read_code({"text": "Excision of foreign body"}).operation is None
    draft = only(
        mapped(patient(), condition(code="C14.0"), unreasoned(code={"text": "Excision of lesion of pharynx"})),
        "Surgery",
    )
    assert "tumour-of-the-organ" in assumed(draft)


def test_both_sides_are_another_operation() -> None:
    found = read_code({"text": "Bilateral salpingo-oophorectomy"}).operation
    assert found is not None
    assert found.ncit == "C51765"


def test_every_operation_ends_in_a_concept() -> None:
    for each in operations().values():
        assert list(chain(each)), each.key
        assert each.broader is None or each.broader in operations()


def test_a_broader_operation_stands_in() -> None:
    result = mapped(patient(), condition(code="C64.2"), procedure(code={"text": "Partial nephrectomy"}))
    draft = only(result, "Surgery")
    assert draft.payload["procedure"]["code"] == "C15284"
    assert "broader-operation" in assumed(draft)


def test_what_pop_has_not_falls_back_to_what_it_has() -> None:
    lists = Terminology({"SurgicalProcedure": [(NCIT, "C15232", "Excision"), (NCIT, "C15277", "Mastectomy")]})
    sigma = procedure(code=concept(SNOMED, "84604002", "Sigmoid colectomy"))
    draft = only(mapped(patient(), condition(code="C18.7"), sigma, terminology=lists), "Surgery")
    assert draft.payload["procedure"] == {"system": NCIT, "code": "C15232", "display": "Excision"}
    assert "broader-operation" in assumed(draft)


@pytest.mark.parametrize("status", ["entered-in-error", "not-done", "preparation", "in-progress", "on-hold", "stopped"])
def test_what_was_not_done(status: str) -> None:
    result = mapped(patient(), condition(), procedure(status=status))
    assert not drafts(result, "Surgery")
    assert "the operation" in reasons(result)["Procedure/s"]


@pytest.mark.parametrize("status", ["completed", "unknown", "final", None])
def test_what_was_done(status: str | None) -> None:
    assert only(mapped(patient(), condition(), procedure(status=status)), "Surgery").payload["date"] == "2024-03-04"


@pytest.mark.parametrize(
    ("extension", "intent", "assumption"),
    [
        ([CURATIVE], "curative", None), (intention("K"), "curative", None), (intention("O"), "curative", None),
        (intention("P"), "palliative", None), (intention("S"), "curative", "curative-removal"),
        ([], "curative", "curative-removal"),
    ],
)  # fmt: skip
def test_intent(extension: list[JsonObject], intent: str, assumption: str | None) -> None:
    draft = only(mapped(patient(), condition(), procedure(extension=extension)), "Surgery")
    assert draft.payload["intent"] == intent
    assert ("curative-removal" in assumed(draft)) is (assumption is not None)


@pytest.mark.parametrize("code", ["D", "R"])
def test_an_intention_that_is_no_treatment(code: str) -> None:
    result = mapped(patient(), condition(), procedure(extension=intention(code)))
    assert not drafts(result, "Surgery")
    assert "operation" in reasons(result)["Procedure/s"]


def test_no_intent_once_the_disease_has_spread() -> None:
    spread = condition("m", "C78.7", onsetDateTime="2024-02-20")
    draft = only(mapped(patient(), condition(), spread, procedure()), "Surgery")
    assert ("missing-required", "intent") in codes(draft)
    later = only(mapped(patient(), condition(), spread | {"onsetDateTime": "2025-01-01"}, procedure()), "Surgery")
    assert later.payload["intent"] == "curative"


@pytest.mark.parametrize(
    ("option", "intent"), [("palliative", "palliative"), ("curative", "curative"), ("block", None)]
)
def test_the_sites_option_for_the_intent(option: str, intent: str | None) -> None:
    draft = only(mapped(patient(), condition(), procedure(), surgery__unstated_intent=option), "Surgery")
    assert draft.payload.get("intent") == intent
    assert draft.blocked is (intent is None)


@pytest.mark.parametrize(
    ("residual", "outcome"),
    [("R0", "385669000"), ("R1(is)", "385670004"), ("R2", "385671000"), ("RX", None), ("U", None)],
)
def test_residual_status(residual: str, outcome: str | None) -> None:
    said = concept(MII + "CodeSystem/mii-cs-onko-residualstatus", residual)
    draft = only(mapped(patient(), condition(), procedure(outcome=said)), "Surgery")
    assert draft.payload.get("outcome", {}).get("code") == outcome
    assert not draft.blocked


def test_an_outcome_that_is_unknown_is_left_out() -> None:
    draft = only(mapped(patient(), condition(), procedure(outcome={"text": "patient doing fine"})), "Surgery")
    assert ("unmapped-code", "outcome") in codes(draft)
    assert not draft.blocked


def residual(day: str, **more: Any) -> JsonObject:
    return {
        "resourceType": "Observation", "id": "r", "status": "final", "subject": {"reference": "Patient/p"},
        "effectiveDateTime": day,
        "code": concept("http://loinc.org", "84892-9"), "focus": [{"reference": "Condition/c"}],
        "valueCodeableConcept": concept(MII + "CodeSystem/mii-cs-onko-residualstatus", "R1"),
    } | more  # fmt: skip


def test_the_residual_observation_belongs_to_the_operation_before_it() -> None:
    two = [procedure("a", day="2024-03-04"), procedure("b", day="2024-05-04")]
    result = mapped(patient(), condition(), *two, residual("2024-05-10"))
    assert [draft.payload.get("outcome", {}).get("code") for draft in drafts(result, "Surgery")] == [None, "385670004"]
    named = mapped(patient(), condition(), *two, residual("2024-09-10", partOf=[{"reference": "Procedure/a"}]))
    assert [draft.payload.get("outcome", {}).get("code") for draft in drafts(named, "Surgery")] == ["385670004", None]
    # The Procedure's own, local status comes first.
    own = procedure(outcome={"text": "R0"})
    assert (
        only(mapped(patient(), condition(), own, residual("2024-03-04")), "Surgery").payload["outcome"]["code"]
        == "385669000"
    )


def session() -> list[JsonObject]:
    """One mastectomy: container, OPS parts, a bill, lymph nodes."""
    parent = {"partOf": [{"reference": "Procedure/op"}]}
    return [
        procedure("op", concept(SNOMED, "387713003"), extension=intention("K")),
        procedure("op-1", concept(OPS, "5-872.1"), **parent),
        procedure("op-2", concept(OPS, "5-402.11"), **parent),
        unreasoned("bill", concept(CPT, "19303")),
        unreasoned("a-code", concept(PCS, "0HTU0ZZ")),
    ]


def test_one_operation_however_told_and_in_any_order() -> None:
    expected = None
    for parts in list(permutations(session()))[::7]:
        found = only(mapped(patient(), *parts, condition()), "Surgery")
        assert found.key == "Surgery:Procedure/op"
        assert expected is None or (found.payload, found.references) == expected
        expected = found.payload, found.references
    assert expected is not None
    assert expected[0]["procedure"]["code"] == "C15277"
    assert expected[0]["bodysiteLaterality"]["code"] == LEFT


def test_the_key_does_not_change_as_parts_arrive() -> None:
    parts = session()[1:]
    for number in range(1, len(parts) + 1):
        assert only(mapped(patient(), condition(), *parts[:number]), "Surgery").key == "Surgery:Procedure/op"
    surgeon = procedure("z", {"text": "Mastectomy"})
    bills = session()[3:]
    for number in range(len(bills) + 1):
        assert only(mapped(patient(), condition(), surgeon, *bills[:number]), "Surgery").key == "Surgery:Procedure/z"


def test_a_container_that_is_named_by_its_place_in_the_bundle() -> None:
    uuid = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    parent, *parts = session()[:3]
    entries = [{"resource": each} for each in (patient(), condition())]
    entries.append({"fullUrl": uuid, "resource": parent})
    entries.extend({"resource": each | {"partOf": [{"reference": uuid}]}} for each in parts)
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert only(mapped(bundle), "Surgery").key == "Surgery:Procedure/op"


def test_another_day_is_another_operation() -> None:
    result = mapped(patient(), condition(), procedure("a"), procedure("b", {"text": "Re-excision"}, day="2024-03-20"))
    assert [draft.payload["date"] for draft in drafts(result, "Surgery")] == ["2024-03-04", "2024-03-20"]


def test_the_registrys_month_and_the_stay_join_the_day() -> None:
    registry = procedure("r", concept(OPS, "5-872.1"), day="2024-03")
    stay = unreasoned(
        "b", concept(CPT, "19303"), day=None, performedPeriod={"start": "2024-03-02", "end": "2024-03-09"}
    )
    draft = only(mapped(patient(), condition(), registry, procedure("s"), stay), "Surgery")
    assert draft.payload["date"] == "2024-03-04"
    other = procedure("r", concept(OPS, "5-455.7"), day="2024-03")
    assert len(drafts(mapped(patient(), condition(), other, procedure("s")), "Surgery")) == 2


def test_another_organ_without_a_tumour_is_not_for_pop() -> None:
    result = mapped(patient(), condition(), unreasoned(code=concept(SNOMED, "80146002", "Appendectomy")))
    assert not drafts(result, "Surgery")
    assert "an organ without one" in reasons(result)["Procedure/s"]


def test_an_organ_taken_out_before_its_tumour_was_known() -> None:
    early = unreasoned(day="2009-03-04")
    assert not drafts(mapped(patient(), condition(), early), "Surgery")
    draft = only(mapped(patient(), condition(), unreasoned(day="2024-01-20")), "Surgery")
    assert "tumour-of-the-organ" in assumed(draft)


def test_an_operation_for_another_disease() -> None:
    goitre = condition("g", {"coding": [{"system": ICD_10_CM, "code": "E04.2"}]})
    said = procedure(code=concept(CPT, "60240"), reasonReference=[{"reference": "Condition/g"}])
    result = mapped(patient(), condition(), goitre, said)
    assert not drafts(result, "Surgery")
    assert "another disease" in reasons(result)["Procedure/s"]


def test_nothing_is_added_to_pops_own_export() -> None:
    own = unreasoned(code=concept(NCIT, "C15277", "Mastectomy"), extension=[CURATIVE])
    draft = only(mapped(patient(), condition(), own), "Surgery")
    assert draft.payload.keys() == {"date", "procedure", "intent"}
    assert "targetedEntitiesIds" not in draft.references


def test_an_unknown_operation_on_a_tumour_is_seen() -> None:
    profile = {"meta": {"profile": [MCODE + "mcode-cancer-related-surgical-procedure"]}}
    draft = only(
        mapped(patient(), condition(), procedure(code=concept("urn:house", "77", "Op 77"), **profile)), "Surgery"
    )
    assert ("unmapped-code", "procedure") in codes(draft)
    assert draft.blocked


def test_without_a_day_it_waits_unless_the_encounter_has_one() -> None:
    assert ("missing-required", "date") in codes(only(mapped(patient(), condition(), procedure(day=None)), "Surgery"))
    encounter = {
        "resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p"},
        "period": {"start": "2024-03-03"},
    }  # fmt: skip
    found = only(
        mapped(patient(), condition(), encounter, procedure(day=None, encounter={"reference": "Encounter/e"})),
        "Surgery",
    )
    assert found.payload["date"] == "2024-03-03"
    assert "date-of-encounter" in assumed(found)


def test_the_day_of_recording_and_the_purpose() -> None:
    core = "https://www.medizininformatik-initiative.de/fhir/core/modul-prozedur/StructureDefinition/"
    recorded = {"url": core + "procedure-recordedDate", "valueDateTime": "2024-03-09"}
    draft = only(mapped(patient(), condition(), procedure(day=None, extension=[recorded])), "Surgery")
    assert draft.payload["date"] == "2024-03-09"
    purpose = {"url": core + "Durchfuehrungsabsicht", "valueCoding": {"system": SNOMED, "code": "261004008"}}
    result = mapped(patient(), condition(), procedure(extension=[purpose]))
    assert "diagnostic intent" in reasons(result)["Procedure/s"]


def test_site_and_side_of_the_body_site() -> None:
    site = {"text": "Upper outer quadrant of left breast"}
    draft = only(mapped(patient(), condition(), procedure(bodySite=[site])), "Surgery")
    assert (draft.payload["bodysite"]["code"], draft.payload["bodysiteLaterality"]["code"]) == ("C50.4", LEFT)
    lobe = {"coding": [{"system": SNOMED, "code": "1", "display": "Structure of lobe of right lung (body structure)"}]}
    lung = procedure(code={"text": "Lobectomy"}, bodySite=[lobe])
    draft = only(mapped(patient(), condition(code="C34.11"), lung), "Surgery")
    assert (draft.payload["bodysite"]["code"], draft.payload["bodysiteLaterality"]["code"]) == ("C34.9", RIGHT)


@pytest.mark.parametrize(
    ("text", "site"), [("Lung, right upper lobe", "C34.1"), ("Lung, right", "C34.9"), ("Chest", None)]
)
def test_body_sites_as_catalogues_write_them(text: str, site: str | None) -> None:
    done = procedure(code={"text": "Wedge resection"}, bodySite=[{"text": text}])
    draft = only(mapped(patient(), condition(code="C34.11"), done), "Surgery")
    assert draft.payload["bodysite"]["code"] == (site or "C34.9")
    assert ("site-of-operation" in assumed(draft)) is (site is None)


def test_the_side_of_a_hemicolectomy_is_none() -> None:
    draft = only(mapped(patient(), condition(code="C18.2"), procedure(code={"text": "Right hemicolectomy"})), "Surgery")
    assert draft.payload["bodysite"]["code"] == "C18.9"
    assert "bodysiteLaterality" not in draft.payload


@pytest.mark.parametrize(
    ("text", "site", "assumption"),
    [
        ("Wide local excision of melanoma of back", "C44.5", None), ("Excision of lesion", "C44.6", "site-of-tumour"),
        ("Excision of soft tissue tumor", None, None),
    ],
)  # fmt: skip
def test_where_an_excision_was(text: str, site: str | None, assumption: str | None) -> None:
    draft = only(mapped(patient(), condition(code="C43.62"), procedure(code={"text": text})), "Surgery")
    assert draft.payload.get("bodysite", {}).get("code") == site
    assert assumption is None or assumption in assumed(draft)


@pytest.mark.parametrize(
    ("text", "intent"), [("Palliative mastectomy", "palliative"), ("Mastectomy, curative", "curative")]
)
def test_intent_in_words(text: str, intent: str) -> None:
    draft = only(mapped(patient(), condition(), procedure(code={"text": text})), "Surgery")
    assert draft.payload["intent"] == intent
    assert "curative-removal" not in assumed(draft)


def test_a_metastasis_is_operated_on_by_its_organ() -> None:
    spread = condition("m", "C78.7", onsetDateTime="2024-02-20")
    resection = unreasoned(code={"text": "Liver resection"})
    draft = only(mapped(patient(), condition(code="C18.7"), spread, resection), "Surgery")
    assert draft.references["targetedEntitiesIds"] == ("NeoplasticEntity:Condition/m",)
    assert ("missing-required", "intent") in codes(draft)


@pytest.mark.parametrize(
    "code",
    [
        concept(SNOMED, "1217123003", "Radiotherapy course of treatment"), concept(OPS, "8-522.d0"), concept(CPT, "77427"),
        {"text": "Tumor board discussion"}, concept(NCIT, "C93304", "Tumor Board Review"), {"text": "Chemotherapy, cycle 2"},
    ],
)  # fmt: skip
def test_what_other_mappers_tell_is_left_to_them(code: JsonObject) -> None:
    result = mapped(patient(), condition(), procedure(code=code))
    assert not drafts(result, "Surgery")


def test_what_a_reading_says_of_itself() -> None:
    german = {"url": "http://fhir.de/StructureDefinition/seitenlokalisation", "valueCoding": {"code": "B"}}
    found = read_code({"coding": [{"system": OPS, "code": "5-872.1", "extension": [german]}]})
    assert found.operation is not None
    assert (found.operation.key, found.side, found.surgical) == ("mastectomy", BOTH, True)
    assert not read_code({"coding": [{"system": CPT, "code": "99213"}]}).surgical
    assert read_code(None).operation is None


def test_conformance() -> None:
    records = [patient(), condition(), *session(), residual("2024-03-04")]
    resources = [Resource(each["resourceType"], each["id"], each) for each in records]
    assert_conforms(SurgeryMapper(), resources, registry=registry(), terminology=open_terminology(), options=OPTIONS)


@pytest.mark.parametrize(
    ("code", "text", "ncit"),
    [
        ("44204", "Laparoscopic sigmoid colectomy", "C91838"),
        ("51595", "Radical cystoprostatectomy with ileal conduit", "C94464"),
        ("58953", "TAH/BSO, omentectomy, interval debulking - R0", "C51761"),
        # What is no kind of the coded operation does not replace it.
        ("44204", "Appendectomy", "C15209"),
        ("44204", "", "C15209"),
    ],
)
def test_a_name_is_finer_than_its_billing_code(code: str, text: str, ncit: str) -> None:
    reading = read_code({"coding": [{"system": CPT, "code": code}], "text": text})
    assert reading.operation is not None
    assert reading.operation.ncit == ncit


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"outcome": {"text": "margins negative (R0)"}}, "385669000"),
        ({"code": {"coding": MASTECTOMY["coding"], "text": "Simple mastectomy - R1"}}, "385670004"),
        ({"outcome": {"text": "R0 or R1"}}, None),
    ],
)
def test_a_residual_status_within_a_sentence(more: JsonObject, outcome: str | None) -> None:
    draft = only(mapped(patient(), condition(), procedure(**more)), "Surgery")
    assert (draft.payload.get("outcome") or {}).get("code") == outcome
