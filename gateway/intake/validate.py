"""Is it valid R4? fhir.resources (R4B, the nearest it offers) plus the required bindings that it does not check.

What breaks the standard so that its meaning is in doubt makes a resource *invalid*; what is merely unknown to the standard
(vendor extras) is a warning: no hospital's extras may cost us a resource. Messages name the element, the kind of value that
stands there and the remedy, never the value.
"""

from __future__ import annotations

import re
from functools import cache, partial
from typing import Any

import orjson
from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from gateway.intake.bindings import CODES, CONCEPTS
from gateway.intake.mending import mend, told
from gateway.intake.outcome import issue

JsonObject = dict[str, Any]

#: Resource types of R4 (4.0.1) that R4B dropped: stored, though nothing here can validate them.
R4_ONLY = frozenset(
    {
        "MedicinalProduct", "MedicinalProductAuthorization", "MedicinalProductContraindication", "MedicinalProductIndication",
        "MedicinalProductIngredient", "MedicinalProductInteraction", "MedicinalProductManufactured",
        "MedicinalProductPackaged", "MedicinalProductPharmaceutical", "MedicinalProductUndesirableEffect",
        "EffectEvidenceSynthesis", "RiskEvidenceSynthesis", "SubstanceSpecification", "SubstanceNucleicAcid",
        "SubstancePolymer", "SubstanceProtein", "SubstanceReferenceInformation", "SubstanceSourceMaterial", "CatalogEntry",
    }
)  # fmt: skip
#: Types whose R4 content differs from R4B's so much that R4B's model refuses valid R4.
R4_DIFFERS = frozenset({"Evidence", "EvidenceVariable", "ResearchElementDefinition", "EvidenceReport"})

#: Problems of one resource that are told: the rest is more of the same.
MOST = 10
_EXTRA = "extra_forbidden"
_ID_ERRORS = frozenset({"string_pattern_mismatch", "string_too_long"})
_USABLE_ID = re.compile(r"[A-Za-z0-9\-._:~@+=$!]{1,255}")
#: A contained resource's id is used inside its container only: POP's export writes ``{id}/temperature``.
_USABLE_CONTAINED_ID = re.compile(r"[A-Za-z0-9\-._:~@+=$!/]{1,255}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]{0,63}")
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", int: "a number", float: "a number"}


@cache
def model(resource_type: str) -> type[BaseModel] | None:
    """The fhir.resources model of a type; None if R4B has none."""
    try:
        found: type[BaseModel] = get_fhir_model_class(resource_type)
    except (KeyError, ValueError):
        return None
    return found


def validate(resource: JsonObject, *, lenient: bool = False) -> tuple[bool, list[JsonObject]]:
    """(valid, issues). Issues of a valid resource are warnings. ``lenient`` mends what a lenient source may do
    (:mod:`gateway.intake.mending`) and warns of it."""
    resource_type = resource.get("resourceType")
    if not isinstance(resource_type, str) or not resource_type:
        text = "resourceType is missing: a FHIR resource names its type"
        return False, [issue(text, code="required", expression="resourceType")]
    if resource_type in R4_ONLY or resource_type in R4_DIFFERS:
        text = f"{resource_type} differs between R4 and R4B: stored without validation"
        return True, [issue(text, code="informational", severity="warning")]
    found = model(resource_type)
    if found is None:
        text = "this is no resource type of FHIR R4: correct it at the source"
        return False, [issue(text, code="not-supported", expression="resourceType")]
    warnings: list[JsonObject] = []
    wrong = _errors(found, resource)
    quirks = [item for item in wrong if _is_quirk(resource, item)]
    if quirks:
        # The model stops at an unknown element before it has looked for missing ones: look again without the quirks.
        warnings = [_warn(resource_type, item) for item in quirks[:MOST]]
        wrong = _errors(found, _without(resource, [item["loc"] for item in quirks]))
    if wrong and lenient:
        plain = _without(resource, [item["loc"] for item in quirks])
        mended, wrong = mend(plain, wrong, errors=partial(_errors, found), harmless=_is_quirk)
        warnings += [_warn_mended(resource, item) for item in _reduced(mended)]
    if wrong:
        return False, [_explain(resource, item) for item in _reduced(wrong)]
    problems = _bindings(resource, resource_type)
    return (not problems), [*problems, *warnings]


