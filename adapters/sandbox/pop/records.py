"""What the sandbox POP accepts, how it stores it, and how it reads back. Observed rules only (shared notes, transcripts)."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
import string
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from adapters.pop import models
from adapters.pop.compare import MONTH_DATES
from adapters.pop.kinds import KINDS, Kind
from adapters.pop.measures import factor, same_dimension
from adapters.sandbox.pop.store import Entities, new_id
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]

THERAPIES = ("systemic-therapies", "surgeries", "radiotherapies")
#: Units a field reads back in, where that is not its documented default (measures-roundtrip).
READ_UNITS = {("TumorMarker", "massConcentration"): "ng__ml"}
#: LOINC answers of the ECOG (LL529-9) and Karnofsky (LL4986-7) scales, by score.
ECOG_ANSWERS = {0: "LA9622-7", 1: "LA9623-5", 2: "LA9624-3", 3: "LA9625-0", 4: "LA9626-8", 5: "LA9627-6"}
KARNOFSKY_ANSWERS = {
    100: "LA29175-9", 90: "LA29176-7", 80: "LA29177-5", 70: "LA29178-3", 60: "LA29179-1", 50: "LA29180-9", 40: "LA29181-7",
    30: "LA29182-5", 20: "LA29183-3", 10: "LA29184-1", 0: "LA9627-6",
}  # fmt: skip
_TABLES = {
    "PatientCase": "oncology_patientcase",
    "NeoplasticEntity": "oncology_neoplasticentity",
    "TumorMarker": "oncology_tumormarker",
    "PerformanceStatus": "oncology_performancestatus",
}


class Refused(Exception):
    """A 4xx with its JSON body."""

    def __init__(self, status: int, body: JsonObject) -> None:
        super().__init__(str(status))
        self.status = status
        self.body = body


class ServerError(Exception):
    """POP's HTML 500. ``stored`` tells whether the row stayed all the same."""


@cache
def _model(kind: str) -> type[BaseModel]:
    model: type[BaseModel] = getattr(models, f"{kind}Create")
    return model


@cache
def kinds_of(collection: str) -> tuple[Kind, ...]:
    """Kinds that are written to one collection."""
    return tuple(kind for kind in KINDS.values() if kind.collection == collection)


def kind_of(collection: str, body: JsonObject) -> Kind:
    """The kind a body is meant as: by its constant field where several share the collection."""
    candidates = kinds_of(collection)
    for kind in candidates:
        if all(body.get(field) == value for field, value in kind.const.items()):
            return kind
    if len(candidates) == 1:
        return candidates[0]
    field = next(iter(candidates[0].const))
    raise Refused(
        422,
        {
            "detail": [
                {
                    "type": "union_tag_not_found",
                    "loc": ["body", "payload"],
                    "msg": f"Unable to extract tag using {field}",
                }
            ]
        },
    )


def _violates(kind: str, constraint: str) -> Refused:
    relation = _TABLES.get(kind, "oncology")
    return Refused(
        422,
        {
            "message": "The data provided violates a database constraint: new row for relation "
            f'"{relation}" violates check constraint "{constraint}"'
        },
    )


