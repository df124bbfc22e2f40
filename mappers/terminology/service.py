"""``Terminology``: translate a source code into a concept that POP has, always in the same order (design, *Terminology*)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from mappers.codes import ICD_O_MORPHOLOGY, ICD_O_TOPOGRAPHY, LOINC, NCIT, SNOMED, system_of
from mappers.fhir import code_of, codings, text_of
from mappers.protocol import JsonObject, Translation
from mappers.terminology.agent_names import AgentName, plain_agent, read_agents
from mappers.terminology.analyte_names import analyte_named
from mappers.terminology.conceptmap import LAYERS, ConceptMap, Entry, Unmapped
from mappers.terminology.concepts import Concept, ValueList, normal_name
from mappers.terminology.decision import TEXT, Decisions, Triple, decided_by
from mappers.terminology.genomic_names import genomic_spellings
from mappers.terminology.names import drug_names
from mappers.terminology.neoplasm_names import read_name
from mappers.terminology.normalise import NORMALISERS
from mappers.terminology.open import ACCEPTED
from mappers.terminology.packaged import packaged_maps, small_lists
from mappers.terminology.relations import counts
from mappers.terminology.stage_names import CODE_LETTERS, STAGES, spellings

#: Terminology → (part of a neoplasm's name, code system of POP's concepts).
_NAMED_PARTS = {
    "CancerTopography": ("topography", ICD_O_TOPOGRAPHY),
    "CancerMorphology": ("morphology", ICD_O_MORPHOLOGY),
    "LateralityQualifier": ("laterality", SNOMED),
}
#: LOINC 55229-9 *Immune stain study*, 11502-2 *Laboratory report*, 22637-3 *Pathology report final diagnosis*.
_GENERIC_TESTS = frozenset({"55229-9", "11502-2", "22637-3"})
_CACHE_LIMIT = 50_000


class _Maps:
    """Entries of several maps by (terminology, system, code); an earlier map wins. Rows that a field does not take, or that want
    more than the code to be known, are none (``mappers.terminology.relations``)."""

    def __init__(self, maps: Iterable[ConceptMap]) -> None:
        self.entries: dict[tuple[str, str, str], tuple[str, list[Entry]]] = {}
        self.unmapped: dict[tuple[str, str], tuple[str, Unmapped]] = {}
        for each in maps:
            for rest in each.unmapped:
                self.unmapped.setdefault((rest.terminology, rest.system), (each.name, rest))
            for entry in each.entries:
                if entry.depends_on or not (entry.target is None or counts(entry.relation, entry.terminology)):
                    continue
                name, entries = self.entries.setdefault((entry.terminology, *entry.source), (each.name, []))
                if name == each.name:
                    entries.append(entry)


def _layers(maps: Sequence[ConceptMap]) -> tuple[_Maps, ...]:
    """Site before organisation before packaged; within a layer an earlier map wins."""
    known = (*maps, *packaged_maps())
    return tuple(_Maps(each for each in known if each.layer == layer) for layer in LAYERS)


class Terminology:
    """POP's value lists and the concept maps, in memory. Immutable: build another one when lists or maps change.

    ``lists``: POP terminology → its concepts as (system, code, display, synonyms, properties). A terminology that is not
    among them is *open*: any code of a system that it uses is taken, with the rule ``unchecked``.
    ``maps``: the institution's own concept maps; they come before the packaged ones.
    """

    def __init__(
        self, lists: Mapping[str, Iterable[tuple[Any, ...]]] | None = None, maps: Iterable[ConceptMap] = ()
    ) -> None:
        self._lists = {name: ValueList(concepts) for name, concepts in (lists or {}).items()}
        self._names = dict(self._lists)
        for name, concepts in small_lists().items():
            self._names.setdefault(name, ValueList(concepts))
        self._given = tuple(maps)
        self._sources = _layers(self._given)
        self._cache: dict[Any, Translation | None] = {}
        self.decisions = Decisions()

    def decided(self, decisions: Decisions) -> Terminology:
        """The same lists and maps under what people have decided."""
        other = copy.copy(self)
        other.decisions, other._cache = decisions, {}
        return other

    def with_maps(self, maps: Iterable[ConceptMap]) -> Terminology:
        """The same lists with further maps, which come before those of their layer that are there."""
        other = copy.copy(self)
        other._sources, other._cache = _layers((*maps, *self._given)), {}
        return other

    def knows(self, terminology: str) -> bool:
        """True if POP's own list is there, so that a translation is certain to exist in POP."""
        return terminology in self._lists

    def has(self, terminology: str, system: str, code: str) -> bool | None:
        """Whether POP's own list has the concept; None if that list is not there."""
        known = self._lists.get(terminology)
        return None if known is None else (system, code) in known.by_code

    def concepts(self, terminology: str) -> list[Concept]:
        """POP's list, or what is packaged of it."""
        return self._names[terminology].concepts if terminology in self._names else []

    def translate(self, terminology: str, concept: JsonObject | None, *, text: bool = False) -> Translation | None:
        """See :meth:`mappers.protocol.Context.translate`. Order: POP concept, decisions, site maps, packaged maps, normalisation,
        name of a SNOMED CT neoplasm, exact name (if ``text``). An explicit "no map" ends the search. The answer is shared: do
        not change it."""
        if not isinstance(concept, dict):
            return None
        found = [
            (system_of(each.get("system")), code_of(each), text_of(each.get("display"))) for each in codings(concept)
        ]
        words = text_of(concept.get("text"))
        key = (terminology, text, words if text or self.decisions else "", tuple(found))
        if key not in self._cache:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            self._cache[key] = self._translate(terminology, found, words, text=text)
        return self._cache[key]

    def _translate(self, terminology: str, found: list[Triple], words: str, *, text: bool) -> Translation | None:
        for position, (system, code, display) in enumerate(found):
            if not _group(terminology, code) and (own := self._concept(terminology, system, code, display)) is not None:
                return Translation(own[0], own[1], position)
        if self.decisions and (decided := self._decided(terminology, found, words)) is not None:
            return decided
        for source in self._sources:
            ended, mapped = self._mapped(source, terminology, found, words)
            if ended:
                return mapped
        normalise = NORMALISERS.get(terminology)
        if normalise is not None:
            for position, (system, code, _) in enumerate(found):
                for target_system, target_code, rule in normalise(system, code):
                    own = self._concept(terminology, target_system, target_code, "")
                    if own is not None:
                        return Translation(own[0], rule, position)
        if (by_name := self._snomed_name(terminology, found)) is not None:
            return by_name
        for position, (system, code, display) in enumerate(found):
            if _group(terminology, code) and (own := self._concept(terminology, system, code, display)) is not None:
                return Translation(own[0], own[1], position)
        if not text:
            return None
        if terminology == "TumorMarkerAnalyte":
            return self._analyte(found, words)
        for at, each in _texts(terminology, found, words):
            named = self._named(terminology, each) if each else None
            if named is not None:
                return Translation(named.json(), "exact-name", at)
        return None

    def _analyte(self, found: list[tuple[str, str, str]], words: str) -> Translation | None:
        """What the names of a test say. A LOINC code means what its own name says: no other name may make it another test."""
        coded = [(at, display) for at, (system, code, display) in enumerate(found) if _names_a_test(system, code)]
        names: list[tuple[int | None, str]] = list(coded)
        if not coded:
            names = [*((at, display or code) for at, (_, code, display) in enumerate(found)), (None, words)]
        for at, name in names:
            named = analyte_named(name, loinc=bool(coded)) if name else None
            own = self._concept("TumorMarkerAnalyte", *named) if named is not None else None
            if own is None and name and not coded and (exact := self._named("TumorMarkerAnalyte", name)) is not None:
                return Translation(exact.json(), "exact-name", at)
            if own is not None:
                return Translation(own[0], "exact-name", at)
        return None

    def _mapped(
        self, source: _Maps, terminology: str, found: list[Triple], words: str
    ) -> tuple[bool, Translation | None]:
        """(True if the maps of a layer settle it, the translation or None for an explicit "no map")."""
        asked = list(enumerate(found))
        if not any(code for _, code, _ in found):
            asked += [(len(found), (TEXT, normal_name(text), "")) for *_, text in [*found, ("", "", words)] if text]
        for position, (system, code, display) in asked:
            name, entries = source.entries.get((terminology, system, code), ("", ()))
            for entry in sorted(entries, key=lambda each: each.relation != "equivalent"):
                if entry.target is None:
                    return True, None
                own = self._concept(terminology, *entry.target)
                if own is not None and self._contradicts(terminology, own[0], display):
                    return True, None
                if own is not None:
                    return True, Translation(own[0], f"concept-map:{name}", position if position < len(found) else None)
        for position, (system, code, display) in enumerate(found):
            name, rest = source.unmapped.get((terminology, system), ("", None))
            if rest is not None and code and (terminology, system, code) not in source.entries:
                own = self._concept(terminology, *(rest.target or (rest.target_system, code, display)))
                if own is not None:
                    return True, Translation(own[0], f"concept-map:{name}#unmapped", position)
        return False, None

    def _decided(self, terminology: str, found: list[Triple], words: str) -> Translation | None:
        """What a person has decided about one of the codings; the text counts where no coding has a code."""
        said = found if any(code for _, code, _ in found) else [*found, ("", "", words)]
        for position, coding in enumerate(said):
            source = decided_by(coding)
            decision = self.decisions.mapped(terminology, source) if source is not None else None
            if decision is not None and decision.target is not None:
                own = self._concept(terminology, *decision.target)
                if own is not None:
                    return Translation(
                        own[0], f"decision:{decision.number}", position if position < len(found) else None
                    )
        return None

    def _snomed_name(self, terminology: str, found: list[tuple[str, str, str]]) -> Translation | None:
        """What the name of a SNOMED CT disorder says (``mappers.terminology.neoplasm_names``)."""
        part = _NAMED_PARTS.get(terminology)
        if part is None:
            return None
        for position, (system, _, display) in enumerate(found):
            named = read_name(display) if system == SNOMED and display else None
            value = getattr(named, part[0]) if named is not None else None
            own = self._concept(terminology, part[1], value, "") if value is not None else None
            if own is not None:
                return Translation(own[0], "snomed-name", position)
        return None

    def _concept(self, terminology: str, system: str, code: str, display: str) -> tuple[JsonObject, str] | None:
        known = self._lists.get(terminology)
        if known is not None:
            concept = known.by_code.get((system, code))
            return None if concept is None else (concept.json(), "pop-concept")
        small = self._names.get(terminology)
        packaged = small.by_code.get((system, code)) if small is not None else None
        if packaged is not None:
            return packaged.json(), "packaged-concept"
        shape = ACCEPTED.get(terminology, {}).get(system)
        if shape is None or shape.fullmatch(code) is None:
            return None
        return {"code": code, "system": system, "display": display or code}, "unchecked"

    def _contradicts(self, terminology: str, concept: JsonObject, display: str) -> bool:
        """A drug whose code and display name different agents is a sender's (or a map's) mistake: nobody may choose for them."""
        if terminology != "AntineoplasticAgent" or not display:
            return False
        named = self._named(terminology, display)
        return named is not None and named.code != concept["code"]

    def _named(self, terminology: str, text: str) -> Concept | None:
        names = self._names.get(terminology)
        if names is None:
            return None
        if terminology == "AntineoplasticAgent" and (plain := plain_agent(text)) is not None:
            # A salt or a brand is its ingredient, even where POP lists the salt, too.
            return _of_list(names, plain)
        exact = names.named(text)
        if exact is not None:
            return exact
        if terminology == "AntineoplasticAgent":
            return self._drug(names, text)
        others = chain(spellings(terminology, text), genomic_spellings(terminology, text))
        return next(filter(None, (names.named(each) for each in others)), None)

    @staticmethod
    def _drug(names: ValueList, text: str) -> Concept | None:
        """The one agent that a drug description names; None if it names two (a combination is no single agent)."""
        known, _ = read_agents(text)
        if known:
            return _of_list(names, known[0]) if len(known) == 1 else None
        found: dict[str, Concept] = {}
        for each in drug_names(text):
            concept = names.named(each)
            # A shorter run inside a longer name (``trastuzumab`` in ``trastuzumab deruxtecan``) is not another drug.
            if concept is not None and not any(each in longer for longer in found):
                found[each] = concept
        return next(iter(found.values())) if len({each.code for each in found.values()}) == 1 else None


def _of_list(names: ValueList, agent: AgentName) -> Concept | None:
    """POP's concept of an agent: by its code, else by any of its names."""
    coded = names.by_code.get((NCIT, agent.code))
    return coded or next(filter(None, (names.named(each) for each in agent.all_names)), None)


def _texts(terminology: str, found: list[tuple[str, str, str]], words: str) -> Iterator[tuple[int | None, str]]:
    """What may name a concept: the letters that a code stands for, its display, the code itself where it is a stage's letters
    (``IIB`` of UICC's own system), then the text."""
    for position, (system, code, display) in enumerate(found):
        yield position, CODE_LETTERS.get((system, code), "")
        yield position, display or code
        if terminology in STAGES:
            yield position, code
    yield None, words


def _names_a_test(system: str, code: str) -> bool:
    """A LOINC code of one test; ``Immune stain study`` and its like leave the test to the text."""
    return system == LOINC and code not in _GENERIC_TESTS


def _group(terminology: str, code: str) -> bool:
    """ICD-O topography: ``C34`` is a group of sites, which POP lists beside them; a tumour has a site (``C34.9``, if none is
    stated). The group counts only where it has no such site (``C22``)."""
    return terminology == "CancerTopography" and "." not in code
