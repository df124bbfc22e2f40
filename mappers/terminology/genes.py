"""Genes on tumour panels (``maps/genes.csv``): HGNC id, approved symbol, NCBI Gene id, earlier and other symbols.

Identifiers and symbols are HGNC's (HUGO Gene Nomenclature Committee, CC0) and NCBI Gene's (public domain). A name that is the
approved symbol of another gene, or that several genes have, is not among a gene's names; of two genes with one alias it is the
gene's whose *previous symbol* it was (MLL2: KMT2D).
"""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple


class Gene(NamedTuple):
    """One gene."""

    hgnc: str
    """``HGNC:1097``"""
    symbol: str
    ncbi: str
    names: tuple[str, ...]


@lru_cache(maxsize=1)
def genes() -> tuple[Gene, ...]:
    """All of the table."""
    text = (files("mappers.terminology") / "maps" / "genes.csv").read_text(encoding="utf-8")
    return tuple(
        Gene(f"HGNC:{row['hgnc']}", row["symbol"], row["ncbi"], tuple(filter(None, row["names"].split("|"))))
        for row in csv.DictReader(io.StringIO(text))
    )


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Gene]:
    found = {name.casefold(): gene for gene in genes() for name in gene.names}
    return found | {gene.symbol.casefold(): gene for gene in genes()}


@lru_cache(maxsize=1)
def _by_ncbi() -> dict[str, Gene]:
    return {gene.ncbi: gene for gene in genes()}


def of_name(name: str) -> Gene | None:
    """The gene with this symbol or other name; case and spaces do not count (``BRCA 1``)."""
    return _by_name().get("".join(name.split()).casefold())


def of_ncbi(identifier: str) -> Gene | None:
    """The gene with this NCBI Gene id."""
    return _by_ncbi().get(identifier)
