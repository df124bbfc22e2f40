"""Which resources tell of a tumour board, and whether it took place."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from mappers.codes import NCIT
from mappers.fhir import extension_value, extensions, has_code, objects, pairs, profiles
from mappers.protocol import JsonObject, Resource

Category = Literal["unspecified", "molecular"]

BOARD_TYPES = ("CarePlan", "DiagnosticReport", "Encounter", "Procedure", "ServiceRequest")

#: NCIt: Tumor Board Review, Molecular Diagnosis (POP's guide).
REVIEW, MOLECULAR = (NCIT, "C93304"), (NCIT, "C20826")
SPECIALIZATION = "http://onconova.github.io/fhir/StructureDefinition/onconova-ext-tumor-board-specialization"
#: HL7 Genomics Reporting: a report's recommended actions (Tasks).
RECOMMENDED_ACTION = (
    "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/recommended-action",
    "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/RecommendedAction",
)
RECOMMENDATION_PROFILES = frozenset({"medication-recommendation", "followup-recommendation"})

#: LOINC answer lists LL4049-4 (medication) and LL1037-2 (follow-up).
_MEDICATION_ANSWER, _FOLLOW_UP_ANSWER = re.compile(r"LA2642[1-5]-\d"), re.compile(r"LA1402[0-2]-\d")

_DOSE_ANSWER = re.compile(r"LA2642[23]-\d")

#: MII *Therapieplanung Typ* (oBDS 18.2); ``ther`` is a plan without a conference.
_PLANNING = "mii-cs-onko-therapieplanung-typ"
_WITHOUT_BOARD = "ther"

_BOARD = re.compile(
    r"tumou?r[- ]?(?:board|conference|konferenz)|tumou?rboard|krebskonferenz|cancer (?:board|conference)|"
    r"(?:multi|inter)[- ]?disciplin\w+ (?:tumou?r|cancer|oncolog\w+|team)? ?(?:board|conference|meeting|case conference|konferenz)|"
    r"(?:multi|inter)[- ]?disciplin\w+ (?:tumou?r|cancer|oncolog\w+) (?:team )?(?:review|discussion|round|assessment)|"
    r"\bmdt (?:meeting|conference|discussion|review)\b|\bmtb\b|molecular board|molekular(?:es|er)? board",
    re.I,
)
_MOLECULAR = re.compile(
    r"\bmtb\b|mole[ck]ul[aä]r\w*(?: genomi?c\w*)? (?:tumou?r ?)?board|genomi?c\w* tumou?r ?board|precision oncology board|"
    r"mii-pr-mtb-",
    re.I,
)

_PROFILE = re.compile(r"tumor-board|tumorkonferenz|mtb-therapieplan")

#: States of what did not take place (R4 EventStatus, EncounterStatus, RequestStatus, DiagnosticReportStatus).
_VOID = {
    "entered-in-error": "entered in error", "not-done": "not done", "cancelled": "cancelled", "planned": "only planned",
    "preparation": "in preparation", "draft": "a draft", "revoked": "revoked", "registered": "registered without a result yet",
    "on-hold": "on hold", "arrived": "still to come", "triaged": "still to come", "in-progress": "still under way",
}  # fmt: skip


def board_of(resource: Resource) -> Category | None:
    """The category of the board that a resource tells of; None if it tells of none."""
    if resource.type not in BOARD_TYPES:
        return None
    json = resource.json
    described = _described(json)
    named = " ".join(profiles(json)) if "meta" in json else ""
    board, molecular = _called(described, named)
    if not board and not _coded(json):
        return None
    code = json.get("code")
    special = extension_value(code, SPECIALIZATION) if isinstance(code, dict) and "extension" in code else None
    if special is not None and has_code(special[1], {MOLECULAR}):
        return "molecular"
    return "molecular" if molecular else "unspecified"


@lru_cache(maxsize=4096)
def _called(described: str, named: str) -> tuple[bool, bool]:
    """Whether names and profiles are of a board, and of a molecular one. Records repeat the same few."""
    board = _BOARD.search(described) is not None or _PROFILE.search(named) is not None
    return board, _MOLECULAR.search(f"{described} | {named}") is not None


def _coded(json: JsonObject) -> bool:
    if json.get("resourceType") == "CarePlan":
        return any(_PLANNING in system for each in objects(json.get("category")) for system, _ in pairs(each))
    return json.get("resourceType") == "Procedure" and has_code(json.get("code"), {REVIEW})


def _described(json: JsonObject) -> str:
    """All names that say what a resource is. Asked of every encounter and report of a record: no more is done than must be."""
    found: list[str] = []
    for element in ("code", "category", "type", "serviceType"):
        value = json.get(element)
        for concept in value if isinstance(value, list) else (value,):
            if not isinstance(concept, dict):
                continue
            text, named = concept.get("text"), concept.get("coding")
            if isinstance(text, str):
                found.append(text)
            for coding in named if isinstance(named, list) else ():
                display = coding.get("display") if isinstance(coding, dict) else None
                if isinstance(display, str):
                    found.append(display)
    title = json.get("title")
    if isinstance(title, str):
        found.append(title)
    return " | ".join(found)


def is_genomic_report(resource: Resource) -> bool:
    """A report with recommended actions (Genomics Reporting)."""
    return (
        resource.type == "DiagnosticReport"
        and "extension" in resource.json
        and any(True for _ in extensions(resource.json, RECOMMENDED_ACTION))
    )


def is_recommendation(resource: Resource) -> bool:
    """A Task that recommends something because of a genomic finding (Genomics Reporting)."""
    if resource.type != "Task":
        return False
    json = resource.json
    if profiles(json) & RECOMMENDATION_PROFILES:
        return True
    # Profiles are often left out: a proposal with the answers of LOINC's LL4049-4 and LL1037-2.
    return json.get("intent") == "proposal" and (is_follow_up(resource) or _answers(json, _MEDICATION_ANSWER))


def is_follow_up(resource: Resource) -> bool:
    """A Task that recommends a test or counselling, no drug."""
    return "followup-recommendation" in profiles(resource.json) or _answers(resource.json, _FOLLOW_UP_ANSWER)


def is_dosing(resource: Resource) -> bool:
    """A Task that recommends another dose (LOINC LA26422-8, LA26423-6): pharmacogenetics of a drug that somebody else chose."""
    return _answers(resource.json, _DOSE_ANSWER)


def _answers(json: JsonObject, pattern: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(code) for _, code in pairs(json.get("code")))


def why_not(resource: Resource) -> str:
    """Why a resource of a board tells of none that took place; empty if it does."""
    json = resource.json
    status = json.get("status")
    if isinstance(status, str) and status in _VOID and not (resource.type == "Task" and status == "draft"):
        return f"the tumour board is {_VOID[status]}"
    if resource.type == "ServiceRequest" and status != "completed":
        return "a request for a tumour board, not the board"
    codes = {code for each in objects(json.get("category")) for system, code in pairs(each) if _PLANNING in system}
    if codes == {_WITHOUT_BOARD}:
        return "a therapy plan without a tumour board (oBDS 18.2)"
    return ""
