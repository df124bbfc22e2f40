"""Names of genes and consequences that are not spelled as POP spells them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mappers.terminology.genes import of_name

#: Variant_Classification of the Mutation Annotation Format (NCI GDC *MAF format*) and usual words → names of the Sequence Ontology.
_CONSEQUENCES = {
    "missense mutation": "missense variant", "missense": "missense variant", "nonsynonymous snv": "missense variant",
    "nonsense mutation": "stop gained", "nonsense": "stop gained", "stopgain": "stop gained", "stop gain": "stop gained",
    "stoploss": "stop lost", "nonstop mutation": "stop lost", "silent": "synonymous variant",
    "synonymous": "synonymous variant", "synonymous snv": "synonymous variant",
    "frame shift del": "frameshift variant", "frame shift ins": "frameshift variant", "frameshift": "frameshift variant",
    "frameshift deletion": "frameshift variant", "frameshift insertion": "frameshift variant",
    "in frame del": "inframe deletion", "in frame ins": "inframe insertion", "in-frame deletion": "inframe deletion",
    "in-frame insertion": "inframe insertion", "nonframeshift deletion": "inframe deletion",
    "nonframeshift insertion": "inframe insertion", "splice site": "splice site variant", "splicing": "splicing variant",
    "splice region": "splice region variant", "translation start site": "start lost", "intron": "intron variant",
    "igr": "intergenic variant", "5\'flank": "upstream gene variant", "3\'flank": "downstream gene variant",
    "5\'utr": "5 prime utr variant", "3\'utr": "3 prime utr variant", "fusion": "gene fusion",
    "5_prime_utr_variant": "5 prime utr variant", "3_prime_utr_variant": "3 prime utr variant",
}  # fmt: skip
_BUILDS = {
    "hg19": "GRCh37", "grch37": "GRCh37", "b37": "GRCh37", "37": "GRCh37", "hg38": "GRCh38", "grch38": "GRCh38", "38": "GRCh38",
    "hg18": "NCBI Build 36.1", "ncbi36": "NCBI Build 36.1", "hg17": "NCBI Build 35", "hg16": "NCBI Build 34",
}  # fmt: skip
_METHODS = {
    "ngs": "Sequencing", "next generation sequencing": "Sequencing", "next-generation sequencing": "Sequencing",
    "massively parallel sequencing": "Sequencing", "sanger": "Sequencing", "sanger sequencing": "Sequencing",
    "dna sequencing": "Sequencing", "rna sequencing": "Sequencing", "whole exome sequencing": "Sequencing",
    "whole genome sequencing": "Sequencing", "targeted sequencing": "Sequencing", "sequenzierung": "Sequencing",
    "hybrid capture": "Sequencing", "hybrid capture ngs": "Sequencing", "rt-pcr": "PCR", "polymerase chain reaction": "PCR",
    "real-time pcr": "qPCR (real-time PCR)", "qpcr": "qPCR (real-time PCR)", "fluorescence in situ hybridization": "FISH",
    "fluoreszenz-in-situ-hybridisierung": "FISH", "karyotype": "Karyotyping",
}  # fmt: skip
_ORIGINS = {
    "somatisch": "Somatic", "somatic mutation": "Somatic", "keimbahn": "Germline", "constitutional": "Germline",
    "hereditary": "Germline", "unknown": "Unknown genomic origin", "germline variant": "Germline",
    "somatic variant": "Somatic",
}  # fmt: skip
_ZYGOSITIES = {"het": "Heterozygous", "hom": "Homozygous", "hemi": "Hemizygous", "heterozygot": "Heterozygous",
               "homozygot": "Homozygous", "hemizygot": "Hemizygous"}  # fmt: skip
_TABLES = {
    "ReferenceGenomeBuild": _BUILDS, "StructuralVariantAnalysisMethod": _METHODS, "GeneticVariantSource": _ORIGINS,
    "Zygosity": _ZYGOSITIES, "MolecularConsequence": _CONSEQUENCES,
}  # fmt: skip


def genomic_spellings(terminology: str, text: str) -> Iterator[str]:
    """Names under which a POP terminology may list what a text says; nothing for other terminologies."""
    if terminology == "Gene":
        plain = re.sub(r"\s+gene$|^gene\s+", "", text.strip(), flags=re.I)
        yield plain
        gene = of_name(plain)
        if gene is not None:
            yield gene.symbol
        return
    table = _TABLES.get(terminology)
    if table is None:
        return
    plain = " ".join(text.casefold().split())
    known = table.get(plain) or table.get(plain.replace("_", " "))
    if known is not None:
        yield known
    if terminology == "MolecularConsequence":
        yield plain.replace("_", " ")
    elif terminology == "ReferenceGenomeBuild" and (match := re.match(r"(grch\d\d|hg\d\d)(?:\.p\d+)?\b", plain)):
        yield _BUILDS.get(match[1], "")
