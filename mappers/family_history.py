"""Cancer in the family."""

from __future__ import annotations

import re
from typing import Any

from mappers.codes import ICD_O_MORPHOLOGY, ICD_O_TOPOGRAPHY
from mappers.diagnoses import diagnose
from mappers.drafting import Drafting
from mappers.fhir import choice, codings, extension_value, objects, text_of, words
from mappers.protocol import Context, Group, JsonObject, MapOutput, NotForPop, Resource, Source
from mappers.relatives import relation_of, relatives_cancer, site_of_name
from mappers.subjects import TUMOUR, case_key, check_after_birth, day_in, primaries, subject_source
from mappers.terminology.neoplasm_names import read_name
from mappers.units import decimal_of

_POP = "http://onconova.github.io/fhir/StructureDefinition/"
CONTRIBUTED = _POP + "onconova-ext-family-member-condition-contributed-to-death"
TOPOGRAPHY = _POP + "onconova-ext-family-history-member-cancer-topography"
MORPHOLOGY = _POP + "onconova-ext-family-history-member-cancer-morphology"

_AGE = re.compile(r"(?:age\s*)?(\d{1,3})(?:\s*(?:y|years?|jahren?|j\.?|lj\.?))?", re.I)

#: R4 FamilyHistoryStatus: these state no history.
_VOID = {"entered-in-error": "entered in error", "health-unknown": "of unknown health"}


class FamilyHistoryMapper:
    """FamilyMemberHistory: one entity per relative and cancer.

    * Relationship: v3-RoleCode, which is POP's list; else SNOMED CT's person, or its name in English or German.
    * A condition of the relative counts if it would count as a tumour of a patient (``mappers.diagnoses``). A relative with other
      conditions only is not for POP; one whose history is complete and names no condition had no cancer (an assumption: R4
      FamilyMemberHistory.status ``completed``).
    * A *history of* a cancer (ICD-10 Z80, Z85; ICD-9-CM V10, V16; SNOMED CT situations) is that cancer of the relative.
    * Site and histology: POP's extensions, else what the condition's code names; where it is only a text, what the whole of it
      names (``Breast cancer``), an assumption: a word that is not understood makes it no name of ours.
    * Date: when it was recorded; else (assumed) the day of the first diagnosis, when family history is taken; option
      ``family-history.date-absent`` = ``block`` lets it wait instead.
    """

    name = "family-history"
    version = "2"
    produces: tuple[str, ...] = ("FamilyHistory",)
    reads: tuple[str, ...] = ("FamilyMemberHistory",)
    requires: tuple[str, ...] = (TUMOUR,)

    def select(self, resource: Resource) -> str | None:
        """Each its own group."""
        return resource.reference

    def map(self, group: Group, context: Context) -> MapOutput:
        """One draft per cancer of the relative."""
        for member in group.members:
            yield from self._map(member, context)

    def _map(self, member: Resource, context: Context) -> MapOutput:
        json = member.json
        status = json.get("status")
        if isinstance(status, str) and status in _VOID:
            yield NotForPop(member.reference, f"the history is {_VOID[status]}")
            return
        conditions = list(enumerate(objects(json.get("condition"))))
        cancers = [(position, each) for position, each in conditions if _is_cancer(each)]
        if conditions and not cancers:
            yield NotForPop(member.reference, "the history names no cancer of this relative")
            return
        if not conditions and status not in (None, "completed"):
            yield NotForPop(member.reference, "a partial history that names no condition")
            return
        names: set[str] = set()
        for position, cancer in cancers:
            suffix = f"/{_name(cancer)}" if len(cancers) > 1 else ""
            if suffix in names:
                continue
            names.add(suffix)
            yield self._draft(member, suffix, position, cancer, context).done()
        if not cancers:
            drafting = self._draft(member, "", 0, None, context)
            drafting.put("hadCancer", False, Source(member.reference, "condition"))
            drafting.assume("hadCancer", "no-condition-named", "The history names no condition of this relative.")
            yield drafting.done()

    def _draft(
        self, member: Resource, suffix: str, position: int, cancer: JsonObject | None, context: Context
    ) -> Drafting:
        drafting = Drafting("FamilyHistory", f"FamilyHistory:{member.reference}{suffix}")
        drafting.refer("caseId", case_key(context, member), subject_source(member))
        drafting.consume(member, "status", "sex", "reasonCode", "reasonReference")
        _date(drafting, member, context)
        source = Source(member.reference, "relationship")
        who = member.json.get("relationship")
        if isinstance(who, dict) and context.translate("FamilyMemberType", who, text=True) is None:
            who = relation_of(who) or who
        if drafting.concept(
            "relationship", "FamilyMemberType", who, context=context, source=source, required=True
        ) is None and not (codings(who) or words(who)):
            drafting.missing("relationship", "The history does not say whose it is.", source)
        _deceased(drafting, member)
        if cancer is not None:
            drafting.put("hadCancer", True, Source(member.reference, f"condition[{position}].code"))
            _cancer(drafting, member, f"condition[{position}].", cancer, context)
        return drafting


