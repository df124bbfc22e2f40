"""The short text that POP makes of every entity (``description``), kind by kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from adapters.pop.guard import ONE_OF
from adapters.pop.kinds import KINDS
from adapters.sandbox.pop import hgvs, units
from adapters.sandbox.pop.comorbidities import score
from adapters.sandbox.pop.refusals import ServerError
from adapters.sandbox.pop.store import Entities
from adapters.sandbox.pop.terms import Terms

JsonObject = dict[str, Any]

_STAGES = {
    "tnm": "TNM Stage", "figo": "FIGO Stage", "binet": "Binet Stage", "rai": "RAI Stage", "breslow": "Breslow Stage",
    "clark": "Clark Level", "iss": "ISS Stage", "riss": "RISS Stage", "inss": "INSS Stage",
    "inrgss": "Neuroblastoma INRGSS Stage", "gleason": "Prostate Gleason Group",
    "rhabdomyosarcoma": "Rhabdomyosarcoma Clinical Group", "wilms": "Wilms Tumor Stage", "lymphoma": "Lymphoma Stage",
}  # fmt: skip
#: What is behind «Stage» or «Level» in a stage's name; the whole name where there is neither.
_STAGE = re.compile(r".+(?:stage| level| group )\s*([a-z0-9]+)", re.IGNORECASE)
#: SNOMED CT code of the method → how POP writes it.
_METHODS = {
    "113091000": "MRI", "16310003": "US", "82918005": "PET scan", "260222006": "SPECT", "363680008": "X-ray",
    "77477000": "CAT scan",
}  # fmt: skip
#: SNOMED CT codes of Breslow's stages, by the depth in mm that each begins at.
BRESLOW_STAGES = ((1.75, "44815009"), (0.76, "17456000"), (float("-inf"), "86069005"))
_UNKNOWN_METHOD = "1287211007"
#: Sequence Ontology: gained, lost and fused, which POP writes in words of its own.
_CONSEQUENCES = {"SO:0001911": "amplification", "SO:0001912": "loss", "SO:0001565": "fusion"}


class Describer:
    """Descriptions of stored rows. Raises ServerError where POP cannot make one."""

    def __init__(self, entities: Entities, terms: Terms) -> None:
        self._entities = entities
        self._terms = terms
        self._by_kind: dict[str, Callable[[JsonObject], str]] = {
            "PatientCase": lambda row: f"Onconova Patient Case {row['pseudoidentifier']}",
            "NeoplasticEntity": _tumour,
            "TumorMarker": _marker,
            "PerformanceStatus": _performance,
            "Vitals": _vitals,
            "Lifestyle": _lifestyle,
            "FamilyHistory": _family,
            "ComorbiditiesAssessment": _comorbidities,
            "RiskAssessment": lambda row: f"{_text(row['risk'])} ({_text(row['methodology'])})",
            "GenomicVariant": _variant,
            "TumorMutationalBurden": lambda row: f"TMB: {_float(row['value'])} Muts/Mb",
            "LossOfHeterozygosity": lambda row: f"LOH: {_float(row['value'])} %",
            "MicrosatelliteInstability": lambda row: f"MSI: {_text(row['value'])}",
            "HomologousRecombinationDeficiency": _deficiency,
            "TumorNeoantigenBurden": lambda row: f"TNB: {_float(row['value'])} Neoant/Mb",
            "AneuploidScore": lambda row: f"AS: {row['value']} arms",
            "SystemicTherapy": self._systemic,
            "SystemicTherapyMedication": lambda row: _text(row["drug"]),
            "Radiotherapy": self._radiotherapy,
            "RadiotherapyDosage": _dosage,
            "RadiotherapySetting": lambda row: f"{_text(row['modality'])}/{_text(row['technique'])}",
            "Surgery": self._surgery,
            "TherapyLine": lambda row: label(row),
            "TreatmentResponse": _response,
            "AdverseEvent": lambda row: f"{_text(row['event'])} (grade {row['grade']})",
            "AdverseEventSuspectedCause": self._cause,
            "AdverseEventMitigation": _mitigation,
            "UnspecifiedTumorBoard": lambda row: f"Tumor board with {len(row['recommendations'])} recommendations",
            "MolecularTumorBoard": self._board,
            "MolecularTherapeuticRecommendation": _recommendation,
        }

    def describe(self, kind: str, row: JsonObject) -> str:
        """The description of one entity."""
        made = self._by_kind.get(kind, self._stage)
        return made(row)

    def _stage(self, row: JsonObject) -> str:
        stage = breslow(row, self._terms) if row["stagingDomain"] == "breslow" else row["stage"]
        text = _text(stage) if stage else "Stage Unknown"
        found = _STAGE.match(text)
        return f"{_STAGES[row['stagingDomain']]} {found[1] if found else text}"

    def _course(self, row: JsonObject) -> str:
        """The therapy line that a therapy is of, or its intent."""
        line = row.get("therapyLineId") and self._entities.get("therapy-lines", row["therapyLineId"])
        return label(line) if line else str(row["intent"]).capitalize()

    def _children(self, kind: str, row: JsonObject) -> list[JsonObject]:
        return self._entities.owned(KINDS[kind].collection, row["id"])

    def _systemic(self, row: JsonObject) -> str:
        drugs = "/".join(_text(each["drug"]) for each in self._children("SystemicTherapyMedication", row))
        role = row.get("adjunctiveRole")
        return f"{self._course(row)} - {drugs}" + (f" ({_text(role)})" if role else "")

    def _radiotherapy(self, row: JsonObject) -> str:
        def joined(kind: str) -> str:
            texts = [self.describe(kind, each) for each in self._children(kind, row)]
            return " and ".join(text[0].lower() + text[1:] for text in texts)

        return f"{self._course(row)} - {joined('RadiotherapySetting') or 'Radiotherapy'} {joined('RadiotherapyDosage')}"

    def _surgery(self, row: JsonObject) -> str:
        procedure = _text(row["procedure"])
        site = row.get("bodysite")
        if site and ("Excision" in procedure or "Resection" in procedure) and "of" not in procedure:
            procedure = f"{procedure} ({_text(site).replace(', NOS', '').lower()})"
        for name in ("bodysiteQualifier", "bodysiteLaterality"):
            if row.get(name):
                procedure = f"{_text(row[name])} {procedure}"
        return f"{self._course(row)} - {procedure.capitalize()}"

    def _cause(self, row: JsonObject) -> str:
        named = next((name for name in ONE_OF["AdverseEventSuspectedCause"] if row.get(name)), None)
        cause = "None" if named is None else self._named(named, row[named])
        causality = row.get("causality")
        return f"{causality.replace('-', ' ').capitalize()} to {cause}" if causality else f"due to {cause}"

    def _named(self, field: str, identity: str) -> str:
        kind = KINDS["AdverseEventSuspectedCause"].references[field][0]
        row = self._entities.get(KINDS[kind].collection, identity)
        return "None" if row is None else self.describe(kind, row)

    def _board(self, row: JsonObject) -> str:
        count = len(self._children("MolecularTherapeuticRecommendation", row)) + len(row["recommendations"])
        return f"MTB review with {count or 'no'} recommendations"


def label(line: JsonObject) -> str:
    """A therapy line's short name: CLoT1, PLoT2."""
    return f"{line['intent'][0].upper()}LoT{line['ordinal']}"