class Records:
    """Validation, storage and the read shape."""

    def __init__(self, entities: Entities, terms: Terms) -> None:
        self.entities = entities
        self.terms = terms
        self._order = itertools.count(
            1 + max((row["_order"] for c in entities.collections() for row in entities.all(c)), default=0)
        )
        self._random = random.Random(7)  # noqa: S311 - pseudoidentifiers of invented people

    # -- writing -------------------------------------------------------------------------------------------------

    def create(self, collection: str, body: Any, *, user: str, parent: str | None = None) -> JsonObject:
        """Store a new entity and return its row. Raises Refused or ServerError."""
        kind, fields = self._validated(collection, body)
        row = {"id": new_id(), "_order": next(self._order), "createdAt": _now(), "createdBy": user, "updatedAt": None,
               "updatedBy": None, "_events": [], "_parent": parent, **fields}  # fmt: skip
        self._check_database(kind, row)
        if kind.name == "PatientCase":
            row["pseudoidentifier"] = self._pseudoidentifier()
        self._event(row, "create", user, fields)
        self.entities.put(collection, row)
        self._after(kind, row)
        return row

    def update(self, collection: str, row: JsonObject, body: Any, *, user: str) -> JsonObject:
        """Replace an entity: what the body leaves out is gone. An identical body makes no event."""
        kind, fields = self._validated(collection, body)
        technical = {name: row[name] for name in row if name not in kind.properties or name in kind.const}
        renewed = {**technical, **fields}
        if kind.name == "SystemicTherapy":
            renewed["therapyLineId"] = row.get("therapyLineId")
        self._check_database(kind, renewed, replacing=row["id"])
        if any(renewed.get(name) != row.get(name) for name in kind.properties):
            renewed["updatedAt"] = _now()
            renewed["updatedBy"] = sorted({*(row["updatedBy"] or []), user})
            self._event(renewed, "update", user, fields)
        self.entities.put(collection, renewed)
        self._after(kind, renewed)
        return renewed

    def delete(self, collection: str, row: JsonObject) -> None:
        """Delete with POP's cascades: a case takes everything, a parent its children, a tumour leaves the relation lists."""
        identity = row["id"]
        for other in list(self.entities.collections()):
            for owned in self.entities.owned(other, identity):
                self.delete(other, owned)
        if collection == "neoplastic-entities":
            for other in list(self.entities.collections()):
                for entity in self.entities.owned(other, row["caseId"]):
                    for name, value in entity.items():
                        if isinstance(value, list) and identity in value:
                            self.entities.put(other, {**entity, name: [item for item in value if item != identity]})
        self.entities.delete(collection, identity)
        if collection in THERAPIES:
            self._rebuild_lines(row["caseId"])

    def _validated(self, collection: str, body: Any) -> tuple[Kind, JsonObject]:
        if not isinstance(body, dict):
            body = {}
        kind = kind_of(collection, body)
        prepared = {name: value for name, value in body.items() if name in kind.properties}
        for name, value in prepared.items():
            # django-ninja reads a non-object as an empty one: each of its fields is then reported as missing.
            if value is None or not (name in kind.terminology or name in kind.measures or name == "period"):
                continue
            as_list = isinstance(value, list) and name != "period" and _listed(kind, name)
            if not isinstance(value, dict) and not as_list:
                prepared[name] = {}
        null_dates = [name for name in kind.required if name in prepared and prepared[name] is None]
        try:
            model = _model(kind.name).model_validate(prepared, extra="ignore")
        except ValidationError as error:
            raise Refused(
                422, {"detail": [_detail(item) for item in error.errors(include_url=False, include_input=False)]}
            ) from None
        fields = model.model_dump(mode="json", by_alias=True, include=set(kind.properties), warnings=False)
        if null_dates:
            fields.update(dict.fromkeys(null_dates))
        for name, terminology in kind.terminology.items():
            fields[name] = self._concepts(name, terminology, fields.get(name))
        for name in kind.measures:
            if fields.get(name) is not None:
                fields[name] = _measure(kind, name, fields[name])
        for name in MONTH_DATES & fields.keys():
            if fields[name] is not None:
                fields[name] = f"{fields[name][:7]}-01"
        for name in kind.many:
            fields[name] = list(dict.fromkeys(fields.get(name) or []))
        return kind, fields

    def _concepts(self, field: str, terminology: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._concepts(field, terminology, item) for item in value]
        if value is None:
            return None
        found = self.terms.find(terminology, value["system"], value["code"])
        if found is None:
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z])", " ", terminology).lower()
            raise Refused(
                422,
                {
                    "message": f"Got a unsupported or invalid CodedConcept with code '{value['code']}' and system "
                    f"'{value['system']}' for {words} valueset."
                },
            )
        return found

    def _check_database(self, kind: Kind, row: JsonObject, *, replacing: str | None = None) -> None:
        for field in kind.references:
            targets = row.get(field)
            for target in targets if isinstance(targets, list) else [targets]:
                owned = field == "therapyLineId" and replacing is not None
                if target is not None and not owned and not self._exists(kind, field, target):
                    raise ServerError(f"unknown {field}")
        period = row.get("period")
        if isinstance(period, dict) and period.get("start") and period.get("end") and period["end"] < period["start"]:
            raise ServerError("period ends before it starts")
        if isinstance(cycles := row.get("cycles"), int) and not 0 <= cycles < 2**31:
            if cycles < 0:
                raise _violates(kind.name, "oncology_systemictherapy_cycles_check")
            raise ServerError("integer out of range")
        if kind.name == "PatientCase":
            self._check_case(row, replacing)
        elif kind.name == "NeoplasticEntity" and row["relationship"] == "primary" and row.get("relatedPrimaryId"):
            raise _violates(kind.name, "primary_cannot_have_a_related_primary")
        elif kind.name == "TumorMarker" and all(
            row.get(name) is None
            for name in kind.properties
            - {"date", "analyte", "caseId", "relatedEntitiesIds", "externalSource", "externalSourceId"}
        ):
            raise _violates(kind.name, "tumor marker must at least have one value")
        elif kind.name == "PerformanceStatus":
            scores = [row.get("ecogScore"), row.get("karnofskyScore")]
            if all(score is None for score in scores):
                raise _violates(kind.name, "at_least_one_score_must_be_set")
            if any(isinstance(score, int) and score >= 2**31 for score in scores):
                raise ServerError("integer out of range")
            if any(isinstance(score, int) and score < 0 for score in scores):
                raise _violates(kind.name, "oncology_performancestatus_score_check")

    def _check_case(self, row: JsonObject, replacing: str | None) -> None:
        status = row.get("vitalStatus") or "unknown"
        if status == "unknown" and row.get("endOfRecords") is None:
            raise _violates("PatientCase", "unknown_vital_status_requires_end_of_records")
        if (status == "deceased") != (row.get("dateOfDeath") is not None):
            raise _violates("PatientCase", "vital_status_date_of_death_combinations")
        if status != "deceased" and row.get("causeOfDeath") is not None:
            raise _violates("PatientCase", "cause_of_death_only_for_deceased")
        twin = self.entities.case_by_identity(row["clinicalCenter"], row["clinicalIdentifier"])
        if twin is not None and twin["id"] != replacing:
            raise Refused(
                422,
                {
                    "message": "The data provided violates a database constraint: duplicate key value violates unique "
                    'constraint "unique_clinical_identifier_per_center"'
                },
            )

    def _exists(self, kind: Kind, field: str, identity: str) -> bool:
        collections = {KINDS[target].collection for target in kind.references[field]}
        return any(self.entities.get(collection, identity) is not None for collection in collections)

    def _after(self, kind: Kind, row: JsonObject) -> None:
        if kind.collection not in THERAPIES:
            return
        poisoned = [
            item for name in THERAPIES[:1] for item in self.entities.owned(name, row["caseId"]) if not _started(item)
        ]
        if poisoned:
            raise ServerError("therapy lines cannot be derived")
        self._rebuild_lines(row["caseId"])

    def _rebuild_lines(self, case_id: str) -> None:
        """POP deletes and recreates all therapy lines of a case whenever a therapy of it is written."""
        for line in self.entities.owned("therapy-lines", case_id):
            self.entities.delete("therapy-lines", line["id"])
        therapies = sorted(
            (item for item in self.entities.owned("systemic-therapies", case_id) if _started(item)),
            key=lambda item: (item["period"]["start"], item["_order"]),
        )
        lines: dict[str, JsonObject] = {}
        for therapy in therapies:
            intent = therapy["intent"]
            if intent not in lines:
                lines[intent] = {
                    "id": new_id(), "_order": next(self._order), "_parent": None, "_events": [], "createdAt": _now(),
                    "createdBy": therapy["createdBy"], "updatedAt": None, "updatedBy": None, "caseId": case_id,
                    "ordinal": 1, "intent": intent, "progressionDate": None, "externalSource": None, "externalSourceId": None,
                }  # fmt: skip
                self.entities.put("therapy-lines", lines[intent])
            # Rewriting the lines also counts as an update of the therapy (observed).
            touched = {"updatedAt": _now(), "updatedBy": sorted({*(therapy["updatedBy"] or []), therapy["createdBy"]})}
            self.entities.put("systemic-therapies", {**therapy, **touched, "therapyLineId": lines[intent]["id"]})

    @staticmethod
    def _event(row: JsonObject, category: str, user: str, fields: JsonObject) -> None:
        event = {"id": len(row["_events"]) + 1, "resourceId": row["id"], "category": category, "timestamp": _now(), "user": user,
                 "snapshot": fields}  # fmt: skip
        row["_events"] = [*row["_events"], event]

    def _pseudoidentifier(self) -> str:
        draw = self._random
        return f"{draw.choice(string.ascii_uppercase)}.{draw.randint(1000, 9999)}.{draw.randint(100, 999)}.{draw.randint(10, 99)}"

    # -- reading -------------------------------------------------------------------------------------------------

    def readable(self, collection: str, row: JsonObject) -> bool:
        """False for poison: building the answer fails, for this row and every list that contains it."""
        if collection == "patient-cases":
            return row.get("vitalStatus") == "unknown" or row.get("endOfRecords") is None
        if collection in ("systemic-therapies", "radiotherapies"):
            return _started(row)
        if collection == "vitals":
            height = row.get("height")
            return height is None or height["value"] != 0
        return True

    def read(self, collection: str, row: JsonObject, *, anonymised: bool) -> JsonObject:
        """The read shape. Raises ServerError on poison."""
        if not self.readable(collection, row):
            raise ServerError("unreadable")
        kind = kind_of(collection, row)
        shown: JsonObject = {"anonymized": anonymised, "id": row["id"], "description": description(kind.name, row)}
        shown.update({name: row.get(name) for name in ("createdAt", "updatedAt", "createdBy", "updatedBy")})
        shown.update({name: row.get(name) for name in sorted(kind.properties)})
        for name, value in kind.const.items():
            shown[name] = value
        if kind.name == "PatientCase":
            shown["pseudoidentifier"] = row["pseudoidentifier"]
        if kind.name == "SystemicTherapy":
            children = self.entities.owned("systemic-therapies/{systemicTherapyId}/medications", row["id"])
            shown["medications"] = [
                self.read("systemic-therapies/{systemicTherapyId}/medications", child, anonymised=anonymised)
                for child in children
            ]
            shown["isAdjunctive"] = row.get("adjunctiveRole") is not None
        if kind.name == "PerformanceStatus":
            shown["ecogInterpretation"] = self._interpretation("ECOG", ECOG_ANSWERS, row.get("ecogScore"))
            shown["karnofskyInterpretation"] = self._interpretation(
                "Karnofsky", KARNOFSKY_ANSWERS, row.get("karnofskyScore")
            )
        if kind.parent is not None:
            del shown["anonymized"]
        if anonymised:
            _anonymise(kind, shown)
        # Observed: stagings leave out what is null, everything else shows it.
        return _without_nulls(shown) if collection == "stagings" else shown

    def _interpretation(self, scale: str, answers: dict[int, str], score: Any) -> JsonObject | None:
        code = answers.get(score) if isinstance(score, int) else None
        name = f"{scale}PerformanceStatusInterpretation"
        return None if code is None else self.terms.find(name, "http://loinc.org", code)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(child) for name, child in value.items() if child is not None}
    return value


