"""The patient's case in POP."""

from __future__ import annotations

from mappers.clinical_identifiers import clinical_identifier
from mappers.codes import (
    CDC_RACE,
    CLINICAL_CENTER,
    CONSENT_STATUS,
    GENDER,
    GENDER_IDENTITY,
    INDIVIDUAL_GENDER_IDENTITY,
    LOINC,
    NULL_FLAVOR,
    US_CORE_BIRTH_SEX,
    US_CORE_RACE,
)
from mappers.dates import parse_day
from mappers.drafting import Drafting
from mappers.fhir import code_of, codings, extension_value, extensions, first, has_code, objects, pairs, text_of
from mappers.protocol import Context, Group, MapOutput, NotForPop, Resource, Source
from mappers.subjects import CASE, TUMOUR, VOID
from mappers.vital_status import CODES, put_vital_status

_GROUP = "case"
_ASKS_BIRTH_SEX, _ASKS_IDENTITY = frozenset({(LOINC, "76689-9")}), frozenset({(LOINC, "76691-5")})
_ASKED = CODES | _ASKS_BIRTH_SEX | _ASKS_IDENTITY
_READ = ("status", "code", "category", "valueCodeableConcept", "effectiveDateTime")
#: us-core-birthsex (v3 AdministrativeGender and null flavour codes), LOINC and SNOMED CT answers → POP's birth sex.
_BIRTH_SEX = {"F": "female", "M": "male", "UNK": "unknown", "ASKU": "unknown", "OTH": "other", "female": "female",
              "male": "male", "unknown": "unknown", "other": "other", "LA2-8": "male", "LA3-6": "female", "LA4489-6": "unknown",
              "248153007": "male", "248152002": "female"}  # fmt: skip

#: Why a patient is no case of POP's.
NO_CASE = "the record holds no cancer diagnosis (option patient.import)"


class PatientCaseMapper:
    """The Patient as a POP case.

    * Only patients with a tumour become cases (option ``patient.import``: ``with-cancer``, or ``all``).
    * The clinical centre is POP's own extension, else the option ``patient.clinical-center``.
    * The clinical identifier is of a system in the option ``patient.identifier-systems`` if that is set; else a medical record
      number (v2-0203 ``MR``), a ``usual`` one first; never a social security, licence, passport, account or payer number.
    * ``deceased[x]`` absent means alive (R4 Patient.deceased[x]: "most systems will interpret the absence of a value as a sign
      of the person being alive"), an assumption; option ``patient.deceased-absent`` = ``unknown`` reads it otherwise.
    * What the Patient leaves open, Observations say: vital status (MII *Vitalstatus*), day and cause of death (MII *Tod*, LOINC of
      the US certificate), sex at birth, gender identity. POP knows kinds of death only: a diagnosis as cause is a warning.
    * A record that another one replaces (R4 Patient.link) is no case.
    * Deceased without a date: POP demands a date of death, so the vital status is ``unknown`` until one arrives, with a
      warning; option ``patient.death-without-date`` = ``block`` lets the case wait instead.
    * ``unknown`` requires an end of records in POP: the source's, else (assumed) the month of the newest entry of the record.
    """

    name = "patient-case"
    version = "2"
    produces: tuple[str, ...] = (CASE,)
    reads: tuple[str, ...] = ("Patient", "Observation")
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """One group: the Patient, and the Observations of life, death and identity."""
        return _GROUP if resource.type == "Patient" or has_code(resource.json.get("code"), _ASKED) else None

    def map(self, group: Group, context: Context) -> MapOutput:
        """One case per Patient that has a tumour."""
        everyone = context.options.get("patient.import", "with-cancer") == "all"
        observations = [member for member in group.members if member.type == "Observation"]
        patients = [member for member in group.members if member.type == "Patient"]
        used: set[str] = set()
        for member in patients:
            if any(link.get("type") == "replaced-by" for link in objects(member.json.get("link"))):
                yield NotForPop(member.reference, "another record of this person replaces it (R4 Patient.link)")
            elif not everyone and not context.entities(TUMOUR):
                yield NotForPop(member.reference, NO_CASE)
            else:
                draft = self._map(member, observations, context).done()
                used |= {source.resource for source in draft.consumed}
                yield draft
        for member in observations:
            if member.reference not in used:
                yield NotForPop(member.reference, _reason(member, bool(patients)))

    def _map(self, member: Resource, observations: list[Resource], context: Context) -> Drafting:
        json = member.json
        drafting = Drafting(CASE, f"{CASE}:{member.reference}")
        _centre(drafting, member, context)
        _identifier(drafting, member, context)
        gender = json.get("gender")
        source = Source(member.reference, "gender")
        if isinstance(gender, str):
            drafting.concept("gender", "AdministrativeGender", {"coding": [{"system": GENDER, "code": gender}]},
                             context=context, source=source, required=True)  # fmt: skip
        else:
            drafting.put("gender", {"code": "unknown", "system": GENDER, "display": "Unknown"})
            drafting.assume(
                "gender", "gender-not-stated", "The source states no administrative gender: unknown.", source
            )
        _race(drafting, member, context)
        _sex_and_identity(drafting, member, observations, context)
        birth = parse_day(json.get("birthDate"))
        if birth is None:
            drafting.missing(
                "dateOfBirth", "The patient has no usable date of birth.", Source(member.reference, "birthDate")
            )
        else:
            drafting.day("dateOfBirth", birth, Source(member.reference, "birthDate"))
        consent = extension_value(json, CONSENT_STATUS)
        if consent is not None and consent[1] in ("valid", "revoked", "unknown"):
            drafting.put("consentStatus", consent[1], Source(member.reference, "extension"))
        else:
            drafting.put("consentStatus", "unknown")
            drafting.assume(
                "consentStatus", "consent-not-stated", "The source states no consent status for POP: unknown."
            )
        put_vital_status(drafting, member, observations, birth, context)
        drafting.consume(member, "active")
        return drafting