def _errors(found: type[BaseModel], resource: JsonObject) -> list[Any]:
    try:
        # Constructing validates as model_validate does, without its detour: 10 % of the intake's time.
        found(**resource)
    except ValidationError as error:
        return list(error.errors(include_url=False, include_input=False, include_context=False))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        # fhir.resources raises bare errors on some malformed shapes (a list where an object belongs).
        return [{"type": f"malformed.{type(error).__name__}", "loc": ()}]
    return []


def _is_quirk(resource: JsonObject, item: Any) -> bool:
    if item["type"] == _EXTRA:
        return True
    location = item["loc"]
    contained = len(location) == 3 and location[0] == "contained"
    if (location != ("id",) and not contained) or location[-1] != "id" or item["type"] not in _ID_ERRORS:
        return False
    # R4 allows [A-Za-z0-9-.]{1,64}; servers that use underscores or longer ids exist (field notes §1 *Content*).
    usable = _USABLE_CONTAINED_ID if contained else _USABLE_ID
    return usable.fullmatch(str(_value_at(resource, location))) is not None


def _warn(resource_type: str, item: Any) -> JsonObject:
    text = "an element unknown to R4: kept, not validated"
    if item["type"] != _EXTRA:
        text = "an id of a form that R4 does not allow: kept as it is"
    return issue(text, code="extension", severity="warning", expression=_path(resource_type, item["loc"]))


def _warn_mended(resource: JsonObject, item: Any) -> JsonObject:
    resource_type = str(resource["resourceType"])
    if _is_quirk(resource, item):
        return _warn(resource_type, item)
    text = f"{told(item)}: kept as it is, since the source is a lenient one"
    return issue(text, code="invariant", severity="warning", expression=_path(resource_type, item["loc"]))


def _without(resource: JsonObject, locations: list[tuple[Any, ...]]) -> JsonObject:
    """A copy of the resource without the elements at these locations."""
    copy: JsonObject = orjson.loads(orjson.dumps(resource))
    for *path, last in locations:
        parent = _value_at(copy, tuple(path))
        if isinstance(parent, dict):
            parent.pop(last, None)
    return copy


def _reduced(items: list[Any]) -> list[Any]:
    """At most MOST errors, one per element: pydantic reports one per alternative of a union."""
    seen: dict[tuple[Any, ...], Any] = {}
    for item in items:
        seen.setdefault(tuple(item["loc"]), item)
    return list(seen.values())[:MOST]


def _path(resource_type: str, location: tuple[Any, ...]) -> str:
    path = resource_type
    for part in location:
        # A name that no element can have might be anything, also patient data: it is not shown.
        name = part if isinstance(part, int) or _NAME.fullmatch(part) else "…"
        path += f"[{name}]" if isinstance(part, int) else f".{name}"
    return path


def _value_at(resource: Any, location: tuple[Any, ...]) -> Any:
    value = resource
    for part in location:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return ...
    return value


def _explain(resource: JsonObject, item: Any) -> JsonObject:
    location = item["loc"]
    path = _path(str(resource["resourceType"]), location)
    value = _value_at(resource, location)
    if value is ... or "missing" in item["type"]:
        return issue("a required element is missing: add it", code="required", expression=path)
    kind = _KINDS.get(type(value), "null")
    expected = item["type"].rsplit(".", 1)[-1].replace("_", " ")
    return issue(
        f"{kind} stands here that R4 does not allow ({expected}): correct it at the source",
        code="value",
        expression=path,
    )


def _bindings(resource: JsonObject, resource_type: str) -> list[JsonObject]:
    problems: list[JsonObject] = []
    for element in ("status", "gender", "intent", "actuality"):
        codes = CODES.get((resource_type, element))
        value = resource.get(element)
        if codes is not None and value is not None and value not in codes:
            text = f"a code that is not of the required value set: use one of {', '.join(sorted(codes))}"
            problems.append(issue(text, code="code-invalid", expression=f"{resource_type}.{element}"))
    for element in ("clinicalStatus", "verificationStatus"):
        if (resource_type, element) in CONCEPTS and isinstance(resource.get(element), dict):
            system, codes = CONCEPTS[resource_type, element]
            for coding in resource[element].get("coding") or ():
                if coding.get("system") == system and coding.get("code") not in codes:
                    text = f"a code that is not of the required value set: use one of {', '.join(sorted(codes))}"
                    problems.append(issue(text, code="code-invalid", expression=f"{resource_type}.{element}"))
    return problems
