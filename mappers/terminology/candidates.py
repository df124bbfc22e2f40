"""Candidates for a code that nothing translates: POP's concepts, ranked by how much they look like it. Only ever proposed.

Words first (an inverted index over displays and synonyms, rare words weigh more; Spärck Jones 1972), unknown words by their
most alike ones (rapidfuzz), then the few hundred best are ranked by the likeness of the whole name. A source code that has
the shape of the target's codes counts for itself: ``C50.11`` stands near ``C50.1``.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz, process

from mappers.terminology.concepts import Concept
from mappers.terminology.decision import Triple

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
#: Words that stand for an unknown one, and how alike (0–100) they must be.
_ALIKE, _LEAST_ALIKE = 8, 75
#: Score (0–1) below which nothing is proposed.
_LEAST = 0.3


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
    found = tuple(each for each in _WORD.findall(plain) if each not in _EMPTY)
    return found or tuple(_WORD.findall(plain))


class Candidates:
    """One POP terminology, indexed by the words of its names. Built once per list; asking it changes nothing."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self.concepts = list(concepts)
        self._names: list[Name] = []
        self._with: dict[str, list[int]] = {}
        self._codes: dict[str, int] = {}
        for number, concept in enumerate(self.concepts):
            self._codes.setdefault(_bare(concept.code), number)
            for text in dict.fromkeys((concept.display, *concept.synonyms)):
                self._add(Name(text, words_of(text), number))
        self._vocabulary = sorted(self._with)
        total = len(self._names) or 1
        self._weight = {word: math.log(1 + total / len(names)) for word, names in self._with.items()}
        self._alike = lru_cache(maxsize=10_000)(self._similar)

    def _add(self, name: Name) -> None:
        for word in dict.fromkeys(name.words):
            self._with.setdefault(word, []).append(len(self._names))
        self._names.append(name)

    def find(self, codings: Sequence[Triple], *, limit: int = 10) -> list[Candidate]:
        """The concepts that look most like what the codings say, best first."""
        best: dict[int, tuple[float, str]] = {}
        for _, code, display in codings:
            for number, score, why in (*self._by_code(code), *self._by_name(display or code)):
                if score > best.get(number, (0.0, ""))[0]:
                    best[number] = (score, why)
        ranked = sorted(best.items(), key=lambda each: (-each[1][0], self.concepts[each[0]].code))
        return [
            Candidate(self.concepts[number], round(score, 3), why)
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
                return

    def _by_name(self, text: str) -> Iterable[tuple[int, float, str]]:
        asked = words_of(text)
        if not asked:
            return
        scores: dict[int, float] = {}
        for word in dict.fromkeys(asked):
            for known, alike in self._alike(word):
                weight = self._weight[known] * alike
                for at in self._with[known]:
                    scores[at] = scores.get(at, 0.0) + weight
        top = sorted(scores, key=lambda at: (-scores[at], len(self._names[at].words), at))[:_RANKED]
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
            yield name.concept, score, f"«{name.text}» is alike by {round(100 * score)} %"

    def _similar(self, word: str) -> tuple[tuple[str, float], ...]:
        if word in self._with:
            return ((word, 1.0),)
        if len(word) < 4:
            return ()
        begins = self._vocabulary[bisect_left(self._vocabulary, word) : bisect_left(self._vocabulary, word + "{")]
        found = process.extract(word, self._vocabulary, scorer=fuzz.ratio, limit=_ALIKE, score_cutoff=_LEAST_ALIKE)
        # A German compound or a prefix: «mammakarzinom» has «mamma» in it.
        within = [known for known in self._parts(word) if known in self._with]
        alike = {known: score / 100 for known, score, _ in found}
        for known in (*within, *begins[:_ALIKE]):
            alike[known] = max(alike.get(known, 0.0), 0.6)
        return tuple(alike.items())

    @staticmethod
    def _parts(word: str) -> Iterable[str]:
        for end in range(len(word) - 3, 3, -1):
            yield word[:end]
            yield word[-end:]


def _bare(code: str) -> str:
    return "".join(each for each in code.casefold() if each.isalnum())
