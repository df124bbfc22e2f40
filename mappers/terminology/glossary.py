"""Clinical German and abbreviations in the words of POP's lists: only for *proposing* concepts, never for translating.

``glossary.csv`` is our own list of everyday words, of anatomical names (Terminologia Anatomica's, in German and English) and of
abbreviations as discharge letters use them; no table of others went into it. What both languages take from Greek and Latin is
not listed but spelled over (:func:`latin`): ``Zökum`` is ``cecum``, ``muzinös`` is ``mucinous``, ``Neutropenie`` ``neutropenia``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources import files

Words = tuple[str, ...]

#: Words of the longest phrase.
LONGEST = 4
#: What joins the parts of a German compound.
_JOINTS = ("", "s", "n", "en", "es")
#: Letters of the shortest part of a compound.
_SHORTEST = 3
_MOST_PARTS = 3
#: Endings of inflected adjectives and plurals.
_INFLECTED = ("", "es", "er", "en", "em", "e", "n", "s")
#: German endings of words from Greek and Latin, and what English has for them.
_ENDINGS = (
    ("", ""), ("om", "oma"), ("ie", "y"), ("ie", "ia"), ("ie", "ism"), ("i", "y"), ("i", "ia"), ("ose", "osis"), ("os", "osis"),
    ("es", "ous"), ("er", "ary"), ("er", "ar"), ("ell", "al"), ("iell", "ial"), ("ell", "ual"), ("isch", "ic"),
    ("isch", "ical"), ("iv", "ive"), ("iert", "iated"), ("iert", "ated"), ("itaet", "ity"), ("tet", "ty"), ("ung", "ation"),
    ("a", "e"), ("", "e"), ("", "al"), ("", "a"), ("", "ant"), ("", "eous"), ("", "um"), ("", "us"),
)  # fmt: skip


@cache
def glossary(spell: Callable[[str], Words]) -> dict[Words, tuple[Words, ...]]:
    """Phrase → what it may mean, the likeliest first; ``()`` for a word that tells no concept from another."""
    text = (files("mappers.terminology") / "glossary.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter=";")
    return {spell(row["said"]): tuple(_meaning(spell, each) for each in row["means"].split("|")) for row in rows}


def _meaning(spell: Callable[[str], Words], text: str) -> Words:
    return spell(text) if text else ()


def stems(word: str) -> Iterator[str]:
    """The word, and without the endings that it may have."""
    return (word[: len(word) - len(ending)] for ending in _INFLECTED if word.endswith(ending))


def latin(word: str) -> Iterator[str]:
    """English spellings of a German word from Greek or Latin."""
    for ending in _INFLECTED:
        if not word.endswith(ending) or len(word) - len(ending) < 4:
            continue
        stem = word[: len(word) - len(ending)]
        for spelled in dict.fromkeys((stem, stem.replace("k", "c").replace("z", "c"), stem.replace("k", "c"))):
            for german, english in _ENDINGS:
                if spelled.endswith(german):
                    yield spelled[: len(spelled) - len(german)] + english


def parts(word: str, known: Callable[[str], bool], most: int = _MOST_PARTS) -> list[str]:
    """The known parts of a compound, the longest first part that leaves known ones; empty if it has none."""
    for end in range(len(word) - _SHORTEST, _SHORTEST - 1, -1):
        rest = word[end:]
        last = known(rest)
        if not last and most < _MOST_PARTS:
            continue
        for joint in _JOINTS:
            first = word[: end - len(joint)]
            if len(first) < _SHORTEST or not word[:end].endswith(joint) or not known(first):
                continue
            more = [rest] if last else parts(rest, known, most - 1)
            if more:
                return [first, *more]
    return []


def readings(words: Sequence[str], phrases: dict[Words, tuple[Words, ...]], *, most: int) -> list[Words]:
    """What the words may say in the glossary's other words: all likeliest meanings, then one other meaning at a time. Empty if no
    word is in the glossary."""
    told: list[tuple[Words, ...]] = []
    at, found = 0, False
    while at < len(words):
        for length in range(min(LONGEST, len(words) - at), 0, -1):
            meant = phrases.get(tuple(words[at : at + length]))
            if meant is not None:
                told.append(meant)
                found = True
                break
        else:
            length = 1
            told.append(((words[at],),))
        at += length
    if not found:
        return []
    first = [meant[0] for meant in told]
    made = [first]
    for position, meant in enumerate(told):
        made += [[*first[:position], other, *first[position + 1 :]] for other in meant[1:]]
    flat = (tuple(word for each in one for word in each) for one in made)
    return [each for each in dict.fromkeys(flat) if each][:most]