def _text(concept: JsonObject) -> str:
    return str(concept["display"])


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _plain(concept: JsonObject) -> str:
    return _text(concept).lower().replace(", nos", "").replace(", metastatic", "")


def _measured(kind: str, field: str, row: JsonObject) -> str | None:
    """A measure as it is written; None where POP takes it for none, as it does a zero."""
    measure = row.get(field)
    if measure is None or not present(kind, field, measure):
        return None
    return units.written(KINDS[kind].measures[field][0], measure["value"], measure["unit"])


def present(kind: str, field: str, measure: JsonObject) -> bool:
    """Observed: a measure that is zero in its standard unit counts as none."""
    return units.standard(KINDS[kind].measures[field][0], measure["value"], measure["unit"]) != 0


def _tumour(row: JsonObject) -> str:
    morphology, topography = _plain(row["morphology"]), _plain(row["topography"])
    if row.get("laterality"):
        topography = f"{_text(row['laterality']).lower().replace(' (qualifier value)', '')} {topography}"
    if (grade := row.get("differentitation")) is not None:
        grades = {"1": "Low-grade", "2": "Low-grade", "3": "High-grade", "4": "High-grade"}
        morphology = f"{grades.get(grade['code'], _text(grade).split(',')[-1])} {morphology}"
    single = len(topography.split()) == 1
    what = f"{topography} {morphology}" if single else f"{morphology} of the {topography}"
    return f"{row['relationship'].replace('_', ' ')} {what}".capitalize()


def breslow(row: JsonObject, terms: Terms) -> JsonObject | None:
    """The stage that a depth stands for."""
    metres = units.standard("Distance", row["depth"]["value"], row["depth"]["unit"])
    code = next(code for depth, code in BRESLOW_STAGES if metres >= depth / 1000)
    return terms.coded("BreslowDepthStage", code)


def _marker(row: JsonObject) -> str:
    analyte = (row["analyte"].get("properties") or {}).get("acronym") or _text(row["analyte"])
    measures = KINDS["TumorMarker"].measures
    names = ONE_OF["TumorMarker"]
    values = (_measured("TumorMarker", name, row) if name in measures else row.get(name) for name in names)
    return f"{analyte}: {next((value for value in values if value), None)}"


def _performance(row: JsonObject) -> str:
    ecog = row.get("ecogScore")
    return f"ECOG: {ecog}" if ecog is not None else f"Karnofsky: {row['karnofskyScore']}"