def _listed(kind: Kind, name: str) -> bool:
    annotation = _model(kind.name).model_fields[name].annotation
    return "list" in str(annotation)


def _started(row: JsonObject) -> bool:
    return bool((row.get("period") or {}).get("start"))


def _detail(item: Any) -> JsonObject:
    detail: JsonObject = {"type": item["type"], "loc": ["body", "payload", *item["loc"]], "msg": item["msg"]}
    if "ctx" in item:
        detail["ctx"] = item["ctx"]
    return detail


def _measure(kind: Kind, field: str, measure: JsonObject) -> JsonObject:
    """Stored in the unit it reads back in, with the float noise of the conversion."""
    unit = READ_UNITS.get((kind.name, field), kind.measures[field][1])
    value = float(measure["value"])
    if measure["unit"] == unit:
        return {"value": value, "unit": unit}
    written, stored = factor(measure["unit"]), factor(unit)
    if written is None or stored is None or not same_dimension(measure["unit"], unit):
        raise ServerError("unknown unit")
    return {"value": value * float(written[1]) / float(stored[1]), "unit": unit}


def _anonymise(kind: Kind, shown: JsonObject) -> None:
    """Dates shifted by a fixed amount per entity's case, identity masked."""
    shift = dt.timedelta(days=157)
    for name in kind.dates:
        if shown.get(name) is not None:
            shown[name] = (dt.date.fromisoformat(shown[name]) + shift).isoformat()
    if isinstance(shown.get("period"), dict):
        shown["period"] = {
            edge: None if day is None else (dt.date.fromisoformat(day) + shift).isoformat()
            for edge, day in shown["period"].items()
        }
    if kind.name == "PatientCase":
        shown.update(clinicalCenter="*************", clinicalIdentifier="*************", dateOfBirth="*************")


