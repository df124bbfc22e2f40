"""The patient's case in POP."""

from __future__ import annotations

from typing import Any

from mappers.codes import (
    CAUSE_OF_DEATH,
    CDC_RACE,
    CLINICAL_CENTER,
    CONSENT_STATUS,
    END_OF_RECORDS,
    GENDER,
    GENDER_IDENTITY,
    IDENTIFIER_TYPE,
    NULL_FLAVOR,
    SNOMED,
    US_CORE_BIRTH_SEX,
    US_CORE_RACE,
    VITAL_STATUS,
)
from mappers.dates import Day, parse_day
from mappers.drafting import Drafting
from mappers.fhir import code_of, codings, extension_value, extensions, first, has_code, objects, text_of
from mappers.protocol import Context, Group, JsonObject, MapOutput, NotForPop, Resource, Source
from mappers.subjects import CASE, TUMOUR, zone

#: v2-0203 identifier types that never identify a patient *in the hospital's record*: they belong to other authorities, and
#: copying a social security, licence, passport or payer number into a research platform would be a breach.
_FORBIDDEN_TYPES = frozenset({
    "SS", "SB", "NI", "DL", "PPN", "MB", "MC", "MA", "MCD", "MCR", "TAX", "EN", "BC", "MI", "NH", "NHE", "PN", "HC", "JHN",
    "SNO", "SNBSN", "BCT", "LANR", "GKV", "PKV", "KVZ10", "ACSN", "CZ", "DC", "PRC", "RRI", "WC", "XX", "AN", "VN",
})  # fmt: skip
_FORBIDDEN_SYSTEMS = (
    "us-ssn",
    "us-medicare",
    "us-mbi",
    "2.16.840.1.113883.4.1",
    "2.16.840.1.113883.4.3.",
    "gkv/kvid-10",
    "us-npi",
)

#: us-core-birthsex (v3 AdministrativeGender and null flavour codes) → POP's birth sex.
_BIRTH_SEX = {"F": "female", "M": "male", "UNK": "unknown", "ASKU": "unknown", "OTH": "other", "female": "female",
              "male": "male", "unknown": "unknown", "other": "other"}  # fmt: skip
_ALIVE, _DECEASED = (SNOMED, "438949009"), (SNOMED, "419099009")

#: Where the newest entry of a record is looked for when POP needs an end of records.
_DATED = ("Condition", "Observation", "Procedure", "MedicationAdministration", "MedicationRequest", "Encounter")


class PatientCaseMapper:
    """The Patient as a POP case.

    * Only patients with a tumour become cases (option ``patient.import``: ``with-cancer``, or ``all``).
    * The clinical centre is POP's own extension, else the option ``patient.clinical-center``.
    * The clinical identifier is of a system in the option ``patient.identifier-systems`` if that is set; else a medical record
      number (v2-0203 ``MR``), a ``usual`` one first; never a social security, licence, passport, account or payer number.
    * ``deceased[x]`` absent means alive (R4 Patient.deceased[x]: "most systems will interpret the absence of a value as a sign
      of the person being alive"), an assumption; option ``patient.deceased-absent`` = ``unknown`` reads it otherwise.
    * Deceased without a date: POP demands a date of death, so the vital status is ``unknown`` until one arrives, with a
      warning; option ``patient.death-without-date`` = ``block`` lets the case wait instead.
    * ``unknown`` requires an end of records in POP: the source's, else (assumed) the month of the newest entry of the record.
    """

    name = "patient-case"
    version = "1"
    produces: tuple[str, ...] = (CASE,)
    reads: tuple[str, ...] = ("Patient",)
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """Each Patient is its own group."""
        return resource.reference

    def map(self, group: Group, context: Context) -> MapOutput:
        """One case per Patient that has a tumour."""
        everyone = context.options.get("patient.import", "with-cancer") == "all"
        for member in group.members:
            if not everyone and not context.entities(TUMOUR):
                yield NotForPop(member.reference, "the record holds no cancer diagnosis (option patient.import)")
            else:
                yield self._map(member, context).done()

    def _map(self, member: Resource, context: Context) -> Drafting:
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
        _sex_and_identity(drafting, member, context)
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
        _vital_status(drafting, member, context, birth)
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
    ranked = []
    for position, identifier in enumerate(objects(member.json.get("identifier"))):
        rank = _rank(identifier, systems)
        value = identifier.get("value")
        if rank is not None and isinstance(value, str) and value.strip():
            ranked.append((rank, str(identifier.get("system") or ""), value.strip(), position))
    if not ranked:
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
    ranked.sort()
    _, _, value, position = ranked[0]
    source = Source(member.reference, f"identifier[{position}].value")
    if len(value) > 100:
        drafting.issue(
            "implausible-value", "clinicalIdentifier", "POP takes at most 100 characters.", source=source, blocking=True
        )
    else:
        drafting.put("clinicalIdentifier", value, source)


def _rank(identifier: JsonObject, systems: list[str]) -> int | None:
    """A lower rank is preferred; None forbids. Rank within the configured systems, else by type and use."""
    system = str(identifier.get("system") or "")
    if systems:
        return systems.index(system) if system in systems else None
    types = {code for kind, code in _types(identifier)}
    if types & _FORBIDDEN_TYPES or any(part in system for part in _FORBIDDEN_SYSTEMS):
        return None
    use = identifier.get("use")
    if use == "old":
        return None
    record = bool(types & {"MR", "PI", "MRT"})
    return {(True, True): 0, (True, False): 1, (False, True): 2, (False, False): 3}[record, use == "usual"] * 2 + (
        use == "temp"
    )


