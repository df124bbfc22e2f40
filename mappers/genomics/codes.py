"""What an element of a genetic finding is: by LOINC and the placeholder codes of HL7 Genomics Reporting, else by its name.

HL7 *Genomics Reporting* STU1 to STU3 (placeholder systems ``tbd-codes`` and ``tbd-codes-cs``, ballots' LOINC for the same),
POP's own guide, and the column names of the Mutation Annotation Format (NCI GDC *MAF format*, GENIE data guide).
"""

from __future__ import annotations

import re
from typing import Any

from mappers.codes import LOINC, NCIT
from mappers.fhir import codings, pairs, remembered, text_of
from mappers.protocol import JsonObject

TBD = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
TBD_STU1 = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes"
POP_TBD = "http://onconova.github.io/fhir/CodeSystem/onconova-cs-tbd"
PLACEHOLDERS = frozenset({TBD, TBD_STU1, POP_TBD})

#: *Genetic variant assessment*, and the panel of a discrete variant whose members are its elements.
VARIANTS = frozenset({(LOINC, "69548-6"), (LOINC, "81250-3")})
#: Observations about a variant: its significance and its molecular consequence, which POP keeps with the variant itself.
ABOUT = frozenset(
    {(LOINC, "53037-8")}
    | {(each, code) for each in (TBD, TBD_STU1) for code in ("diagnostic-implication", "molecular-consequence")}
)
#: Genetic Observations that are no variant → why they are not for POP.
OTHERS = {
    (LOINC, "53041-0"): "a region that was studied, no finding in it",
    (LOINC, "51968-6"): "an overall interpretation of a genetic analysis",
    (LOINC, "84414-2"): "a haplotype of drug metabolism or tissue type, no tumour variant",
    (LOINC, "84413-4"): "a genotype of drug metabolism or tissue type, no tumour variant",
    (LOINC, "82120-7"): "a phase relation between variants",
    **{
        (system, code): why
        for system in (TBD, TBD_STU1)
        for code, why in {
            "therapeutic-implication": "what a finding means for therapies: no field of a variant",
            "somatic-predictive": "what a finding means for therapies: no field of a variant",
            "somatic-prognostic": "a prognosis by a variant: no field of POP's",
            "somatic-diagnostic": "a diagnosis by a variant: no field of a variant",
            "genomic-annotation": "an annotation of the genome",
            "grouper": "a group of findings, which stand for themselves",
        }.items()
    },
}
#: Reports on genetic analyses (LOINC), and the section of genetics (HL7 v2 table 0074).
REPORTS = frozenset(
    {(LOINC, "51969-4"), (LOINC, "81247-9"), (LOINC, "55232-3"), (LOINC, "60591-5"), (LOINC, "73977-1")}
)
GENETICS = ("http://terminology.hl7.org/CodeSystem/v2-0074", "GE")

