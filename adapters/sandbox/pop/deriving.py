"""What POP computes of an entity when it is read, from its own fields and its case's other entities."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from adapters.pop.kinds import Kind
from adapters.sandbox.pop import hgvs, lines
from adapters.sandbox.pop.comorbidities import score
from adapters.sandbox.pop.completion import CATEGORIES
from adapters.sandbox.pop.describing import body_mass_index, breslow, label
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]

#: LOINC answers of the ECOG (LL529-9) and Karnofsky (LL4986-7) scales, by score.
ECOG_ANSWERS = {0: "LA9622-7", 1: "LA9623-5", 2: "LA9624-3", 3: "LA9625-0", 4: "LA9626-8", 5: "LA9627-6"}
KARNOFSKY_ANSWERS = {
    100: "LA29175-9", 90: "LA29176-7", 80: "LA29177-5", 70: "LA29178-3", 60: "LA29179-1", 50: "LA29180-9", 40: "LA29181-7",
    30: "LA29182-5", 20: "LA29183-3", 10: "LA29184-1", 0: "LA9627-6",
}  # fmt: skip
#: Days of the average month that POP counts survival in.
MONTH = 30.436875


class Derivations:
    """Derived fields by kind."""

    def __init__(self, entities: Entities, terms: Terms) -> None:
        self._entities = entities
        self._terms = terms

    def of(self, kind: Kind, row: JsonObject) -> JsonObject:
        """Fields that only the read shape has, without those that show children."""
        if kind.name == "PatientCase":
            return self._case(row)
        if kind.name == "NeoplasticEntity":
            return {"topographyGroup": self._group(row["topography"])}
        if kind.name == "SystemicTherapy":
            return {"isAdjunctive": row.get("adjunctiveRole") is not None, "duration": _duration(row["period"])}
        if kind.name == "Radiotherapy":
            return {"duration": _duration(row["period"])}
        if kind.name == "TherapyLine":
            return {"label": label(row), **lines.derived(self._entities, row)}
        if kind.name == "ComorbiditiesAssessment":
            return {"score": score(row)}
        if kind.name == "BreslowDepth":
            return {"stage": breslow(row, self._terms)}
        if kind.name == "PerformanceStatus":
            return {
                f"{scale}Interpretation": self._interpretation(scale, answers, row.get(f"{scale}Score"))
                for scale, answers in (("ecog", ECOG_ANSWERS), ("karnofsky", KARNOFSKY_ANSWERS))
            }
        if kind.name == "GenomicVariant":
            return self._variant(row)
        if kind.name == "Vitals":
            index = body_mass_index(row)
            return {"bodyMassIndex": None if index is None else {"value": index, "unit": "kg__square_meter"}}
        return {}

    def _case(self, row: JsonObject) -> JsonObject:
        tumours = [each["assertionDate"] for each in self._entities.owned("neoplastic-entities", row["id"])]
        born = dt.date.fromisoformat(row["dateOfBirth"])
        until = dt.date.fromisoformat(row.get("dateOfDeath") or row.get("endOfRecords") or dt.date.today().isoformat())
        diagnosed = dt.date.fromisoformat(min(tumours)) if tumours else None
        activity = self._entities.activity(row["id"])
        completed = len(self._entities.owned("data-completion", row["id"]))
        return {
            "pseudoidentifier": row["pseudoidentifier"],
            "age": years(born, until),
            "ageAtDiagnosis": None if diagnosed is None else years(born, diagnosed),
            "overallSurvival": None if diagnosed is None else (until - diagnosed).days / MONTH,
            "dataCompletionRate": float(round(completed / len(CATEGORIES) * 100)),
            "contributors": sorted(activity.users),
            "updatedAt": activity.updated,
        }

    def _group(self, topography: JsonObject) -> JsonObject | None:
        return self._terms.coded("CancerTopographyGroup", topography["code"][:3])

    def _interpretation(self, scale: str, answers: dict[int, str], score: Any) -> JsonObject | None:
        code = answers.get(score) if isinstance(score, int) else None
        name = f"{'ECOG' if scale == 'ecog' else 'Karnofsky'}PerformanceStatusInterpretation"
        return None if code is None else self._terms.find(name, "http://loinc.org", code)

    def _variant(self, row: JsonObject) -> JsonObject:
        relevance = row.get("clinicalRelevance")
        places = sorted({gene["properties"]["location"] for gene in row["genes"] if _located(gene)})
        chromosomes = [found[1] for place in places if (found := re.match("([0-9XY]+)", place))]
        return {
            # Observed: never told, whatever the relevance.
            "isVUS": None,
            "isPathogenic": None if relevance is None else relevance in ("pathogenic", "likely_pathogenic"),
            "cytogeneticLocation": "::".join(places) or None,
            "chromosomes": chromosomes,
            **hgvs.read(row),
        }


def _located(gene: JsonObject) -> bool:
    return bool((gene.get("properties") or {}).get("location"))


def _duration(period: JsonObject) -> JsonObject:
    """In days, the last one included; to today where the end is open."""
    start = dt.date.fromisoformat(period["start"])
    end = dt.date.fromisoformat(period["end"]) + dt.timedelta(days=1) if period.get("end") else dt.date.today()
    return {"value": float((end - start).days), "unit": "day"}


def years(born: dt.date, day: dt.date) -> int:
    """Completed years; before the birth, those until it."""
    if day < born:
        return -years(day, born)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
