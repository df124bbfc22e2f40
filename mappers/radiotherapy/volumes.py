"""What a Procedure says was irradiated, with which dose in how many fractions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from mappers.codes import ICD_10_PCS, RADIOTHERAPY_DOSE, RADIOTHERAPY_FRACTIONS
from mappers.fhir import code_of, extension_value, extensions, first, objects, pairs, text_of, triples, words
from mappers.protocol import Context, JsonObject, Resource, Source
from mappers.radiotherapy.procedures import BESTRAHLUNG, BESTRAHLUNG_PARTS, code_words, note_text
from mappers.radiotherapy.sites import BOTH, SIDES, Site, read_site, side_of, site_in_text, sites_of, with_qualifiers
from mappers.units import decimal_of

#: ``50.4 Gy``, ``3000 cGy``, ``50,4 Gy``; ``in 28 fractions``, ``28 fx``, ``25 x 2 Gy``, ``28 Fraktionen``.
_DOSE = re.compile(
    r"(?<![\d.,x×])(\d{1,5}(?:[.,]\d{1,3})?)\s*(c?Gy)\b(?!\s*(?:per|pro|/|je)\s*(?:f|day|tag|session|treatment))", re.I
)
_FRACTIONS = re.compile(
    r"(?<![\d.,])(\d{1,3})\s*(?:fractions?\b|fx\b|fxs\b|frac(?:s|t)?\b|fraktionen\b|sessions?\b|treatments?\b|sitzungen\b)",
    re.I,
)
_TIMES = re.compile(r"(?<![\d.,])(\d{1,3})\s*[x×]\s*(\d{1,2}(?:[.,]\d{1,2})?)\s*(c?Gy)\b", re.I)
_FIRST_FRACTIONS = re.compile(r"(?<![\d.,])(\d{1,3})\s*/\s*(\d{1,3}) (?:fractions|fx)", re.I)


#: A body site that says it is none.
_UNSTATED = re.compile(r"(?:body )?(?:site )?(?:not specified|unspecified|unknown|not stated|n/?a|other)", re.I)


@dataclass(frozen=True, slots=True)
class Dose:
    """A quantity as stated."""

    value: Any
    unit: str
    source: Source


@dataclass(frozen=True, slots=True)
class Volume:
    """One irradiated volume in the telling of one Procedure."""

    identity: str
    """Reference of its BodyStructure, or of the part that irradiated it, or its site."""
    site: Site | None
    sources: tuple[Source, ...] = ()
    morphology: tuple[JsonObject, Source] | None = None
    doses: tuple[Dose, ...] = ()
    fractions: int | None = None
    fractions_source: Source | None = None
    derived: bool = False
    """The fractions are the total dose by the daily one."""


def count_of(value: object) -> int | None:
    """A number of sessions or fractions; None if it is none."""
    number = decimal_of(value)
    return int(number) if number is not None and number == number.to_integral_value() and 0 < number <= 10_000 else None


def fractions_of(json: JsonObject) -> tuple[int, str] | None:
    """The fractions that a phase states for itself."""
    stated = extension_value(json, RADIOTHERAPY_FRACTIONS)
    count = count_of(stated[1]) if stated is not None else None
    return (count, stated[0]) if count is not None and stated is not None else None


def told_fractions(json: JsonObject) -> tuple[int, str] | None:
    """(count, element) of fractions in the name of what was done, or in a note; None if there are none or several."""
    for element, text in (("code", code_words(json)), ("note", note_text(json))):
        found = {int(match[1]) for pattern in (_FRACTIONS, _TIMES) for match in pattern.finditer(text)}
        if len(found) == 1 and not _FIRST_FRACTIONS.search(text) and (count := count_of(found.pop())) is not None:
            return count, element
    return None


def told_dose(json: JsonObject, reference: str) -> Dose | None:
    """The one total dose in the name of what was done, or in a note."""
    for element, text in (("code", code_words(json)), ("note", note_text(json))):
        source = Source(reference, element)
        times = {(match[1], match[2], match[3]) for match in _TIMES.finditer(text)}
        if len(times) == 1:
            count, each, unit = times.pop()
            return Dose(str(Decimal(count) * Decimal(each.replace(",", "."))), _unit(unit), source)
        found = {(match[1].replace(",", "."), _unit(match[2])) for match in _DOSE.finditer(text)}
        if len(found) == 1:
            value, unit = found.pop()
            return Dose(value, unit, source)
    return None


def _unit(text: str) -> str:
    return "cGy" if text.lower() == "cgy" else "Gy"


def volumes_of(resource: Resource, context: Context) -> list[Volume]:
    """The volumes of a Procedure: mCODE's extension, Bestrahlung's, or the body sites."""
    found = [*_delivered(resource, context), *_bestrahlungen(resource, context)]
    return found or list(_sites(resource, context))


def _delivered(resource: Resource, context: Context) -> Iterator[Volume]:
    own = fractions_of(resource.json)
    for position, extension in extensions(resource.json, RADIOTHERAPY_DOSE):
        source = Source(resource.reference, f"extension[{position}]")
        parts = {str(each.get("url")): each for each in objects(extension.get("extension"))}
        reference = first(parts.get("volume", {}).get("valueReference"))
        target = context.resolve(reference, within=resource)
        volume = Volume(_reference_text(reference) or source.element, None, (source,))
        if target is not None and target.type == "BodyStructure":
            volume = _structure(replace(volume, identity=target.reference), target, context)
        elif text_of(reference.get("display")):
            volume = replace(volume, site=read_site({"text": reference["display"]}, source, context))
        quantity = first(parts.get("totalDoseDelivered", {}).get("valueQuantity"))
        if quantity.get("value") is not None:
            volume = replace(volume, doses=(_dose(quantity, source),))
        count = count_of(parts.get("fractionsDelivered", {}).get("valueUnsignedInt"))
        if count is None:
            count = count_of(parts.get("fractionsDelivered", {}).get("valuePositiveInt"))
        if count is not None:
            volume = replace(volume, fractions=count, fractions_source=source)
        elif own is not None:
            volume = replace(volume, fractions=own[0], fractions_source=Source(resource.reference, own[1]))
        yield volume


def _reference_text(reference: JsonObject) -> str:
    return text_of(reference.get("reference"))


def _structure(volume: Volume, target: Resource, context: Context) -> Volume:
    location = target.json.get("location")
    source = Source(target.reference, "location")
    sources = [*volume.sources, source]
    if isinstance(location, dict):
        site = with_qualifiers(
            read_site(location, source, context), objects(target.json.get("locationQualifier")), context
        )
        if objects(target.json.get("locationQualifier")):
            sources.append(Source(target.reference, "locationQualifier"))
    else:
        described = {"text": text_of(target.json.get("description"))}
        site = read_site(described, Source(target.reference, "description"), context)
    morphology = target.json.get("morphology")
    kind = (morphology, Source(target.reference, "morphology")) if isinstance(morphology, dict) else None
    return replace(volume, site=site, sources=tuple(sources), morphology=kind)


def _dose(quantity: JsonObject, source: Source) -> Dose:
    return Dose(quantity["value"], code_of(quantity) or text_of(quantity.get("unit")), source)


def _bestrahlungen(resource: Resource, context: Context) -> Iterator[Volume]:
    """MII 2024: the Bestrahlungen as extensions. They have no ids: target, side and dose tell them apart."""
    for position, extension in extensions(resource.json, BESTRAHLUNG):
        source = Source(resource.reference, f"extension[{position}]")
        parts = {str(each.get("url")): each for each in objects(extension.get("extension"))}
        target = parts.get("Zielgebiet", {}).get("valueCodeableConcept")
        site = read_site(target, source, context) if isinstance(target, dict) else None
        side = side_of(parts.get("Zielgebiet_Lateralitaet", {}).get("valueCodeableConcept"))
        if site is not None and side is not None:
            site = Site(site.location, side, site.concept, site.source)
        total = first(parts.get("Gesamtdosis", {}).get("valueQuantity"))
        daily = first(parts.get("Einzeldosis", {}).get("valueQuantity"))
        boost = parts.get("Boost", {}).get("valueCodeableConcept")
        identity = f"{resource.reference}/{site.identity if site is not None else 'unnamed'}"
        # A sequential or concomitant boost is a volume within the other (oBDS 14.12), and stays a dosage of its own.
        if any(code in ("SEQ", "KON") for _, code in pairs(boost)):
            identity += "/boost"
        yield _with_days(Volume(identity, site, (source,)), total, daily, boost, source)


def _with_days(volume: Volume, total: JsonObject, daily: JsonObject, boost: object, source: Source) -> Volume:
    """The total dose, and the days it took: by the daily dose (oBDS 14.10: the most frequent one, boost aside), if it goes in
    whole days and no simultaneous or unspecified boost is part of the total."""
    if total.get("value") is not None:
        volume = replace(volume, doses=(_dose(total, source),))
    one, two = decimal_of(total.get("value")), decimal_of(daily.get("value"))
    boosted = {code for _, code in pairs(boost)} - {"N", "SEQ"}
    same = (code_of(total) or text_of(total.get("unit"))) == (code_of(daily) or text_of(daily.get("unit")))
    if one is None or not two or boosted or not same:
        return volume
    days = one / two
    if days != days.to_integral_value() or (count := count_of(days)) is None:
        return volume
    return replace(volume, fractions=count, fractions_source=source, derived=True)


def _sites(resource: Resource, context: Context) -> Iterator[Volume]:
    """The body sites; without any, the place that the name of what was done tells. A part of the oBDS has its doses beside them."""
    json, reference = resource.json, resource.reference
    found = [
        (read_site(concept, Source(reference, "bodySite"), context), Source(reference, "bodySite"))
        for _, concept in sites_of(json)
        if triples(concept) and not _UNSTATED.fullmatch(words(concept))
    ]
    if not found:
        source = Source(reference, "code")
        code = json.get("code")
        if isinstance(code, dict) and any(system == ICD_10_PCS for system, _ in pairs(code)):
            site: Site | None = read_site(code, source, context)
            site = site if site is not None and site.location is not None else None
        else:
            site = site_in_text(code_words(json), source, context)
        found = [(site, source)] if site is not None else []
    sides = {site.qualifier for site, _ in found}
    places = {site.identity.partition("/")[0] for site, _ in found}
    if len(found) == 2 and len(places) == 1 and sides == set(SIDES) - {BOTH}:
        found = [(Site(found[0][0].location, BOTH, found[0][0].concept, found[0][1]), found[0][1])]
    quantities = {
        name: extension_value(json, BESTRAHLUNG_PARTS[name]) for name in ("gesamtdosis", "einzeldosis", "boost")
    }
    for site, source in found:
        volume = Volume(site.identity, site, (source,))
        if any(quantities.values()):
            total, daily, boost = (stated[1] if stated is not None else None for stated in quantities.values())
            volume = _with_days(volume, first(total), first(daily), boost, Source(reference, "extension"))
        elif len(found) == 1 and (dose := told_dose(json, reference)) is not None:
            volume = replace(volume, doses=(dose,))
        own = fractions_of(json)
        if volume.fractions is None and own is not None:
            volume = replace(volume, fractions=own[0], fractions_source=Source(reference, own[1]))
        elif volume.fractions is None and len(found) == 1 and (told := told_fractions(json)) is not None:
            volume = replace(volume, fractions=told[0], fractions_source=Source(reference, told[1]))
        yield volume
