"""Concept maps for people: CSV as Excel writes it in any country, and SSSOM TSV (https://mapping-commons.github.io/sssom/)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from mappers.codes import system_of
from mappers.terminology.conceptmap import TARGET_PREFIX, BadConceptMap, ConceptMap, Entry
from mappers.terminology.concepts import normal_name
from mappers.terminology.decision import TEXT
from mappers.terminology.relations import relation_of

CSV_COLUMNS = ("terminology", "source_system", "source_code", "target_system", "target_code", "target_display")
#: May stand in a CSV: another relation than equivalence; a source text instead of a code.
CSV_OPTIONAL = ("relation", "source_text")

_SSSOM = ("subject_id", "predicate_id", "object_id")
#: The object of a mapping that says that there is none (SSSOM, *No mapping found*).
_NO_TERM = "sssom:NoTermFound"
#: IRIs of which CURIE prefixes are made, where they are no FHIR system URI.
_IRIS = {
    "http://snomed.info/id": "http://snomed.info/sct",
    "http://purl.obolibrary.org/obo/ncit_": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
    "https://loinc.org": "http://loinc.org",
    "http://hl7.org/fhir/sid/icd-10-cm": "http://hl7.org/fhir/sid/icd-10-cm",
}


def parse_csv(text: str, *, name: str, layer: str = "site") -> ConceptMap:
    """A CSV with the columns of ``CSV_COLUMNS`` (and any of ``CSV_OPTIONAL``), with commas, semicolons or tabs, with or without a
    byte order mark. An empty ``target_code`` is the decision that there is none. Raises BadConceptMap with the line."""
    plain = text.removeprefix("\ufeff")
    head = plain.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(plain, newline=""), delimiter=max(",;\t", key=head.count))
    missing = [column for column in CSV_COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise BadConceptMap(f"{name}: the columns {', '.join(missing)} are missing")
    entries: list[Entry] = []
    for row in reader:
        value = {column: (row.get(column) or "").strip() for column in (*CSV_COLUMNS, *CSV_OPTIONAL)}
        line = f"line {reader.line_num}"
        if not value["terminology"] or not (value["source_code"] or value["source_text"]):
            raise BadConceptMap(f"{name}: {line} needs a terminology, and a source_code or a source_text")
        relation = relation_of(value["relation"] or "equivalent")
        if relation is None:
            raise BadConceptMap(f"{name}: {line}: «{value['relation']}» is no relation: equivalent, wider, narrower…")
        source = (system_of(value["source_system"]), value["source_code"])
        if not value["source_code"]:
            source = (TEXT, normal_name(value["source_text"]))
        target = (system_of(value["target_system"]), value["target_code"], value["target_display"])
        none = not target[1] or relation == "none"
        entries.append(
            Entry(value["terminology"], source, None if none else target, "none" if none else relation, row=line)
        )
    return ConceptMap(name, tuple(entries), layer=layer)


def parse_sssom(text: str, *, name: str, layer: str = "site") -> ConceptMap:
    """An SSSOM TSV. The POP terminology is the ``object_source`` (of the row, or of the head): ``urn:pop:terminology:…``. A row
    with ``predicate_modifier`` ``Not`` says nothing that could be used. Raises BadConceptMap with the line."""
    lines = text.removeprefix("\ufeff").splitlines()
    head = [line.lstrip("#") for line in lines if line.startswith("#")]
    body = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
    prefixes, scope = _head(head)
    if not body:
        raise BadConceptMap(f"{name}: the table is empty")
    columns = body[0][1].split("\t")
    missing = [column for column in _SSSOM if column not in columns]
    if missing:
        raise BadConceptMap(f"{name}: the columns {', '.join(missing)} are missing")
    entries: list[Entry] = []
    problems: list[str] = []
    for number, line in body[1:]:
        row = dict(zip(columns, (each.strip() for each in line.split("\t")), strict=False))
        entry = _sssom_row(row, f"line {number}", prefixes=prefixes, scope=scope, name=name)
        if isinstance(entry, str):
            problems.append(entry)
        else:
            entries.append(entry)
    return ConceptMap(name, tuple(entries), layer=layer, problems=tuple(problems))


def _head(lines: list[str]) -> tuple[dict[str, str], str]:
    """The CURIE prefixes and the object source of the metadata (a small part of YAML: keys, and one level of indented keys)."""
    prefixes: dict[str, str] = {}
    scope, within = "", ""
    for line in lines:
        key, _, value = line.strip().partition(":")
        value = value.strip().strip("\"'")
        indented = line.startswith(("  ", " \t", "\t")) and within == "curie_map"
        if indented and value:
            prefixes[key.strip("\"'")] = value
        elif not line.startswith("  "):
            within = key
            if key == "object_source":
                scope = value
    return prefixes, scope


def _sssom_row(row: Mapping[str, str], line: str, *, prefixes: Mapping[str, str], scope: str, name: str) -> Entry | str:
    source = row.get("object_source") or scope
    terminology = source.removeprefix(TARGET_PREFIX)
    if not source.startswith(TARGET_PREFIX):
        raise BadConceptMap(
            f"{name}: {line}: object_source must be a POP terminology, like {TARGET_PREFIX}CancerTopography"
        )
    if row.get("predicate_modifier"):
        return f"{line}: a mapping that does not hold is not used"
    subject = _expanded(row.get("subject_id", ""), prefixes)
    if subject is None:
        raise BadConceptMap(f"{name}: {line}: the prefix of subject_id is not in the curie_map")
    if row.get("object_id") == _NO_TERM:
        return Entry(terminology, subject, None, "none", row=line)
    target = _expanded(row.get("object_id", ""), prefixes)
    if target is None:
        raise BadConceptMap(f"{name}: {line}: the prefix of object_id is not in the curie_map")
    relation = relation_of(row.get("predicate_id", ""))
    if relation is None:
        return f"{line}: the predicate {row.get('predicate_id')} is not used"
    return Entry(terminology, subject, (*target, row.get("object_label", "")), relation, row=line)


def _expanded(curie: str, prefixes: Mapping[str, str]) -> tuple[str, str] | None:
    prefix, colon, code = curie.partition(":")
    base = prefixes.get(prefix)
    if not colon or base is None or not code:
        return None
    plain = base.rstrip("/#")
    return system_of(_IRIS.get(plain.casefold(), plain)), code
