"""Which patient a resource belongs to, as far as the resource itself says (R4 Patient compartment, reduced to its rule).

Used by the intake, which has a store to look further in, and by ``pop-gateway map``, which has only its input.
"""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]

#: Resources that describe no single patient: they are stored once and read by whoever refers to them.
SHARED_TYPES = frozenset(
    {
        "Medication", "Organization", "OrganizationAffiliation", "Practitioner", "PractitionerRole", "Location",
        "HealthcareService", "Endpoint", "Substance", "CodeSystem", "ValueSet", "ConceptMap", "StructureDefinition",
        "ImplementationGuide", "CapabilityStatement", "SearchParameter", "OperationDefinition", "NamingSystem",
        "Questionnaire", "PlanDefinition", "ActivityDefinition", "Library", "Measure", "Group", "ResearchStudy",
        "MedicationKnowledge", "Subscription", "StructureMap", "GraphDefinition", "ObservationDefinition",
        "SpecimenDefinition", "DeviceDefinition", "CompartmentDefinition", "TestScript", "MessageDefinition",
        "TerminologyCapabilities", "ExampleScenario", "EventDefinition", "ResearchDefinition", "ResearchElementDefinition",
        "Evidence", "EvidenceVariable", "ChargeItemDefinition", "InsurancePlan", "CatalogEntry", "Citation",
    }
)  # fmt: skip

#: The elements that name the patient, in the order in which they are believed (R4 compartmentdefinition-patient).
PATIENT_ELEMENTS = ("subject", "patient", "for", "beneficiary", "individual", "subscriber", "source", "target")


def patient_reference(resource: JsonObject) -> tuple[str, JsonObject] | None:
    """(element, Reference) of the patient a resource names directly, or None. A subject that is a Group is no patient."""
    for element in PATIENT_ELEMENTS:
        value = resource.get(element)
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else None
        if not isinstance(value, dict):
            continue
        literal = value.get("reference")
        if isinstance(literal, str):
            if "Patient/" in literal or literal.startswith(("Patient?", "urn:")) or "/Patient?" in literal:
                return element, value
            if literal.startswith("#"):
                continue
            if element in ("subject", "patient") and not literal.partition("/")[2]:
                return element, value
        elif (
            element in ("subject", "patient")
            and isinstance(value.get("identifier"), dict)
            and value.get("type") in (None, "Patient")
        ):
            return element, value
    return None
