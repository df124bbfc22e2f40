"""What one Observation says of a variant: its elements by role, each with its source. Nothing is judged here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mappers.codes import LOINC
from mappers.fhir import choice, codings, has_code, objects, pairs, profiles, remembered, text_of, words
from mappers.genomics.answers import UNKNOWN, assessment_of
from mappers.genomics.codes import ABOUT, OTHERS, TELLING, VARIANTS, names_of, role_of
from mappers.protocol import JsonObject, Resource, Source
from mappers.terminology.genes import of_name

_VALUES = (
    "valueCodeableConcept", "valueString", "valueQuantity", "valueInteger", "valueRange", "valueRatio", "valueBoolean",
    "valueDateTime",
)  # fmt: skip
VARIANT_PROFILES = frozenset({
    "variant", "mcode-genomic-variant", "mcode-cancer-genetic-variant", "onconova-genomic-variant", "variante",
    "mii-pr-onko-genetische-variante", "mii-pr-mtb-einfache-variante", "mii-pr-mtb-copy-number-variant",
})  # fmt: skip
#: A test whose name says that it looks for changes of a gene; LOINC names such tests ``X gene …`` (LOINC User's Guide, §2.2).
_GENE_TEST = re.compile(
    r"(?i:\b(?:gene|genetic|genomic|somatic|germline)\b.{0,40}"
    r"\b(?:mutations?|variants?|alterations?|rearrangements?|fusions?|amplifications?|testing|panel)\b)"
    r"|(?i:\b(?:mutation|variant|fusion|rearrangement|translocation|translokation)s?\b.{0,20}"
    r"\b(?:analysis|status|test|detected|found|result|transcript)\b)"
    r"|\b[A-Z][A-Z0-9-]{1,9} gene p\."
    r"|\b[A-Z][A-Z0-9-]{1,9}[ -](?i:gene )?(?i:mutations?|rearrangement|fusion|amplification|trans[lk]o[ck]ation)\b"
    r"|\b(?i:mutations(?:analyse|status))\b",
)  # fmt: skip
#: A test for one change by its name (``BRAF V600E``): by whatever method, an antibody against the changed protein among them.
_CHANGE_TEST = re.compile(
    r"\b[A-Z][A-Z0-9]{1,9}[ -](?:p\.)?[ARNDCQEGHILKMFPSTWYV][1-9][0-9]{1,3}[ARNDCQEGHILKMFPSTWYV*]\b"
)
#: What a result says if its test is called by a gene alone, as tests of its protein are, too.
_CHANGE = re.compile(r"variant|mutation|mutated|mutiert|wild[- ]?typ|\b[cgp]\.|amplif|fusion|rearrange", re.I)
#: Tests of proteins, tissue types, drug metabolism and numbers of cells that have genes in their names; the gene of HER2 by in
#: situ hybridisation is a tumour marker of POP's.
_NO_GENE_TEST = re.compile(
    r"immuno|\bIHC\b|expression|antigen|\bprotein\b|\bHLA\b|metaboli|pharmaco|family|\brisk\b|burden|\bload\b|haplotype|genotype"
    r"|quantitative|counsel|(?:\bher-?2|\berbb2).*(?:\bC?ISH\b|\bFISH\b|in situ|amplification|duplication)",
    re.I,
)  # fmt: skip

#: How a test looks, where its name says so.
_TECHNIQUE = re.compile(r"\bFISH\b|\bNGS\b|next[- ]generation sequencing|\bq?PCR\b|\bMLPA\b|\bsequencing\b", re.I)


@dataclass(frozen=True, slots=True)
class Value:
    """One value and where it stands."""

    raw: Any
    source: Source

    @property
    def concept(self) -> JsonObject:
        """As a CodeableConcept; a text becomes its text."""
        if isinstance(self.raw, dict) and ("coding" in self.raw or "text" in self.raw):
            return self.raw
        return {"text": self.text}

    @property
    def text(self) -> str:
        """The text, or the codes and displays, of the value."""
        if isinstance(self.raw, dict):
            parts = [text_of(self.raw.get("text"))]
            for coding in codings(self.raw):
                parts.extend((text_of(coding.get("code")), text_of(coding.get("display"))))
            return " | ".join(dict.fromkeys(each for each in parts if each))
        return text_of(self.raw)


@dataclass(slots=True)
class Statement:
    """One Observation, and what others say about its variant."""

    resource: Resource
    values: dict[str, list[Value]] = field(default_factory=dict)
    about: list[Resource] = field(default_factory=list)
    """Implications and consequences derived from it."""
    unknown: bool = False
    """The source says that it does not know the result."""

    def add(self, role: str, raw: Any, source: Source) -> None:
        """One more value of a role."""
        self.values.setdefault(role, []).append(Value(raw, source))

    def of(self, role: str) -> list[Value]:
        """The values of a role."""
        return self.values.get(role, [])


def sort_of(json: JsonObject) -> str | None:
    """What an Observation is to variants: a ``variant``; an ``element`` of one by itself; ``about`` one that stands elsewhere;
    an ``other`` genetic Observation; None for all others. By code or profile, by components, or by the name of the test."""
    kind, role = _judge(json.get("code"))
    if kind == "variant" or ("meta" in json and profiles(json) & VARIANT_PROFILES):
        return "variant"
    parts = objects(json.get("component"))
    if kind == "about":
        return "about" if objects(json.get("derivedFrom")) else None
    if kind == "other" or (role is not None and not parts):
        return "other" if kind == "other" else "element"
    if kind == "gene" and _CHANGE.search(_text(json)):
        return "variant"
    if kind == "none" or not (parts or kind in ("test", "line")):
        return None
    roles = {role_of(part.get("code")) for part in parts}
    told = kind == "test" or ("gene" in roles and roles & {"hgvs", "line"})
    return "variant" if told or (kind == "line" and (roles & TELLING or _text(json))) else None


def element_of(json: JsonObject) -> str:
    """The role of an Observation that is an element by itself: coded as the components are, without any."""
    return _judge(json.get("code"))[1] or ""


@remembered
def _judge(code: JsonObject) -> tuple[str, str | None]:
    """(kind, role as an element). Kinds: ``variant``; ``about`` one; an ``other`` genetic Observation; the name of a ``test`` for
    changes of a gene; the name of a ``gene``; a ``line`` of results; ``none`` of them; or ``any``, which its components tell."""
    role = role_of(code)
    element = role if role != "assessment" and any(system == LOINC for system, _ in pairs(code)) else None
    if has_code(code, VARIANTS):
        return "variant", None
    if has_code(code, ABOUT):
        return "about", None
    if has_code(code, OTHERS.keys()):
        return "other", None
    names = names_of(code)
    if any(_CHANGE_TEST.search(name) for name in names):
        return "test", element
    if not names or _NO_GENE_TEST.search(words(code)):
        return "none", element
    if any(_GENE_TEST.search(name) for name in names):
        return "test", element
    if any((gene := of_name(name)) is not None and gene.symbol == name for name in names):
        return "gene", element
    return "line" if role in ("line", "hgvs") else "any", element


def read_statement(resource: Resource) -> Statement:
    """All that the Observation says."""
    json = resource.json
    statement = Statement(resource)
    _components(statement, resource)
    value = choice(json, _VALUES)
    if value is not None:
        _own_value(statement, resource, *value)
    for number, each in enumerate(objects(json.get("interpretation"))):
        source = Source(resource.reference, f"interpretation[{number}]")
        statement.unknown |= has_code(each, UNKNOWN)
        statement.add("interpretation", each, source)
    if isinstance(json.get("method"), dict):
        statement.add("method", json["method"], Source(resource.reference, "method"))
    code = json.get("code")
    if isinstance(code, dict) and _judge(code)[0] in ("test", "gene"):
        where = Source(resource.reference, "code")
        statement.add("test", words(code), where)
        if (technique := _TECHNIQUE.search(words(code))) is not None and "method" not in statement.values:
            statement.add("method", technique[0], where)
    for note in objects(json.get("note")):
        statement.add("note", note.get("text"), Source(resource.reference, "note"))
    return statement


def read_about(statement: Statement, resource: Resource) -> None:
    """Add what an implication or a molecular consequence says of the variant."""
    statement.about.append(resource)
    _components(statement, resource)
    own = role_of(resource.json.get("code"))
    value = choice(resource.json, _VALUES)
    if value is not None and own is not None:
        statement.add(own, value[1], Source(resource.reference, value[0]))


def read_element(statement: Statement, resource: Resource, role: str) -> None:
    """Add an Observation that is one element of the finding."""
    statement.about.append(resource)
    value = choice(resource.json, _VALUES)
    if value is not None:
        statement.add(role, value[1], Source(resource.reference, value[0]))


def _components(statement: Statement, resource: Resource) -> None:
    exported = is_exported(resource.json)
    for number, part in enumerate(objects(resource.json.get("component"))):
        role = role_of(part.get("code"))
        value = choice(part, _VALUES)
        if role is None or value is None:
            continue
        if role == "uncoded":
            # POP's export writes the origin of a variant without a code.
            role = "origin"
            if not exported:
                continue
        elif role == "amino-acid-change" and exported:
            # … and the type of the protein change that it derives from the expression.
            continue
        statement.add(role, value[1], Source(resource.reference, f"component[{number}].{value[0]}"))


def _own_value(statement: Statement, resource: Resource, name: str, raw: Any) -> None:
    source = Source(resource.reference, name)
    own = role_of(resource.json.get("code"))
    if own in ("hgvs", "gene"):
        statement.add(own, raw, source)
        return
    if isinstance(raw, bool):
        raw = {"coding": [{"system": LOINC, "code": "LA9633-4" if raw else "LA9634-2"}]}
    value = Value(raw, source)
    coded = value.concept if isinstance(raw, dict) else {"text": value.text}
    statement.unknown |= has_code(coded, UNKNOWN)
    if assessment_of(coded) is not None:
        statement.add("assessment", raw, source)
    if value.text:
        statement.add("line", raw, source)


def is_exported(json: JsonObject) -> bool:
    """POP's own export tells with each variant the version of HGVS that it reads expressions by."""
    return any(role_of(part.get("code")) == "hgvs-version" for part in objects(json.get("component")))


def _text(json: JsonObject) -> str:
    value = choice(json, ("valueString", "valueCodeableConcept"))
    return "" if value is None else Value(value[1], Source("", "")).text


def contained_observations(json: JsonObject) -> Iterator[JsonObject]:
    """Observations inside a report."""
    for each in objects(json.get("contained")):
        if each.get("resourceType") == "Observation":
            yield each