_LOINC_ROLES = {
    "48018-6": "gene", "48004-6": "hgvs", "48005-3": "hgvs", "81290-9": "hgvs", "62374-4": "build", "81258-6": "frequency",
    "82121-5": "depth", "53034-5": "zygosity", "48002-0": "origin", "53037-8": "significance", "LL4034-6": "significance",
    "48013-7": "genomic-reference", "51958-7": "transcript", "81254-5": "position", "69547-8": "reference-allele",
    "69551-0": "alternate-allele", "48006-1": "amino-acid-change", "48019-4": "dna-change", "81252-9": "variation",
    "82155-3": "copies", "92822-6": "coordinates", "94186-4": "inheritance", "81304-8": "method", "81303-0": "hgvs-version",
    "47998-0": "line", "48000-4": "chromosome", "48001-2": "cytoband", "47999-8": "region", "69548-6": "assessment",
}  # fmt: skip
_PLACEHOLDER_ROLES = {
    "variant-inheritance": "inheritance", "molecular-consequence": "consequence", "feature-consequence": "consequence",
    "functional-annotation": "consequence", "variant-confidence-status": "confidence", "rna-hgvs": "hgvs",
    "exact-start-end": "position", "protein-ref-seq": "protein-reference",
}  # fmt: skip
_NCIT_ROLES = {"C165600": "panel", "C709": "nucleotides", "C13445": "region"}
#: Local codes, by name alone: letters and digits in lower case.
_NAMES = {
    **dict.fromkeys(("gene", "genesymbol", "genename", "hugosymbol", "genestudied", "gen", "genes"), "gene"),
    **dict.fromkeys(("hgvs", "hgvsc", "hgvsp", "hgvspshort", "hgvsg", "chgvs", "phgvs", "ghgvs", "cdna", "cdnachange",
                     "codingchange", "dnachange", "dnachangechgvs", "nucleotidechange", "proteinchange", "aminoacidchange",
                     "aachange", "aminoacidchangephgvs", "proteineffect", "genomicchange", "variant", "mutation", "alteration",
                     "variantname"), "hgvs"),
    **dict.fromkeys(("vaf", "variantallelefrequency", "variantallelefraction", "allelefrequency", "allelefraction",
                     "mutantallelefrequency", "mutantallelefraction", "samplevariantallelicfrequencynfr", "allelfrequenz",
                     "variantenallelfrequenz"), "frequency"),
    **dict.fromkeys(("taltcount", "alleledepth", "altreads", "variantreads", "allelicreaddepth", "altdepth"), "depth"),
    **dict.fromkeys(("ncbibuild", "genomebuild", "referencegenome", "genomeassembly", "assembly", "referenzgenom"), "build"),
    **dict.fromkeys(("mutationstatus", "genomicsource", "genomicsourceclass", "variantorigin", "origin"), "origin"),
    **dict.fromkeys(("variantclassification", "consequence", "molecularconsequence", "effect", "codingeffect"), "consequence"),
    **dict.fromkeys(("clinicalsignificance", "pathogenicity", "acmgclassification", "classification", "clinvarsignificance",
                     "oncogenicity", "geneticvariationclinicalsignificanceimp"), "significance"),
    **dict.fromkeys(("zygosity", "allelicstate"), "zygosity"),
    **dict.fromkeys(("copynumber", "copies", "genomicstructuralvariantcopynumber"), "copies"),
    **dict.fromkeys(("transcript", "transcriptid", "refseq"), "transcript"),
    **dict.fromkeys(("genepanel", "panel", "testname", "panelname"), "panel"),
    **dict.fromkeys(("fusion", "rearrangement", "genefusion", "genomicalteration", "genomicalterations", "genomicfindings",
                     "molecularfindings", "somaticvariants", "variantsdetected", "ngsresult", "ngspanelresult", "ngspanel",
                     "molekularpathologischerbefund"), "line"),
    **dict.fromkeys(("clinvar", "clinvarid", "clinvaraccession"), "variation"),
    **dict.fromkeys(("variantstatus", "detectionstatus"), "assessment"),
    **dict.fromkeys(("chromosome", "chromosom"), "chromosome"), **dict.fromkeys(("exon", "region"), "region"),
    # LOINC's own names, where they stand without its codes.
    "genestudiedid": "gene", "genomicdnachangeghgvs": "hgvs", "discretegeneticvariant": "variation",
    "humanreferencesequenceassemblyversion": "build", "genomicsourceclasstype": "origin", "dnachangetype": "dna-change",
    "transcriptreferencesequenceid": "transcript", "genomicreferencesequenceid": "genomic-reference",
    "aminoacidchangetype": "amino-acid-change", "cytoband": "cytoband", "inheritance": "inheritance",
    "confidence": "confidence", "typ": "change-type",
    "type": "change-type", "varianttype": "change-type", "alterationtype": "change-type",
}  # fmt: skip
_LONGEST = 2 * max(len(name) for name in _NAMES)
#: Of these roles one alone makes an Observation a genetic finding; others are used for laboratory tests of every kind.
TELLING = frozenset({"gene", "hgvs", "line"})
_PLAIN = re.compile(r"[^a-z0-9]")


def role_of(code: Any) -> str | None:
    """What a component with this code says. POP exports the origin of a variant with no code at all."""
    return _role(code) if isinstance(code, dict) else "uncoded"


@remembered
def _role(code: JsonObject) -> str | None:
    for system, value in pairs(code):
        known = (
            _LOINC_ROLES.get(value) if system == LOINC
            else _NCIT_ROLES.get(value) if system == NCIT
            else _PLACEHOLDER_ROLES.get(value) if system in PLACEHOLDERS
            else None
        )  # fmt: skip
        if known is not None:
            return known
    for name in names_of(code):
        if len(name) <= _LONGEST and (found := _NAMES.get(_PLAIN.sub("", name.casefold()))) is not None:
            return found
    return None


def names_of(code: JsonObject) -> list[str]:
    """Text, displays and local codes of a concept: what may name it."""
    found = [text_of(code.get("text"))]
    for coding in codings(code):
        found.extend((text_of(coding.get("display")), text_of(coding.get("code"))))
    return [each for each in found if each]
