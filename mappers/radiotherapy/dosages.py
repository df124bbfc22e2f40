"""The dosages of a course: what its summary says of each volume, else what its parts and sessions add up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mappers.drafting import Drafting
from mappers.fhir import pairs
from mappers.protocol import Context, Source
from mappers.radiotherapy.beams import coded
from mappers.radiotherapy.courses import Course
from mappers.radiotherapy.sessions import distinct
from mappers.radiotherapy.sites import LOCATION, QUALIFIER
from mappers.radiotherapy.statements import Statement
from mappers.radiotherapy.volumes import Dose, Volume
from mappers.units import RADIATION_FIELDS, to_field

#: More gray than any external or contact therapy gives: centigray that were written as gray.
_LARGEST = 400.0
#: Requested codes of mCODE's ballot → internal target volume, internal gross tumour volume.
_REQUESTED = {"USCRS-33520": "1201745009", "USCRS-33521": "1201746005"}


def volumes_of_course(course: Course) -> list[Volume]:
    """The volumes, each once."""
    for each in course.summaries:
        if any(volume.doses or volume.fractions is not None for volume in each.volumes):
            return _once(each.volumes)
    parts = _of_parts(course.parts)
    if parts:
        return parts
    told = [volume for each in course.summaries for volume in each.volumes]
    counted = _of_sessions(course.sessions)
    if not told:
        return counted
    by_place = {volume.site.identity: volume for volume in counted if volume.site is not None}
    return _once([by_place.get(each.site.identity, each) if each.site is not None else each for each in told])


def _once(volumes: Iterable[Volume]) -> list[Volume]:
    """The volumes by identity; what is stated twice of one adds up."""
    found: dict[str, Volume] = {}
    for each in volumes:
        found[each.identity] = _sum(found[each.identity], each) if each.identity in found else each
    return [found[identity] for identity in sorted(found)]


def _of_parts(parts: Sequence[Statement]) -> list[Volume]:
    """A BodyStructure that several phases irradiate is one volume, its dose the sum; by another kind of beam it is another. A part
    that names only a place is a volume of its own: a boost stays apart."""
    found: dict[str, Volume] = {}
    for part in parts:
        for volume in part.volumes:
            key = f"{part.reference}/{volume.identity}"
            if volume.identity.startswith("BodyStructure/"):
                others = {each.family for each in parts if any(one.identity == volume.identity for one in each.volumes)}
                apart = part.family not in (None, "external") and len(others - {None}) > 1
                key = f"{volume.identity}/{part.family}" if apart else volume.identity
            mine = replace(volume, identity=key)
            found[key] = _sum(found[key], mine) if key in found else mine
    return [found[key] for key in sorted(found)]


def _of_sessions(sessions: Sequence[Statement]) -> list[Volume]:
    """A place per sessions that irradiated it: as many fractions as sessions."""
    by_place: dict[str, list[tuple[Statement, Volume]]] = {}
    for each in sessions:
        for volume in each.volumes:
            by_place.setdefault(volume.identity, []).append((each, volume))
    result: list[Volume] = []
    for identity, told in sorted(by_place.items()):
        kept = {each.reference for each in distinct([each for each, _ in told])}
        volumes = [volume for each, volume in told if each.reference in kept]
        alone = len(sessions) == 1 and not sessions[0].counted
        result.append(
            replace(
                volumes[0] if volumes else told[0][1],
                identity=identity,
                sources=tuple(source for _, volume in told for source in volume.sources),
                doses=_doses_of_sessions(volumes),
                derived=not alone,
                fractions=told[0][1].fractions if alone else len(kept) or None,
                fractions_source=told[0][1].fractions_source if alone else told[0][0].when,
            )
        )
    return result


def _doses_of_sessions(volumes: Sequence[Volume]) -> tuple[Dose, ...]:
    """The doses that add up, if each session states its own; the plan's, where sessions repeat it («50 Gy in 25 fractions»)."""
    doses = tuple(dose for volume in volumes for dose in volume.doses)
    if any(volume.fractions is not None and volume.fractions > 1 for volume in volumes):
        return doses[:1] if len({(each.value, each.unit) for each in doses}) == 1 else ()
    return doses if len(doses) == len(volumes) else ()


def _sum(one: Volume, two: Volume) -> Volume:
    fractions = None if one.fractions is None or two.fractions is None else one.fractions + two.fractions
    return replace(
        one, doses=(*one.doses, *two.doses) if one.doses and two.doses else (), fractions=fractions,
        sources=tuple(dict.fromkeys([*one.sources, *two.sources])), derived=one.derived or two.derived,
        morphology=one.morphology or two.morphology, site=one.site or two.site,
    )  # fmt: skip


def dosage(volume: Volume, course: Course, parent: str, context: Context) -> Drafting:
    """The draft of one volume."""
    drafting = Drafting("RadiotherapyDosage", f"RadiotherapyDosage:{course.identity}/{volume.identity}")
    drafting.refer("radiotherapyId", parent)
    drafting.read(*volume.sources)
    _place(drafting, volume, context)
    if volume.fractions is not None:
        drafting.put("fractions", volume.fractions, *([volume.fractions_source] if volume.fractions_source else []))
        if volume.derived:
            text = "Counted from the sessions, or the total dose by the dose of a day."
            drafting.assume("fractions", "fractions-derived", text, volume.fractions_source)
    _amount(drafting, volume.doses)
    return drafting


def _place(drafting: Drafting, volume: Volume, context: Context) -> None:
    where = volume.sources[0] if volume.sources else Source(volume.identity, "bodySite")
    site = volume.site
    if site is None:
        drafting.missing("irradiatedVolume", "What was irradiated is not stated, or has not arrived.", where)
    elif site.location is None:
        drafting.unmapped("irradiatedVolume", LOCATION, site.concept, source=site.source, required=True)
    else:
        drafting.put("irradiatedVolume", site.location.concept, site.source)
        drafting.note_rule("irradiatedVolume", site.location, site.source)
    if site is not None and site.qualifier is not None:
        qualifier = context.translate(QUALIFIER, coded(site.qualifier))
        if qualifier is not None:
            drafting.put("irradiatedVolumeQualifier", qualifier.concept, site.source)
    if volume.morphology is not None:
        concept, source = volume.morphology
        requested = next((_REQUESTED[code] for _, code in pairs(concept) if code in _REQUESTED), None)
        drafting.concept(
            "irradiatedVolumeMorphology", "RadiotherapyVolumeType", coded(requested) if requested else concept,
            context=context, source=source,
        )  # fmt: skip


def _amount(drafting: Drafting, doses: Sequence[Dose]) -> None:
    if not doses:
        return
    amounts = [to_field(each.value, each.unit, RADIATION_FIELDS) for each in doses]
    if any(each is None for each in amounts):
        text = "The dose is no absorbed dose in gray (an activity, or a unit that is not known): it is left out."
        drafting.issue("unknown-unit", "dose", text, source=doses[0].source)
        return
    total = round(sum(each[1]["value"] for each in amounts if each is not None), 6)
    if not 0 < total <= _LARGEST:
        text = "The dose is none that is given: check whether it was meant in centigray. It is left out."
        drafting.issue("implausible-value", "dose", text, source=doses[0].source)
        return
    drafting.put("dose", {"value": total, "unit": "Gy"}, *dict.fromkeys(each.source for each in doses))
