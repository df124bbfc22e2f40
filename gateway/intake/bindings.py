"""Required bindings that fhir.resources does not check (``status: "bogus"`` passes it): R4 value sets, by type and element.

Source: the R4 (4.0.1) definitions of each resource, elements with binding strength *required*
(http://hl7.org/fhir/R4/{type}.html). Only elements whose meaning decides whether data count at all.
"""

from __future__ import annotations

_EVENT = frozenset(
    {"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown"}
)
_REQUEST = frozenset({"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"})
_OBSERVATION = frozenset(
    {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
)
_GENDER = frozenset({"male", "female", "other", "unknown"})

#: (resource type, element) → permitted codes.
CODES: dict[tuple[str, str], frozenset[str]] = {
    ("Observation", "status"): _OBSERVATION,
    ("DiagnosticReport", "status"): frozenset(
        {"registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled",
         "entered-in-error", "unknown"}
    ),
    ("Procedure", "status"): _EVENT,
    ("MedicationAdministration", "status"): frozenset(
        {"in-progress", "not-done", "on-hold", "completed", "entered-in-error", "stopped", "unknown"}
    ),
    ("MedicationRequest", "status"): frozenset(
        {"active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"}
    ),
    ("MedicationRequest", "intent"): frozenset(
        {"proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order", "option"}
    ),
    ("MedicationStatement", "status"): frozenset(
        {"active", "completed", "entered-in-error", "intended", "stopped", "on-hold", "unknown", "not-taken"}
    ),
    ("MedicationDispense", "status"): frozenset(
        {"preparation", "in-progress", "cancelled", "on-hold", "completed", "entered-in-error", "stopped", "declined", "unknown"}
    ),
    ("Medication", "status"): frozenset({"active", "inactive", "entered-in-error"}),
    ("Patient", "gender"): _GENDER,
    ("Specimen", "status"): frozenset({"available", "unavailable", "unsatisfactory", "entered-in-error"}),
    ("FamilyMemberHistory", "status"): frozenset({"partial", "completed", "entered-in-error", "health-unknown"}),
    ("ServiceRequest", "status"): _REQUEST,
    ("CarePlan", "status"): _REQUEST,
    ("Encounter", "status"): frozenset(
        {"planned", "arrived", "triaged", "in-progress", "onleave", "finished", "cancelled", "entered-in-error", "unknown"}
    ),
    ("AdverseEvent", "actuality"): frozenset({"actual", "potential"}),
    ("EpisodeOfCare", "status"): frozenset(
        {"planned", "waitlist", "active", "onhold", "finished", "cancelled", "entered-in-error"}
    ),
}  # fmt: skip

#: (resource type, element) → (code system, permitted codes): required bindings of a CodeableConcept.
CONCEPTS: dict[tuple[str, str], tuple[str, frozenset[str]]] = {
    ("Condition", "clinicalStatus"): (
        "http://terminology.hl7.org/CodeSystem/condition-clinical",
        frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"}),
    ),
    ("Condition", "verificationStatus"): (
        "http://terminology.hl7.org/CodeSystem/condition-ver-status",
        frozenset({"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"}),
    ),
}