def _types(identifier: JsonObject) -> list[tuple[str, str]]:
    return [(IDENTIFIER_TYPE, code_of(each)) for each in codings(identifier.get("type"))]


def _race(drafting: Drafting, member: Resource, context: Context) -> None:
    """US Core race: one OMB category. POP has a single value, so several categories are not one of them: review."""
    for _, extension in extensions(member.json, US_CORE_RACE):
        source = Source(member.reference, "extension")
        parts = [first(each.get("valueCoding")) for _, each in extensions(extension, "ombCategory")]
        drafting.read(source)
        parts = [each for each in parts if code_of(each)]
        if len({code_of(each) for each in parts}) > 1:
            drafting.issue("several-values", "race", "POP holds one race; the source states several.", source=source)
        elif parts:
            coding = {**parts[0], "system": NULL_FLAVOR if code_of(parts[0]) in ("UNK", "ASKU") else CDC_RACE}
            drafting.concept("race", "Race", coding, context=context, source=source, text=False)


def _sex_and_identity(drafting: Drafting, member: Resource, context: Context) -> None:
    source = Source(member.reference, "extension")
    sex = extension_value(member.json, US_CORE_BIRTH_SEX)
    if sex is not None and isinstance(sex[1], str):
        coding = {"system": GENDER, "code": _BIRTH_SEX.get(sex[1], sex[1])}
        drafting.concept("sexAtBirth", "BirthSex", coding, context=context, source=source, text=False)
    identity = extension_value(member.json, GENDER_IDENTITY)
    if identity is not None:
        drafting.concept("genderIdentity", "GenderIdentity", identity[1], context=context, source=source)


def _vital_status(drafting: Drafting, member: Resource, context: Context, birth: Day | None) -> None:
    json = member.json
    primitive = first(json.get("_deceasedDateTime"))
    stated = extension_value(primitive, VITAL_STATUS) or extension_value(json, VITAL_STATUS)
    boolean, moment = json.get("deceasedBoolean"), json.get("deceasedDateTime")
    death = parse_day(moment, zone(context))
    source = Source(member.reference, "deceasedDateTime" if moment is not None or primitive else "deceasedBoolean")
    dead = boolean is True or moment is not None or (stated is not None and has_code(stated[1], {_DECEASED}))
    if dead and death is not None:
        drafting.put("vitalStatus", "deceased", source)
        drafting.day("dateOfDeath", death, source)
        if birth is not None and death.latest < birth.earliest:
            drafting.issue("implausible-value", "dateOfDeath", "Death lies before birth.", source=source, blocking=True)
        cause = extension_value(primitive, CAUSE_OF_DEATH) or extension_value(json, CAUSE_OF_DEATH)
        if cause is not None:
            drafting.concept("causeOfDeath", "CauseOfDeath", cause[1], context=context, source=source)
        return
    if dead:
        if context.options.get("patient.death-without-date", "unknown") == "block":
            drafting.put("vitalStatus", "deceased", source)
            drafting.missing("dateOfDeath", "The patient is deceased, and POP demands the date.", source)
            return
        text = (
            "The patient is deceased without a date, which POP demands: the vital status is unknown until it arrives."
        )
        drafting.issue("missing-date-of-death", "dateOfDeath", text, source=source)
        _unknown(drafting, member, context, source)
        return
    if boolean is False or (stated is not None and has_code(stated[1], {_ALIVE})):
        drafting.put("vitalStatus", "alive", source)
    elif stated is None and context.options.get("patient.deceased-absent", "alive") == "alive":
        drafting.put("vitalStatus", "alive")
        drafting.assume(
            "vitalStatus",
            "alive-unless-stated",
            "The source does not say that the patient is deceased (R4 Patient.deceased).",
        )
    else:
        _unknown(drafting, member, context, source)


def _unknown(drafting: Drafting, member: Resource, context: Context, source: Source) -> None:
    """POP: ``unknown`` requires ``endOfRecords``, which POP moves to the first of its month anyway (README *Writing*)."""
    drafting.put("vitalStatus", "unknown", source)
    primitive = first(member.json.get("_deceasedDateTime"))
    stated = extension_value(member.json, END_OF_RECORDS) or extension_value(primitive, END_OF_RECORDS)
    day = parse_day(stated[1]) if stated is not None else None
    if day is not None:
        drafting.day("endOfRecords", day, Source(member.reference, "extension"))
        return
    newest = max(filter(None, (_newest(each.json, context) for each in context.resources(*_DATED))), default=None)
    if newest is None:
        drafting.missing("endOfRecords", "The vital status is unknown and the record holds no dated entry.")
        return
    drafting.put("endOfRecords", newest.date.replace(day=1).isoformat())
    drafting.assume(
        "endOfRecords", "end-of-records-from-newest-entry", "The month of the newest dated entry of the record."
    )


def _newest(json: JsonObject, context: Context) -> Day | None:
    candidates: list[Any] = []
    for name in (
        "effectiveDateTime",
        "effectiveInstant",
        "issued",
        "recordedDate",
        "onsetDateTime",
        "performedDateTime",
        "authoredOn",
    ):
        candidates.append(json.get(name))
    for name in ("effectivePeriod", "performedPeriod", "period"):
        period = json.get(name)
        if isinstance(period, dict):
            candidates.extend((period.get("start"), period.get("end")))
    days = [day for each in candidates if (day := parse_day(each, zone(context))) is not None]
    return max(days, default=None)