def body_mass_index(row: JsonObject) -> float | None:
    """In kg/m². Raises ServerError for a height of zero: poison."""
    height, weight = row.get("height"), row.get("weight")
    if height is None or weight is None:
        return None
    if height["value"] == 0:
        raise ServerError("no body mass index without a height")
    grams = units.standard("Mass", weight["value"], weight["unit"])
    metres = units.standard("Distance", height["value"], height["unit"])
    return units.shown("MassPerArea", grams / (metres * metres), "kg__square_meter")


def _vitals(row: JsonObject) -> str:
    if (height := row.get("height")) is not None and height["value"] == 0:
        raise ServerError("no body mass index without a height")
    index = body_mass_index(row)
    found = [_measured("Vitals", "height", row), _measured("Vitals", "weight", row)]
    found.append(units.written("MassPerArea", index, "kg__square_meter") if index else None)
    names = ("temperature", "bloodPressureDiastolic", "bloodPressureSystolic", "temperature")
    found += [_measured("Vitals", name, row) for name in names]
    return ", ".join(each for each in found if each)


def _lifestyle(row: JsonObject) -> str:
    parts = []
    if row.get("smokingStatus"):
        smoking = _text(row["smokingStatus"])
        if row.get("smokingPackyears") is not None:
            smoking += f" ({round(float(row['smokingPackyears']), 1)} pack-years)"
        if row.get("smokingQuited") is not None:
            smoking += f" ({round(_in('year', row['smokingQuited']), 1)} years ago)"
        parts.append(f"Smoking: {smoking}")
    if row.get("alcoholConsumption"):
        parts.append(f"Alcohol: {_text(row['alcoholConsumption'])}")
    if row.get("nightSleep") is not None:
        parts.append(f"Sleep: {round(_in('hour', row['nightSleep']), 2)} h/night")
    for name, head in (("recreationalDrugs", "Recreational drugs"), ("exposures", "Exposures")):
        if row.get(name):
            parts.append(f"{head}: {', '.join(map(_text, row[name]))}")
    return " \n".join(parts)


def _in(unit: str, measure: JsonObject) -> float:
    return units.shown("Time", units.standard("Time", measure["value"], measure["unit"]), unit)


def _family(row: JsonObject) -> str:
    relationship = _text(row["relationship"])
    what = " without history of cancer"
    if row["hadCancer"]:
        site = row.get("topography")
        what = f" with {_text(site).lower().replace(', nos', '')} cancer" if site else " with history of cancer"
    return relationship[0].upper() + relationship[1:].lower() + what


def _comorbidities(row: JsonObject) -> str:
    if row.get("panel"):
        return f"{row['panel']} panel (Score: {score(row)})"
    return f"Comorbidities: {len(row['presentConditions'])} present and {len(row['absentConditions'])} absent"


def _deficiency(row: JsonObject) -> str:
    return f"HRD: {_float(row.get('value')) or row.get('interpretation')}"


def _variant(row: JsonObject) -> str:
    relevance = row.get("clinicalRelevance")
    significance = {
        "pathogenic": "(Pathogenic)", "likely_pathogenic": "(Pathogenic)", "uncertain_significance": "(VUS)"
    }.get(relevance or "")  # fmt: skip
    genes = "-".join(_text(gene) for gene in row["genes"])
    pieces = (genes, hgvs.amino_acids(row.get("proteinHgvs")), _mutation(row), significance)
    return " ".join(piece for piece in pieces if piece)


def _mutation(row: JsonObject) -> str | None:
    consequence = row.get("molecularConsequence")
    if consequence:
        return _CONSEQUENCES.get(consequence["code"]) or _text(consequence).lower().replace("_", " ")
    if row.get("copyNumber"):
        return "amplification" if row["copyNumber"] > 2 else "loss"
    return hgvs.protein_change(row.get("proteinHgvs")) or hgvs.dna_change(row.get("dnaHgvs"))


def _dosage(row: JsonObject) -> str:
    dose = _measured("RadiotherapyDosage", "dose", row) or "Unknown dose"
    fractions = "" if row.get("fractions") is None else f" over {row['fractions']} fractions"
    return f"{dose}{fractions} to {_text(row['irradiatedVolume']).lower()}"


def _response(row: JsonObject) -> str:
    method = row["methodology"]
    by = "" if method["code"] == _UNKNOWN_METHOD else f" by {_METHODS.get(method['code'], _text(method).lower())}"
    return "".join(word[0].upper() for word in _text(row["recist"]).split(" ") if word) + by


def _mitigation(row: JsonObject) -> str:
    for name, how in (("adjustment", "therapy "), ("drug", ""), ("procedure", "")):
        if row.get(name):
            return f"Mitigated by {how}{_text(row[name]).lower()}"
    return "Mitigation"


def _recommendation(row: JsonObject) -> str:
    effect = f"due to expected {_text(row['expectedEffect']).lower()}" if row.get("expectedEffect") else ""
    return f"Recommended {' and '.join(map(_text, row['drugs']))}{effect}"