def _is_cancer(condition: JsonObject) -> bool:
    if extension_value(condition, TOPOGRAPHY) is not None or extension_value(condition, MORPHOLOGY) is not None:
        return True
    return diagnose({"code": relatives_cancer(condition.get("code"))}).relationship is not None


def _name(condition: JsonObject) -> str:
    found = codings(condition.get("code"))
    code = text_of(found[0].get("code")) if found else ""
    return code or re.sub(r"\W+", "-", words(condition.get("code")).casefold()).strip("-")


def _date(drafting: Drafting, member: Resource, context: Context) -> None:
    source = Source(member.reference, "date")
    day = day_in(member.json.get("date"), context)
    if day is not None:
        drafting.day("date", day, source)
        check_after_birth(drafting, "date", day, source, context)
        return
    days = sorted(str(view.payload["assertionDate"]) for view in primaries(context) if "assertionDate" in view.payload)
    if not days or context.options.get("family-history.date-absent") == "block":
        drafting.missing("date", "The history does not say when it was taken.", source)
        return
    drafting.put("date", days[0])
    drafting.assume("date", "date-of-diagnosis", "No date is stated: the day of the first diagnosis is taken.", source)


def _deceased(drafting: Drafting, member: Resource) -> None:
    """R4 FamilyMemberHistory.deceased[x]: any age or date of death says that the relative died."""
    found = choice(member.json, ("deceasedBoolean", "deceasedAge", "deceasedRange", "deceasedDate", "deceasedString"))
    if found is None:
        return
    name, value = found
    source = Source(member.reference, name)
    if isinstance(value, bool):
        drafting.put("isDeceased", value, source)
    elif name != "deceasedString":
        drafting.put("isDeceased", True, source)
    else:
        drafting.issue("unmapped-value", "isDeceased", "Only a text says whether the relative died.", source=source)


def _cancer(drafting: Drafting, member: Resource, prefix: str, cancer: JsonObject, context: Context) -> None:
    for field, terminology, url in (
        ("topography", "CancerTopography", TOPOGRAPHY), ("morphology", "CancerMorphology", MORPHOLOGY),
    ):  # fmt: skip
        stated = extension_value(cancer, url)
        if stated is not None:
            source = Source(member.reference, prefix + stated[0])
            drafting.concept(field, terminology, stated[1], context=context, source=source)
            continue
        source = Source(member.reference, prefix + "code")
        found = context.translate(terminology, relatives_cancer(cancer.get("code")), text=False)
        # A code that names no site is no site: C80.9 says "unknown" where the source says nothing.
        if found is not None and not (field == "topography" and found.concept["code"] == "C80.9"):
            drafting.put(field, found.concept, source)
            drafting.note_rule(field, found, source)
        elif found is None and field == "topography":
            _by_text(drafting, relatives_cancer(cancer.get("code")), source, context)
    contributed = extension_value(cancer, CONTRIBUTED)
    if contributed is not None and isinstance(contributed[1], bool):
        drafting.put("contributedToDeath", contributed[1], Source(member.reference, prefix + contributed[0]))
    elif isinstance(cancer.get("contributedToDeath"), bool):  # R5's element, sent by some R4 servers
        drafting.put(
            "contributedToDeath", cancer["contributedToDeath"], Source(member.reference, prefix + "contributedToDeath")
        )
    _onset(drafting, member, prefix, cancer)


def _by_text(drafting: Drafting, code: JsonObject, source: Source, context: Context) -> None:
    text = text_of(code.get("text")) if not codings(code) else ""
    named = read_name(text) if text else None
    for field, terminology, system, stated in (
        ("topography", "CancerTopography", ICD_O_TOPOGRAPHY, site_of_name(text) if text else None),
        ("morphology", "CancerMorphology", ICD_O_MORPHOLOGY, named.morphology if named is not None else None),
    ):
        found = context.translate(terminology, {"system": system, "code": stated}) if stated is not None else None
        if found is not None and field not in drafting.payload:
            drafting.put(field, found.concept, source)
            said = "The cancer is told as a text: what the whole of it names is taken."
            drafting.assume(field, "cancer-by-text", said, source)


def _onset(drafting: Drafting, member: Resource, prefix: str, cancer: JsonObject) -> None:
    """``onsetAge`` in whole years; a year of birth and a date of onset are not combined (their precision is unknown)."""
    found = choice(cancer, ("onsetAge", "onsetRange", "onsetString", "onsetPeriod"))
    if found is None:
        return
    name, value = found
    source = Source(member.reference, prefix + name)
    years = _years(value) if name == "onsetAge" else None
    if name == "onsetString" and (match := _AGE.fullmatch(text_of(value))):
        years = int(match[1])
    if years is None or not 0 <= years <= 120:
        drafting.issue("unmapped-value", "onsetAge", "The onset is no age in years.", source=source)
    else:
        drafting.put("onsetAge", years, source)


def _years(value: Any) -> int | None:
    number = decimal_of(value.get("value")) if isinstance(value, dict) else None
    if number is None:
        return None
    unit = text_of(value.get("code")) or text_of(value.get("unit")) or "a"
    if unit.casefold() in ("a", "y", "yr", "year", "years", "jahre"):
        return int(number)
    return int(number / 12) if unit.casefold() in ("mo", "month", "months") else None
