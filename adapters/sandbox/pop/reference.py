"""What POP tells that is no case's: units and their conversion, comorbidity panels, analytes, figures, centres."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from adapters.pop.kinds import KINDS
from adapters.sandbox.pop import units
from adapters.sandbox.pop.comorbidities import panels
from adapters.sandbox.pop.http import Access, answer, body_of, not_there
from adapters.sandbox.pop.refusals import ServerError, shape
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]

ICD10 = "ICD10Condition"
#: Measures whose name POP's API knows.
MEASURES = frozenset({*units.QUOTIENTS, *units.OWN, "Temperature"})
#: How POP names the types of an analyte's values.
_VALUE_TYPES = {
    "MassConcentration": "mass_concentration", "ArbitraryConcentration": "arbitary_concentration",
    "SubstanceConcentration": "substance_concentration", "MultipleOfMedian": "multiple_of_median", "Fraction": "fraction",
    "Presence": "presence", "CombinedPositiveScore": "combined_positive_score", "ImmuneCellsScore": "immmune_cells_score",
    "TumorProportionScore": "tumor_proportion_score", "ImmunoHistoChemicalScore": "immunohistochemical_score",
    "NuclearExpressionStatus": "nuclear_expression_status",
}  # fmt: skip


class ReferenceHandlers:
    """Read by anybody who is signed in, but for what shows cases."""

    def __init__(self, *, entities: Entities, terms: Terms, access: Access) -> None:
        self._entities = entities
        self._terms = terms
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """Their routes."""
        return [
            web.get("/api/v1/measures/{measure}/units", self._units, allow_head=False),
            web.get("/api/v1/measures/{measure}/units/default", self._default, allow_head=False),
            web.post("/api/v1/measures/{measure}/units/conversion", self._convert),
            web.get("/api/v1/comorbidities-assessments/meta/panels", self._panels, allow_head=False),
            web.get("/api/v1/comorbidities-assessments/meta/panels/{panel}", self._panel, allow_head=False),
            web.get("/api/v1/tumor-markers/analytes/{code}/details", self._analyte, allow_head=False),
            web.get("/api/v1/dashboard/stats", self._figures, allow_head=False),
            web.get("/api/v1/autocomplete/clinical-centers", self._centres, allow_head=False),
        ]

    async def _units(self, request: web.Request) -> web.Response:
        self._access.user(request)
        measure = request.match_info["measure"]
        return answer(list(units.units(measure))) if measure in MEASURES else not_there()

    async def _default(self, request: web.Request) -> web.Response:
        self._access.user(request)
        measure = request.match_info["measure"]
        return answer(units.standard_unit(measure)) if measure in MEASURES else not_there()

    async def _convert(self, request: web.Request) -> web.Response:
        self._access.user(request)
        measure, body = request.match_info["measure"], await body_of(request)
        if measure not in MEASURES:
            return not_there()
        wanted = body.get("newUnit") or body.get("new_unit")
        missing = [name for name in ("value", "unit") if name not in body] + ([] if wanted else ["newUnit"])
        if missing:
            raise shape(
                *({"type": "missing", "loc": ["body", "payload", name], "msg": "Field required"} for name in missing)
            )
        try:
            stored = units.standard(measure, float(body["value"]), body["unit"])
            return answer({"value": units.shown(measure, stored, wanted), "unit": wanted})
        except KeyError:
            raise ServerError("unknown unit") from None

    def _categories(self, panel: str, *, default: bool) -> list[JsonObject]:
        def concept(code: str) -> JsonObject | None:
            return self._terms.coded(ICD10, code)

        return [
            {
                "label": category["label"],
                "default": concept(category["default"]) if default else None,
                "conditions": [each for code in sorted(set(category["codes"])) if (each := concept(code)) is not None],
            }
            for category in panels()[panel]
        ]

    async def _panels(self, request: web.Request) -> web.Response:
        self._access.viewer(request)
        return answer([{"name": name, "categories": self._categories(name, default=False)} for name in panels()])

    async def _panel(self, request: web.Request) -> web.Response:
        self._access.viewer(request)
        panel = request.match_info["panel"]
        if panel not in panels():
            expected = "'Charlson', 'Elixhauser' or 'NCI'"
            detail = {"type": "enum", "loc": ["path", "panel"], "msg": f"Input should be {expected}"}
            raise shape({**detail, "ctx": {"expected": expected}})
        return answer({"name": panel, "categories": self._categories(panel, default=True)})

    async def _analyte(self, request: web.Request) -> web.Response:
        self._access.viewer(request)
        concept = self._terms.coded("TumorMarkerAnalyte", request.match_info["code"])
        known = (concept or {}).get("properties")
        if not known:
            return not_there()
        types = [f"AnalyteResultType.{_VALUE_TYPES[name]}" for name in known.get("valueTypes", ())]
        return answer({"acronym": known.get("acronym"), "display": known.get("display"), "valueTypes": types})

    async def _figures(self, request: web.Request) -> web.Response:
        self._access.user(request)
        cases = self._entities.all("patient-cases")
        tumours = self._entities.all("neoplastic-entities")
        users = {user for case in cases for user in self._entities.activity(case["id"]).users}
        primaries = {each["topography"]["code"][:3] for each in tumours if each["relationship"] == "primary"}
        return answer(
            {
                "cases": len(cases), "primarySites": len(primaries), "projects": 0, "cohorts": 0,
                "entries": sum(len(self._entities.all(name)) for name in {kind.collection for kind in KINDS.values()}),
                "mutations": len(self._entities.all("genomic-variants")),
                "clinicalCenters": len({case["clinicalCenter"] for case in cases}), "contributors": len(users),
            }
        )  # fmt: skip

    async def _centres(self, request: web.Request) -> web.Response:
        self._access.user(request)
        wanted = request.query.get("query", "").lower()
        names = dict.fromkeys(case["clinicalCenter"] for case in self._entities.all("patient-cases"))
        return answer([name for name in names if wanted in name.lower()])
