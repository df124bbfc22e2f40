"""Candidates for a code that nothing translates: POP's concepts, ranked by how much they look like it. Only ever proposed.

Words first (an inverted index over displays, synonyms and acronyms, rare words weigh more; Spärck Jones 1972), unknown words by
their most alike ones (rapidfuzz), then the few hundred best are ranked by the likeness of the whole name. What is said in German
or in abbreviations is read in POP's words, too (``mappers.terminology.glossary``), an abbreviation stands for the names with its
initials. A source code that has the shape of the target's codes counts for itself: ``C50.11`` stands near ``C50.1`` and its
neighbours. Of several codings each may tell; what several of them tell stands before what one does.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz, process

from mappers.terminology.concepts import Concept
from mappers.terminology.decision import Triple
from mappers.terminology.glossary import glossary, latin, parts, readings, stems

_WORD = re.compile(r"[a-z]+|\d+(?:[.,]\d+)?")
_FOLDED = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe"})
#: Words that hold nothing apart, English and German.
_EMPTY = frozenset((
    "a", "an", "and", "as", "by", "for", "from", "in", "into", "nos", "not", "of", "on", "or", "other", "otherwise",
    "specified", "structure", "system", "the", "to", "unspecified", "with", "without",
    "und", "oder", "der", "die", "das", "des", "dem", "den", "im", "am", "an", "auf", "bei", "mit", "ohne", "nicht",
    "naeher", "sonstige", "sonstiger", "bezeichnet",
))  # fmt: skip

#: Names that are ranked by their whole likeness.
_RANKED = 300
#: Names that are looked at for words of their own.
_LOOKED_AT = 6_000
#: Words that stand for an unknown one, and how alike (0–100) they must be.
_ALIKE, _LEAST_ALIKE = 8, 75
#: Score (0–1) below which nothing is proposed.
_LEAST = 0.3
#: Readings of one text in other words.
_READINGS = 5
#: How much a word counts that is only spelled over, part of a compound, or begins alike.
_SPELLED_OVER, _WITHIN = 0.95, 0.6
#: Letters of the least that is taken from a compound that is not known wholly.
_SHORTEST_END = 4
#: First letters that German and English write for one sound.
_SOUNDS = str.maketrans("kz", "cc")
#: Letters of an abbreviation that may stand for the initials of a name, what such a name scores, names that are taken.
_INITIALS = range(3, 8)
_BY_INITIALS, _MOST_INITIALS = 0.62, 20
#: Score of the concepts beside the one that a code begins like; how many. What another coding of the set adds.
_NEIGHBOUR, _NEIGHBOURS = 0.32, 8
_TOLD_TWICE = 0.05


class Name(NamedTuple):
    """A name of a concept."""

    text: str
    """As it stands in POP."""
    words: tuple[str, ...]
    concept: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A concept that may be meant."""

    concept: Concept
    score: float
    """0 to 1."""
    why: str
    """For the person who chooses: what is alike."""


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name for comparison: without case, accents, umlauts (``ä`` as ``ae``) and words that hold nothing apart."""
    spelled = text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").translate(_FOLDED)
    plain = "".join(each for each in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(each))
    words = [_british(each) for each in _WORD.findall(plain)]
    return tuple(each for each in words if each not in _EMPTY) or tuple(words)


def _british(word: str) -> str:
    """``oesophagus`` and ``esophagus``, ``haemorrhage`` and ``hemorrhage`` are one word, also where German has ö and ä."""
    return word.replace("oe", "e").replace("ae", "e")


class Candidates:
    """One POP terminology, indexed by the words of its names. Built once per list; asking it changes nothing."""

    def __init__(self, concepts: Iterable[Concept], *, others: Mapping[str, Iterable[str]] | None = None) -> None:
        """``others``: further names by code, which POP's list does not have (brands, earlier symbols)."""
        self.concepts = list(concepts)
        self._names: list[Name] = []
        self._with: dict[str, list[int]] = {}
        self._initials: dict[str, list[int]] = {}
        self._codes: dict[str, int] = {}
        for number, concept in enumerate(self.concepts):
            self._codes.setdefault(_bare(concept.code), number)
            for text in dict.fromkeys((*_names(concept), *(others or {}).get(concept.code, ()))):
                self._add(Name(text, words_of(text), number))
        self._vocabulary = sorted(self._with)
        self._sorted_codes = sorted(self._codes)
        self._glossary = glossary(words_of)
        total = len(self._names) or 1
        self._weight = {word: math.log(1 + total / len(names)) for word, names in self._with.items()}
        self._beginning: dict[str, list[str]] = {}
        for word in self._vocabulary:
            self._beginning.setdefault(word[0].translate(_SOUNDS), []).append(word)
        self._alike = lru_cache(maxsize=10_000)(self._similar)
        self._known = lru_cache(maxsize=10_000)(self._knows)
        self._spelled_over = lru_cache(maxsize=10_000)(self._spelling)

    def _add(self, name: Name) -> None:
        if len(name.words) in _INITIALS:
            self._initials.setdefault("".join(word[0] for word in name.words), []).append(len(self._names))
        for word in dict.fromkeys(name.words):
            self._with.setdefault(word, []).append(len(self._names))
        self._names.append(name)

    def find(self, codings: Sequence[Triple], *, limit: int = 10) -> list[Candidate]:
        """The concepts that look most like what the codings say, best first."""
        best: dict[int, tuple[float, str]] = {}
        for _, code, display in codings:
            told: dict[int, tuple[float, str]] = {}
            for number, score, why in (
                *self._by_code(code),
                *self._by_initials(display or code),
                *self._said(display or code),
            ):
                if score > told.get(number, (0.0, ""))[0]:
                    told[number] = (score, why)
            for number, (score, why) in told.items():
                before = best.get(number)
                if before is None:
                    best[number] = (score, why)
                elif min(score, before[0]) >= _LEAST:
                    higher = max((score, why), before)
                    best[number] = (higher[0] + _TOLD_TWICE, f"{higher[1]}; another coding says it, too")
        ranked = sorted(best.items(), key=lambda each: (-each[1][0], self.concepts[each[0]].code))
        return [
            Candidate(self.concepts[number], min(round(score, 3), 1.0), why)
            for number, (score, why) in ranked[:limit]
            if score >= _LEAST
        ]

    def _by_code(self, code: str) -> Iterable[tuple[int, float, str]]:
        bare = _bare(code)
        if len(bare) < 3 or not any(each.isdigit() for each in bare):
            return
        for length in range(len(bare), 2, -1):
            number = self._codes.get(bare[:length])
            if number is not None:
                same = length == len(bare)
                yield (
                    number,
                    0.95 if same else 0.6 * length / len(bare),
                    ("the same code" if same else f"the code begins like {self.concepts[number].code}"),
                )
                yield from self._neighbours(bare[: max(3, length - 1)], number)
                return

    def _neighbours(self, begins: str, own: int) -> Iterable[tuple[int, float, str]]:
        first = bisect_left(self._sorted_codes, begins)
        for code in self._sorted_codes[first : first + _NEIGHBOURS]:
            number = self._codes[code]
            if code.startswith(begins) and number != own:
                yield number, _NEIGHBOUR, f"its code stands beside {self.concepts[own].code}"

    def _by_initials(self, text: str) -> Iterable[tuple[int, float, str]]:
        """Names whose initials the text has: ``COPD``, ``(VMAT)``."""
        for short in dict.fromkeys(re.findall(r"\b[A-Z][A-Za-z]{2,6}\b", text)):
            if sum(each.isupper() for each in short) >= 2:
                for at in self._initials.get(short.casefold(), ())[:_MOST_INITIALS]:
                    name = self._names[at]
                    yield name.concept, _BY_INITIALS, f"«{short}» may be short for «{name.text}»"

    def _said(self, text: str) -> Iterable[tuple[int, float, str]]:
        """By the words as they stand, and as the glossary has them."""
        asked = words_of(text)
        if not asked:
            return
        yield from self._by_words(asked, "")
        for reading in readings([part for word in asked for part in self._split(word)], self._glossary, most=_READINGS):
            if reading != asked:
                yield from self._by_words(reading, f"read as «{' '.join(reading)}»: ")

    def _split(self, word: str) -> list[str]:
        """The parts of a German compound, as the glossary, the list's names or their spelling over know them."""
        if word in self._with or (word,) in self._glossary:
            return [word]
        if self._known(word):
            return [self._stem(word) or word]
        found = parts(word, self._known) or self._ends(word)
        return [self._stem(each) or each for each in found or (word,)]

    def _ends(self, word: str) -> list[str]:
        """What is known of a compound that is not known wholly: its end, else its beginning."""
        for size in range(len(word) - 1, _SHORTEST_END - 1, -1):
            if self._known(word[-size:]):
                return [word[-size:]]
        for size in range(len(word) - 1, _SHORTEST_END - 1, -1):
            if self._known(word[:size]):
                return [word[:size]]
        return []

    def _knows(self, word: str) -> bool:
        return self._stem(word) is not None or (
            len(word) > 3 and (word in self._with or self._spelled_over(word) is not None)
        )

    def _stem(self, word: str) -> str | None:
        """The word, or without its ending, if the glossary has it."""
        return next((each for each in stems(word) if (each,) in self._glossary), None)

    def _spelling(self, word: str) -> str | None:
        return next((each for each in latin(word) if each in self._with), None)

    def _by_words(self, asked: tuple[str, ...], reading: str) -> Iterable[tuple[int, float, str]]:
        scores = self._scores(asked)
        top = self._best(scores)
        whole = sum(
            max((self._weight[known] * alike for known, alike in self._alike(word)), default=0.0) for word in asked
        )
        unknown = sum(1 for word in asked if not self._alike(word))
        said = " ".join(asked)
        for at in top:
            name = self._names[at]
            # How much of what was said the name has, how much of the name was said, and how alike both look as a whole.
            covered = scores[at] / (whole + unknown * 2.0) if whole else 0.0
            own = sum(self._weight[word] for word in name.words)
            told = min(1.0, scores[at] / own) if own else 0.0
            alike = fuzz.token_sort_ratio(said, " ".join(name.words)) / 100
            score = 0.45 * min(covered, 1.0) + 0.25 * told + 0.3 * alike
            yield name.concept, score, f"{reading}«{name.text}» is alike by {round(100 * score)} %"

    def _scores(self, asked: tuple[str, ...]) -> dict[int, float]:
        """Names by what they share with the words, rare words first: once enough names are found, a frequent word only adds to
        those (its own names have nothing rarer in common with what is asked)."""
        found = [
            (self._with[known], known, alike) for word in dict.fromkeys(asked) for known, alike in self._alike(word)
        ]
        scores: dict[int, float] = {}
        frequent: dict[str, float] = {}
        looked = 0
        for names, known, alike in sorted(found, key=lambda each: (len(each[0]), each[1])):
            weight = self._weight[known] * alike
            if scores and looked + len(names) > _LOOKED_AT:
                frequent[known] = max(weight, frequent.get(known, 0.0))
            else:
                looked += len(names)
                for at in names:
                    scores[at] = scores.get(at, 0.0) + weight
        if frequent:
            for at in scores:
                scores[at] += sum(frequent.get(word, 0.0) for word in self._names[at].words)
        return scores

    def _best(self, scores: dict[int, float]) -> list[int]:
        """The names that are ranked: those with most in common, short ones first."""
        least = 0.0 if len(scores) <= _RANKED else sorted(scores.values(), reverse=True)[_RANKED - 1]
        best = [at for at, score in scores.items() if score >= least]
        return sorted(best, key=lambda at: (-scores[at], len(self._names[at].words), at))[:_RANKED]

    def _similar(self, word: str) -> tuple[tuple[str, float], ...]:
        if word in self._with:
            return ((word, 1.0),)
        if len(word) < 4:
            return ()
        if (spelled := self._spelled_over(word)) is not None:
            return ((spelled, _SPELLED_OVER),)
        # What ends in the middle of a folded pair of vowels («carcino» of «carcinoembryonic») begins without its half of it.
        start = word.rstrip("oa")
        begins = self._vocabulary[bisect_left(self._vocabulary, start) : bisect_left(self._vocabulary, start + "{")]
        near = self._beginning.get(word[0].translate(_SOUNDS), ())
        found = process.extract(word, near, scorer=fuzz.ratio, limit=_ALIKE, score_cutoff=_LEAST_ALIKE)
        alike = {known: score / 100 for known, score, _ in found}
        for known in (*(each for each in parts(word, self._with.__contains__) if len(each) > 3), *begins[:_ALIKE]):
            alike[known] = max(alike.get(known, 0.0), _WITHIN)
        return tuple(alike.items())


def _names(concept: Concept) -> Iterable[str]:
    """What POP calls a concept: display, acronym, synonyms."""
    named = concept.properties or {}
    yield from (concept.display, *concept.synonyms)
    yield from (str(named[key]) for key in ("acronym", "display") if named.get(key))


def _bare(code: str) -> str:
    return "".join(each for each in code.casefold() if each.isalnum())
