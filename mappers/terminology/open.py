"""What counts as a concept of a POP terminology while the server's own list is not known.

``pop-gateway map`` works without a POP. A code is then taken if it is of a system that POP's terminology uses and has the
system's shape; the translation's rule says ``unchecked``, and writing checks it against the server's list.
"""

from __future__ import annotations

import re

from adapters.pop.guard.risk import CLASSES
from mappers.codes import (
    CDC_RACE,
    GENDER,
    HGNC,
    ICD_10,
    ICD_O_DIFFERENTIATION,
    ICD_O_MORPHOLOGY,
    ICD_O_TOPOGRAPHY,
    LOINC,
    MEDDRA,
    NCIT,
    NULL_FLAVOR,
    ROLE_CODE,
    SNOMED,
)
from mappers.risk_classes import METHODS

_SCTID = re.compile(r"[1-9]\d{5,17}")
_NCIT_CODE = re.compile(r"C\d{2,7}")
_GENDER_CODE = re.compile(r"male|female|other|unknown")

#: SNOMED CT codes of US Core's *Smoking Status* value set, which are POP's.
_SMOKING = re.compile(r"266919005|266927001|428041000124106|428061000124105|428071000124103|449868002|77176002|8517006")
_SIDES = re.compile(r"24028007|399488007|51440002|7771000")

ACCEPTED: dict[str, dict[str, re.Pattern[str]]] = {
    "AdministrativeGender": {GENDER: _GENDER_CODE},
    "BirthSex": {GENDER: _GENDER_CODE},
    "Race": {CDC_RACE: re.compile(r"1002-5|2028-9|2054-5|2076-8|2106-3|2131-1"), NULL_FLAVOR: re.compile("ASKU|UNK")},
    "GenderIdentity": {LOINC: re.compile(r"LA\d+-\d")},
    "CauseOfDeath": {NCIT: _NCIT_CODE, SNOMED: _SCTID},
    "CancerTopography": {ICD_O_TOPOGRAPHY: re.compile(r"C\d\d(\.\d)?")},
    "CancerMorphology": {ICD_O_MORPHOLOGY: re.compile(r"\d{4}/[012369]")},
    "HistologyDifferentiation": {ICD_O_DIFFERENTIATION: re.compile(r"[1-9]")},
    "LateralityQualifier": {SNOMED: _SIDES},
    # Of stages the packaged lists are nearly complete; these may have more: AJCC stage groups, FIGO methods.
    "TNMStage": {SNOMED: re.compile(r"1222[78]\d{5}")},
    "FIGOStagingMethod": {SNOMED: _SCTID},
    "TumorMarkerAnalyte": {LOINC: re.compile(r"LP\d+-\d"), NCIT: re.compile("C17922")},
    "AntineoplasticAgent": {NCIT: _NCIT_CODE},
    "DosageRoute": {SNOMED: _SCTID},
    "SurgicalProcedure": {NCIT: _NCIT_CODE},
    "BodyLocationQualifier": {SNOMED: _SCTID},
    "AdjunctiveTherapyRole": {NCIT: _NCIT_CODE, SNOMED: re.compile("1287211007")},
    "TreatmentTerminationReason": {SNOMED: _SCTID},
    "CancerRiskAssessmentMethod": {NCIT: re.compile("|".join(sorted(METHODS)))},
    "CancerRiskAssessmentClassification": {NCIT: re.compile("|".join(sorted(set().union(*CLASSES.values()))))},
    "AdverseEventTerm": {MEDDRA: re.compile(r"10\d{6}")},
    "ObservationBodySite": {SNOMED: _SCTID},
    "ICD10Condition": {ICD_10: re.compile(r"[A-Z]\d\d(\.\d)?")},
    "SmokingStatus": {SNOMED: _SMOKING},
    "AlcoholConsumptionFrequency": {LOINC: re.compile(r"LA18926-8|LA18927-6|LA18928-4|LA18929-2|LA6270-8")},
    "RecreationalDrug": {SNOMED: _SCTID},
    "ExposureAgent": {NCIT: _NCIT_CODE},
    "Gene": {HGNC: re.compile(r"HGNC:\d{1,6}")},
    "FamilyMemberType": {ROLE_CODE: re.compile(r"[A-Z]{2,9}")},
}
