"""What a drug is given for: tumours of the patient, another disease, or nothing that is said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from mappers.codes import ICD_10_SYSTEMS, RELATED_CONDITION, SNOMED
from mappers.diagnoses import diagnose
from mappers.fhir import extensions, first, objects, pairs, words
from mappers.protocol import Context, EntityView, JsonObject, Resource, Source
from mappers.subjects import TUMOUR, primaries

_TREATMENT_WORDS = re.compile(r"chemo|antineoplas|immunother|neoplas|tumou?r|oncolog|cancer", re.I)
#: Autoimmune and other diseases with labelled or common use of drugs on POP's list (FDA labels of methotrexate, rituximab,
#: leuprolide, hydroxyurea, cyclophosphamide), and the complaints that supportive drugs are for.
_OTHER_WORDS = re.compile(
    r"arthrit|psoria|crohn|colitis|lupus|sclerosis|asthma|copd|nausea|vomit|emesis|übelkeit|pain\b|schmerz|allerg|transplant|"
    r"endometrio|fertil|contracept|gout|gicht|uveitis|vasculit|myasthen|nephr|pemphig|sarcoid|ectopic|sickle|acne|puberty|"
    r"macular|prophyla|hypersensit|thrombocythem|neutropeni|anemi|anaemi|anämi",
    re.I,
)


@dataclass(slots=True)
class Reasons:
    """Keys of the tumours that are named, and whether a tumour, or another disease, is named at all."""

    tumours: dict[str, Source] = field(default_factory=dict)
    cancer: bool = False
    other: bool = False


def reasons_of(carriers: Iterable[Resource], context: Context) -> Reasons:
    """``reasonReference`` and ``addresses``, then ``reasonCode`` where exactly one primary tumour has the code's site."""
    found = Reasons()
    for each in carriers:
        references = [("reasonReference", one) for one in objects(each.json.get("reasonReference"))]
        references += [("addresses", one) for one in objects(each.json.get("addresses"))]
        references += [
            ("extension", first(one.get("valueReference"))) for _, one in extensions(each.json, RELATED_CONDITION)
        ]
        for element, reference in references:
            _reference(found, each, element, reference, context)
        for concept in objects(each.json.get("reasonCode")):
            _code(found, each, concept, context)
    return found


def _reference(found: Reasons, carrier: Resource, element: str, reference: JsonObject, context: Context) -> None:
    view = context.entity_of(TUMOUR, reference, within=carrier)
    if view is not None:
        found.tumours.setdefault(view.key, Source(carrier.reference, element))
        found.cancer = True
        return
    target = context.resolve(reference, within=carrier)
    if target is not None and target.type == "Condition":
        tumour = diagnose(target.json).relationship is not None
        found.cancer = found.cancer or tumour
        found.other = found.other or (not tumour and _another_disease(target.json.get("code")))


def _code(found: Reasons, carrier: Resource, concept: JsonObject, context: Context) -> None:
    if diagnose({"code": concept}).relationship is None:
        found.other = found.other or _another_disease(concept)
        return
    found.cancer = True
    site = context.translate("CancerTopography", concept)
    if site is None:
        return
    category = str(site.concept["code"])[:3]
    same = [view for view in primaries(context) if _site(view) == category]
    if len(same) == 1:
        found.tumours.setdefault(same[0].key, Source(carrier.reference, "reasonCode"))


def _another_disease(concept: object) -> bool:
    """A coded diagnosis that is no tumour, or words of a disease that cancer drugs are given for, too. An encounter for
    chemotherapy (ICD-10 Z51.1), a history (Z85) or words that say nothing (``NSCLC``) are no other disease."""
    for system, code in pairs(concept):
        if system in ICD_10_SYSTEMS:
            return not code.upper().startswith("Z")
        if system == SNOMED and not _TREATMENT_WORDS.search(words(concept)):
            return True
    return bool(_OTHER_WORDS.search(words(concept)))


def _site(view: EntityView) -> str:
    topography = view.payload.get("topography")
    return str(topography.get("code"))[:3] if isinstance(topography, dict) else ""