def _centre(drafting: Drafting, member: Resource, context: Context) -> None:
    found = extension_value(member.json, CLINICAL_CENTER)
    if found is not None and text_of(found[1]):
        drafting.put("clinicalCenter", text_of(found[1]), Source(member.reference, "extension"))
        return
    option = text_of(context.options.get("patient.clinical-center"))
    if option:
        drafting.put("clinicalCenter", option)
        drafting.assume("clinicalCenter", "clinical-center-from-option", "The site's configured clinical centre.")
    else:
        drafting.missing("clinicalCenter", "No clinical centre: set the option patient.clinical-center.")


def _identifier(drafting: Drafting, member: Resource, context: Context) -> None:
    wanted = context.options.get("patient.identifier-systems") or ()
    systems = [wanted] if isinstance(wanted, str) else [str(each) for each in wanted]
    found = clinical_identifier(member.json.get("identifier"), systems)
    if found is None:
        what = (
            "No identifier of the configured systems."
            if systems
            else "No identifier that may serve as clinical identifier."
        )
        drafting.missing(
            "clinicalIdentifier",
            f"{what} See the option patient.identifier-systems.",
            Source(member.reference, "identifier"),
        )
        return
    value, position = found
    source = Source(member.reference, f"identifier[{position}].value")
    if len(value) > 100:
        drafting.issue(
            "implausible-value", "clinicalIdentifier", "POP takes at most 100 characters.", source=source, blocking=True
        )
    else:
        drafting.put("clinicalIdentifier", value, source)


def _race(drafting: Drafting, member: Resource, context: Context) -> None:
    """US Core race: one OMB category, else what its text says. POP has a single value, so several categories are not one of them:
    review. (Argonaut's older extension holds a CodeableConcept.)"""
    for _, extension in extensions(member.json, US_CORE_RACE):
        source = Source(member.reference, "extension")
        parts = [first(each.get("valueCoding")) for _, each in extensions(extension, "ombCategory")]
        parts.extend(codings(extension.get("valueCodeableConcept")))
        drafting.read(source)
        parts = [each for each in parts if code_of(each)]
        text = next((text_of(each.get("valueString")) for _, each in extensions(extension, "text")), "")
        if len({code_of(each) for each in parts}) > 1:
            drafting.issue("several-values", "race", "POP holds one race; the source states several.", source=source)
        elif parts:
            coding = {**parts[0], "system": NULL_FLAVOR if code_of(parts[0]) in ("UNK", "ASKU") else CDC_RACE}
            drafting.concept("race", "Race", coding, context=context, source=source, text=False)
        elif text:
            drafting.concept("race", "Race", {"text": text}, context=context, source=source)


def _sex_and_identity(drafting: Drafting, member: Resource, observations: list[Resource], context: Context) -> None:
    """Extensions of US Core and HL7, else the answers of a social history (LOINC 76689-9, 76691-5)."""
    source = Source(member.reference, "extension")
    sex = extension_value(member.json, US_CORE_BIRTH_SEX)
    if sex is not None and isinstance(sex[1], str):
        _birth_sex(drafting, sex[1], source, context)
    identity = extension_value(member.json, GENDER_IDENTITY)
    if identity is None:
        nested = next((each for _, each in extensions(member.json, INDIVIDUAL_GENDER_IDENTITY)), {})
        identity = extension_value(nested, "value")
    if identity is not None:
        value = {"coding": [{"code": identity[1]}]} if isinstance(identity[1], str) else identity[1]
        drafting.concept("genderIdentity", "GenderIdentity", value, context=context, source=source)
    for each in observations:
        if each.json.get("status") in VOID:
            continue
        value, at = each.json.get("valueCodeableConcept"), Source(each.reference, "valueCodeableConcept")
        if has_code(each.json.get("code"), _ASKS_BIRTH_SEX):
            drafting.consume(each, *_READ)
            code = next((_BIRTH_SEX[code] for _, code in pairs(value) if code in _BIRTH_SEX), None)
            if code is not None and "sexAtBirth" not in drafting.payload:
                _birth_sex(drafting, code, at, context)
        elif has_code(each.json.get("code"), _ASKS_IDENTITY):
            drafting.consume(each, *_READ)
            if "genderIdentity" not in drafting.payload:
                drafting.concept("genderIdentity", "GenderIdentity", value, context=context, source=at)


def _birth_sex(drafting: Drafting, code: str, source: Source, context: Context) -> None:
    coding = {"system": GENDER, "code": _BIRTH_SEX.get(code, code)}
    drafting.concept("sexAtBirth", "BirthSex", coding, context=context, source=source, text=False)


def _reason(member: Resource, arrived: bool) -> str:
    status = member.json.get("status")
    if isinstance(status, str) and status in VOID:
        return f"the observation is {VOID[status]}"
    return (
        "the Patient leaves nothing open that it could say"
        if arrived
        else "the Patient that it is about has not arrived"
    )
