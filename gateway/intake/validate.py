"""Is it valid R4? fhir.resources (R4B, the nearest it offers) plus the required bindings that it does not check.

What breaks the standard so that its meaning is in doubt makes a resource *invalid*; what is merely unknown to the standard
(vendor extras) is a warning: no hospital's extras may cost us a resource. Messages name the element, the kind of value that
stands there and the remedy, never the value.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from gateway.intake.bindings import CODES, CONCEPTS
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

_EXTRA = "extra_forbidden"
_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", int: "a number", float: "a number"}


@cache
def model(resource_type: str) -> type[BaseModel] | None:
    """The fhir.resources model of a type; None if R4B has none."""
    try:
        found: type[BaseModel] = get_fhir_model_class(resource_type)
    except (KeyError, ValueError):
        return None
    return found


def validate(resource: JsonObject) -> tuple[bool, list[JsonObject]]:
    """(valid, issues). Issues of a valid resource are warnings."""
    resource_type = resource.get("resourceType")
    if not isinstance(resource_type, str) or not resource_type:
        text = "resourceType is missing: a FHIR resource names its type"
        return False, [issue(text, code="required", expression="resourceType")]
    if resource_type in R4_ONLY or resource_type in R4_DIFFERS:
        text = f"{resource_type} differs between R4 and R4B: stored without validation"
        return True, [issue(text, code="informational", severity="warning")]
    found = model(resource_type)
    if found is None:
        text = f"{resource_type[:64]} is no resource type of FHIR R4"
        return False, [issue(text, code="not-supported", expression="resourceType")]
    warnings: list[JsonObject] = []
    try:
        found.model_validate(resource)
    except ValidationError as error:
        items = error.errors(include_url=False, include_input=False, include_context=False)
        extras = [item for item in items if item["type"] == _EXTRA]
        wrong = [item for item in items if item["type"] != _EXTRA]
        if wrong:
            return False, [_explain(resource, item) for item in _reduced(wrong)]
        warnings = [
            issue("an element unknown to R4: kept, not validated", code="extension", severity="warning",
                  expression=_path(resource_type, item["loc"]))
            for item in extras
        ]  # fmt: skip
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        # fhir.resources raises bare errors on some malformed shapes (a list where an object belongs).
        return False, [issue(f"{resource_type} has a malformed structure ({type(error).__name__})", code="structure")]
    problems = _bindings(resource, resource_type)
    return (not problems), [*problems, *warnings]


def _reduced(items: list[Any]) -> list[Any]:
    """At most ten errors, one per element: pydantic reports one per alternative of a union."""
    seen: dict[tuple[Any, ...], Any] = {}
    for item in items:
        seen.setdefault(tuple(item["loc"]), item)
    return list(seen.values())[:10]


def _path(resource_type: str, location: tuple[Any, ...]) -> str:
    path = resource_type
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
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