def description(kind: str, row: JsonObject) -> str:
    """A short text as POP gives one; the wording is the sandbox's own where POP's depends on its synonym tables."""
    if kind == "PatientCase":
        return f"Onconova Patient Case {row['pseudoidentifier']}"
    if kind == "NeoplasticEntity":
        relationship = str(row["relationship"]).replace("_", " ").capitalize()
        return f"{relationship} {row['morphology']['display']} of {row['topography']['display']}"
    if kind == "TumorMarker":
        acronym = ((row["analyte"] or {}).get("properties") or {}).get("acronym") or row["analyte"]["display"]
        for name, value in row.items():
            if isinstance(value, dict) and "unit" in value:
                return f"{acronym}: {value['value']} {value['unit'].replace('__', '/')}"
            if name in ("presence", "tumorProportionScore", "immuneCellScore", "immunohistochemicalScore") and value:
                return f"{acronym}: {value}"
        return str(acronym)
    if kind == "PerformanceStatus":
        return (
            f"ECOG: {row['ecogScore']}" if row.get("ecogScore") is not None else f"Karnofsky: {row['karnofskyScore']}"
        )
    if kind == "SystemicTherapy":
        return f"{str(row['intent']).capitalize()} systemic therapy"
    if isinstance(row.get("stage"), dict):
        return str(row["stage"]["display"])
    if isinstance(row.get("drug"), dict):
        return str(row["drug"]["display"])
    return kind


def _now() -> str:
    return dt.datetime.now().isoformat(timespec="milliseconds")
