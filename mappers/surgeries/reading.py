"""What the code of a Procedure says: an operation, its site and side, or why it is no operation on a tumour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mappers.codes import CPT, ICD_10_PCS, NCIT, OPS, SNOMED, system_of
from mappers.fhir import code_of, codings, extension_value, text_of, words
from mappers.protocol import JsonObject
from mappers.surgeries.classified import Classified, read_cpt, read_ncsp, read_ops, read_pcs
from mappers.surgeries.names import (
    BILATERAL,
    LEFT,
    RIGHT,
    excised_site,
    has_sides,
    lobe,
    named,
    node_region,
    refused,
    side_in,
    skin_region,
)
from mappers.surgeries.operations import Operation, by_ncit, by_snomed, chain, operations

#: SNOMED CT *Surgical procedure*: the category of operations, and oBDS containers' code.
SURGICAL = (SNOMED, "387713003")
#: German base profiles: side of an OPS coding (fhir.de *Seitenlokalisation*).
_GERMAN_SIDE = "http://fhir.de/StructureDefinition/seitenlokalisation"
_SIDES = {"L": LEFT, "R": RIGHT, "B": BILATERAL}
#: Operations whose name tells the region.
_REGIONS: dict[str, Callable[[str], str | None]] = {
    "skin-excision": skin_region, "lymphadenectomy": node_region, "lobectomy": lobe, "wedge-resection": lobe, "segmentectomy": lobe,
}  # fmt: skip
#: NCIt *Biopsy* and kinds of it that POP's list of operations has not.
_BIOPSIES = frozenset({"C15189", "C15680", "C15193", "C135727", "C15361"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What is said of what was done."""

    operation: Operation | None = None
    refused: str = ""
    site: str | None = None
    """ICD-O-3 topography that the code itself names."""
    side: str | None = None
    surgical: bool = False
    """The code is one of an operation, known or not."""
    own: bool = False
    """POP's own concept."""


def read_code(concept: Any) -> Reading:
    """Codes first, then names; what several codings of the concept say is put together."""
    found: list[Classified] = []
    own = False
    side: str | None = None
    for coding in codings(concept):
        read = _read_coding(coding)
        if read is not None:
            found.append(read)
            own = own or (system_of(coding.get("system")) == NCIT and read.operation is not None)
        german = extension_value(coding, _GERMAN_SIDE)
        if german is not None and isinstance(german[1], dict):
            side = side or _SIDES.get(code_of(german[1]))
    coded = next((each for each in found if each.operation is not None), None)
    names = list(_names(concept))
    operation = _operation(coded.operation) if coded is not None and coded.operation is not None else None
    why = next((each.refused for each in found if each.refused), "")
    if operation is not None and not own:
        operation = _finer(operation, names)
    if operation is None and not why:
        # Where a classification says that it is no operation, its name is not asked.
        operation = max(
            (each for each in map(named, names) if each is not None and not each.only_ncit),
            key=lambda each: each.rank, default=None,
        )  # fmt: skip
        why = "" if operation is not None else next(filter(None, map(refused, names)), "")
    excised = None
    if operation is None and not why:
        excised = next(filter(None, map(excised_site, names)), None)
        operation = operations()["excision"] if excised is not None else None
    # Of several codes the site goes with the operation: the nodes of a thyroidectomy are not its site.
    site = coded.site if coded is not None else next((each.site for each in found if each.site is not None), excised)
    if site is None and operation is not None and operation.key in _REGIONS:
        site = _REGIONS[operation.key](words(concept))
    side = side or next((each.side for each in found if each.side is not None), None)
    organ = site or (operation.site if operation is not None else None)
    several = operation is not None and operation.site is None and bool(operation.organs)
    if side is None and has_sides(organ) and not several:
        side = side_in(words(concept))
    if side == BILATERAL and operation is not None and operation.bilateral is not None:
        operation = operations()[operation.bilateral]
    surgical = operation is not None or any(each.surgical for each in found) or _is_surgical(concept)
    return Reading(operation, "" if operation is not None else why, site, side, surgical, own)


def _finer(coded: Operation, names: list[str]) -> Operation:
    """A kind of the coded operation that its name tells: billing codes (CPT 44204 *colectomy, partial*) cover several operations.
    A code that POP has only something broader for gives way to an operation on the same organs that POP has."""
    said = [
        each for each in map(named, names)
        if each is not None and each.ncit is not None and not each.only_ncit and each.key != coded.key
        and (
            any(broader.key == coded.key for broader, _ in chain(each))
            or (coded.ncit is None and set(coded.organs) & set(each.organs) and each.rank >= coded.rank)
        )
    ]  # fmt: skip
    return max(said, key=lambda each: (each.rank, each.key), default=coded)


def _operation(key: str) -> Operation:
    known = operations().get(key)
    return known if known is not None else Operation(key, key, key, 50)


def _is_surgical(concept: Any) -> bool:
    return any((system_of(each.get("system")), code_of(each)) == SURGICAL for each in codings(concept))


def _names(concept: Any) -> Iterator[str]:
    for each in codings(concept):
        if text := text_of(each.get("display")):
            yield text
    if isinstance(concept, dict) and (text := text_of(concept.get("text"))):
        yield text


_READERS: dict[str, Callable[[str], Classified | None]] = {
    OPS: read_ops,
    ICD_10_PCS: read_pcs,
    CPT: read_cpt,
}


def _read_coding(coding: JsonObject) -> Classified | None:
    system, code = system_of(coding.get("system")), code_of(coding)
    if system == NCIT:
        if code in _BIOPSIES:
            return Classified(refused="a biopsy: it diagnoses a tumour, it does not remove one", surgical=False)
        known = by_ncit().get(code)
        return Classified(known.key if known is not None else code) if code else None
    if system == SNOMED:
        known = by_snomed().get(code)
        return Classified(known.key) if known is not None and not known.only_ncit else None
    reader = _READERS.get(system) or (read_ncsp if "ncsp" in system.casefold() else None)
    return reader(code) if reader is not None else None
