"""From a body to the fields that are stored: kind, shape, concepts, units (what POP's schemas do before its database)."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from adapters.pop import models
from adapters.pop.compare import MONTH_DATES
from adapters.pop.guard.risk import CLASSES
from adapters.pop.kinds import KINDS, Kind, packaged_contract
from adapters.sandbox.pop import units
from adapters.sandbox.pop.refusals import Refused, ServerError, shape, unknown_concept
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]

#: How POP's messages spell the constant field's type and its values, where they are not the value in capitals.
_CONSTANTS = {
    "stagings": "StagingDomain",
    "genomic-signatures": "GenomicSignatureTypes",
    "tumor-boards": "TumorBoardSpecialties",
}
_UUID_MESSAGE = re.compile(r"invalid character: found `(.)` at (\d+)")
_SPELLINGS = {"rhabdomyosarcoma": "RHABDO"}
#: The step of a union of schemas that POP's errors name in ``loc``.
_MEMBER = "function-wrap[_run_root_validator()]"


@cache
def _model(kind: str) -> type[BaseModel]:
    model: type[BaseModel] = getattr(models, f"{kind}Create")
    return model


@cache
def kinds_of(collection: str) -> tuple[Kind, ...]:
    """Kinds that are written to one collection, in the order in which POP tries them."""
    union = packaged_contract()["unions"].get(collection)
    if union is not None:
        return tuple(KINDS[name] for name in union)
    return tuple(kind for kind in KINDS.values() if kind.collection == collection)


#: Kinds whose read shape leaves out what is null: those that share a collection, and the recommendations of a board.
COMPACT = frozenset(
    {kind.name for kind in KINDS.values() if len(kinds_of(kind.collection)) > 1}
    | {"MolecularTherapeuticRecommendation"}
)


def kind_of_row(collection: str, row: JsonObject) -> Kind:
    """The kind of a stored entity."""
    return next(
        kind for kind in kinds_of(collection) if all(row[field] == value for field, value in kind.const.items())
    )


def validated(collection: str, body: Any, terms: Terms) -> tuple[Kind, JsonObject, JsonObject]:
    """(kind, fields to store, measures as they were sent). Raises Refused, or ServerError for a unit that POP does not know."""
    # Observed: a body that is a list is taken for an empty object.
    body = body if isinstance(body, dict) else {}
    kind, fields = _parsed(collection, body)
    for name, terminology in kind.terminology.items():
        fields[name] = _concepts(terms, terminology, fields.get(name))
    sent = {name: fields[name] for name in kind.measures if fields.get(name) is not None}
    for name in sent:
        fields[name] = _measure(kind, name, fields[name])
    for name in MONTH_DATES & fields.keys():
        if fields[name] is not None:
            fields[name] = f"{fields[name][:7]}-01"
    for name in _lists(kind.name):
        fields[name] = fields.get(name) or []
        if name in kind.terminology:
            # Observed: POP gives a list of concepts once each and in an order of its own, not in the one that was sent.
            fields[name] = [each for _, each in sorted({each["display"]: each for each in fields[name]}.items())]
        if name in kind.many:
            fields[name] = list(dict.fromkeys(fields[name]))
    return kind, fields, sent


def _parsed(collection: str, body: JsonObject) -> tuple[Kind, JsonObject]:
    """The first kind of the collection that takes the body (a constant field may be left out)."""
    candidates = kinds_of(collection)
    details: list[JsonObject] = []
    for kind in candidates:
        prepared = _prepared(kind, body)
        try:
            model = _model(kind.name).model_validate(prepared, extra="ignore")
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            if len(candidates) == 1:
                raise shape(*(_detail(item) for item in found)) from None
            details += [_member(collection, kind, item) for item in found]
            continue
        if kind.name == "RiskAssessment":
            _check_risk(model)
        return kind, model.model_dump(mode="json", by_alias=True, include=set(kind.properties), warnings=False)
    raise Refused(422, {"detail": details})


def _check_risk(model: Any) -> None:
    """POP's schema, not its database, knows which classes a methodology has."""
    classes = CLASSES.get(model.methodology.code)
    if classes is not None and model.risk.code not in classes:
        text = f'{model.risk} is not a valid choice for risk methodology "{model.methodology}".'
        detail = {"type": "value_error", "loc": ["body", "payload"], "msg": f"Value error, {text}"}
        raise shape({**detail, "ctx": {"error": text}})


def _prepared(kind: Kind, body: JsonObject) -> JsonObject:
    """The kind's own properties; objects given as something else as POP's framework reads them: as empty ones."""
    prepared = {name: value for name, value in body.items() if name in kind.properties}
    for name, value in prepared.items():
        if name == "period":
            prepared[name] = value if isinstance(value, dict) else {}
        elif (name in kind.terminology or name in kind.measures) and (value is not None or name in kind.required):
            if isinstance(value, list) and name in _lists(kind.name):
                prepared[name] = [item if isinstance(item, dict) else {} for item in value]
            else:
                prepared[name] = value if isinstance(value, dict) else {}
    return prepared


@cache
def _lists(kind: str) -> frozenset[str]:
    """Fields that hold a list: they read back as an empty one, never as null."""
    return frozenset(name for name, field in _model(kind).model_fields.items() if "list[" in str(field.annotation))


def _detail(item: Any, *between: str) -> JsonObject:
    detail: JsonObject = {"type": item["type"], "loc": ["body", "payload", *between, *item["loc"]], "msg": item["msg"]}
    if "ctx" in item:
        detail["ctx"] = item["ctx"]
    if item["type"] == "uuid_parsing":
        # POP's library expects a prefix, where ours does not name it.
        detail["msg"] = _UUID_MESSAGE.sub(_with_prefix, detail["msg"])
        detail["ctx"] = {"error": detail["msg"].partition(", ")[2]}
    return detail


def _with_prefix(found: re.Match[str]) -> str:
    expected = "expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-]"
    return f"invalid character: {expected}, found `{found[1]}` at {int(found[2]) + 1}"


def _member(collection: str, kind: Kind, item: Any) -> JsonObject:
    detail = _detail(item, _MEMBER)
    if item["type"] == "literal_error" and item["loc"][0] in kind.const:
        value = kind.const[item["loc"][0]]
        expected = f"{_CONSTANTS[collection]}.{_SPELLINGS.get(value, value.upper())}"
        detail.update(msg=f"Input should be {expected}", ctx={"expected": expected})
    return detail


def _concepts(terms: Terms, terminology: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_concepts(terms, terminology, item) for item in value]
    if value is None:
        return None
    found = terms.find(terminology, value["system"], value["code"])
    if found is None:
        raise unknown_concept(terminology, value["code"], value["system"])
    return found


def _measure(kind: Kind, field: str, measure: JsonObject) -> JsonObject:
    """As it reads back: in the field's unit, with the float noise, and the mistakes, of POP's conversion."""
    name, unit = kind.measures[field][0], units.read_unit(kind.name, field)
    try:
        stored = units.standard(name, float(measure["value"]), measure["unit"])
    except KeyError:
        raise ServerError("unknown unit") from None
    return {"value": units.shown(name, stored, unit), "unit": unit}
