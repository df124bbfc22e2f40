"""Translation of source codes into POP's concepts: POP's lists, the site's maps, packaged maps, normalisation, names."""

from mappers.terminology.conceptmap import BadConceptMap, ConceptMap, Entry, parse_concept_map
from mappers.terminology.concepts import Concept, concepts_from_json
from mappers.terminology.decision import TEXT, Decision, Decisions, Outcome, code_set, decided_by
from mappers.terminology.service import Terminology
from mappers.terminology.tables import CSV_COLUMNS, parse_csv, parse_sssom

__all__ = [
    "CSV_COLUMNS",
    "TEXT",
    "BadConceptMap",
    "Concept",
    "ConceptMap",
    "Decision",
    "Decisions",
    "Entry",
    "Outcome",
    "Terminology",
    "code_set",
    "concepts_from_json",
    "decided_by",
    "parse_concept_map",
    "parse_csv",
    "parse_sssom",
]
