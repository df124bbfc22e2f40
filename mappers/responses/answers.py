"""What an answer says in RECIST's categories, which are POP's only ones.

* RECIST 1.1 (Eisenhauer, *Eur J Cancer* 2009;45:228): CR, PR, SD, PD, and *inevaluable*, which is POP's «Not assessed».
* Categories of other criteria that are a category of RECIST by their own definition: Lugano and PERCIST (complete metabolic
  response…; Cheson, *J Clin Oncol* 2014;32:3059), IMWG (a very good partial response is a partial one, a stringent complete one
  is complete; Kumar, *Lancet Oncol* 2016;17:e328), iRECIST (``iUPD`` meets RECIST's PD; Seymour, *Lancet Oncol* 2017;18:e143).
  A minor or minimal response (RANO, IMWG, oBDS key B) is less than RECIST's partial one, which makes it stable disease.
* A Deauville score of 1 to 3 is a complete metabolic response by Lugano; 4 and 5 are no category by themselves (Cheson 2014).
* mCODE's trend and remission codes: stable, worsened, undetermined, full and partial remission. *Improved* is none of RECIST's
  categories: mCODE (STU2.1) lists it beside partial and full remission, and RECIST wants 30 % for a partial response. POP has
  ``recistInterpreted`` for what is read so, and nothing between stable and partial: it is taken for a partial response, an
  assumption, unless the site wants to see each (option ``response.improved`` = ``block``).
* oBDS 2021 item 17.2 (keys V T K P B R Y U). A relapse (Y) is new disease, so progression (RECIST 1.1, §4.3.5). A divergent
  course (D) and a mixed response are none of the categories.

What is not RECIST's own category is *interpreted* (POP's ``recistInterpreted``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from mappers.codes import LOINC, NCIT, SNOMED, system_of
from mappers.fhir import code_of, codings, text_of
from mappers.protocol import JsonObject

Category = Literal["CR", "PR", "SD", "PD", "NE"]

#: LOINC answer list LL4721-8, which is POP's value list.
CONCEPTS: dict[Category, str] = {
    "CR": "LA28366-5", "PR": "LA28369-9", "SD": "LA28371-5", "PD": "LA28370-7", "NE": "LA9348-9",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """One category."""

    category: Category
    interpreted: bool = False
    """True if the source speaks of something else than RECIST's own category."""
    improved: bool = False
    """True for *improved*, which a site may want to see each time."""


_IMPROVED = Answer("PR", True, improved=True)

_CODES: dict[tuple[str, str], Answer] = {
    (SNOMED, "268910001"): _IMPROVED,
    (SNOMED, "359746009"): Answer("SD", True),
    (SNOMED, "271299001"): Answer("PD", True),
    (SNOMED, "709137006"): Answer("NE", True),
    (SNOMED, "550991000124107"): Answer("CR", True),
    (SNOMED, "551001000124108"): Answer("PR", True),
    (SNOMED, "103338009"): Answer("CR", True),
    (SNOMED, "103337004"): Answer("PR", True),
    # MII's own translations of the oBDS keys K, P, B, Y.
    (SNOMED, "260388006"): Answer("SD", True),
    (SNOMED, "419835002"): Answer("PD", True),
    (SNOMED, "84190002"): Answer("SD", True),
    (SNOMED, "1259237005"): Answer("PD", True),
    (NCIT, "C4870"): Answer("CR"),
    (NCIT, "C18058"): Answer("PR"),
    (NCIT, "C18213"): Answer("SD"),
    (NCIT, "C35571"): Answer("PD"),
    (NCIT, "C17747"): Answer("PD"),
} | {(LOINC, code): Answer(category) for category, code in CONCEPTS.items()}  # fmt: skip

#: oBDS 2021 item 17.2, in MII's and DKTK's code systems (both have this word in their names).
_OVERALL_SYSTEM = "gesamtbeurteilung"
_OVERALL_KEYS: dict[str, Category] = {
    "V": "CR", "R": "CR", "T": "PR", "K": "SD", "B": "SD", "P": "PD", "Y": "PD", "U": "NE",
}  # fmt: skip
OVERALL_ABSENT = "X"

_STATED: dict[Category, str] = {
    "CR": "cr; complete response; complete remission; vollremission; komplette remission; komplettremission; komplettes ansprechen",
    "PR": "pr; partial response; partial remission; teilremission; partielle remission; partialremission; partielles ansprechen",
    "SD": "sd; stable disease; stabile erkrankung; krankheitsstabilisierung; stabile krankheit",
    "PD": "pd; progressive disease; disease progression; progression; progressive erkrankung; progress; tumorprogress; "
    "krankheitsprogression; tumorprogression; progrediente erkrankung",
    "NE": "ne; na; not evaluable; inevaluable; unevaluable; not assessed; not assessable; nicht beurteilbar; "
    "beurteilung unmöglich; beurteilung nicht möglich",
}
_INTERPRETED: dict[Category, str] = {
    "CR": "full remission; in full remission; in complete remission; "
    "cmr; complete metabolic response; scr; stringent complete response; icr; "
    "immune complete response; malignant neoplasm in full remission; vollremission mit residualen auffälligkeiten",
    "PR": "in partial remission; pmr; partial metabolic response; vgpr; very good partial response; ipr; immune partial response; "
    "malignant neoplasm in partial remission",
    "SD": "nc; no change; stable; keine änderung; unverändert; nmr; no metabolic response; smd; stable metabolic disease; isd; "
    "immune stable disease; minimal response; minor response; minimal therapeutic response; patient's condition stable",
    "PD": "pmd; progressive metabolic disease; iupd; icpd; immune unconfirmed progressive disease; "
    "immune confirmed progressive disease; worsened; worsening; progressing; progredient; rezidiv; recurrence; relapse; "
    "relapsed disease; recurrent disease; patient's condition worsened; tumor progression",
    "NE": "undetermined; patient condition undetermined",
}
_IMPROVED_WORDS = "improved; improving; patient's condition improved; responding; besserung; klinische besserung"


def _phrases(lists: dict[Category, str], interpreted: bool) -> dict[str, Answer]:
    return {phrase: Answer(each, interpreted) for each, text in lists.items() for phrase in text.split("; ")}


_PHRASES = (
    _phrases(_STATED, False)
    | _phrases(_INTERPRETED, True)
    | dict.fromkeys(_IMPROVED_WORDS.split("; "), _IMPROVED)
)  # fmt: skip
#: What may stand beside a category without changing it.
_NOISE = frozenset({"", "recist", "recist 1.1", "recist 1.0", "irecist", "percist", "rano", "lugano", "imwg", "finding",
                    "disorder", "overall", "overall response", "response"})  # fmt: skip
#: Whether a later scan confirmed it does not change the category of the day (RECIST 1.1, §4.6).
_STATUS = re.compile(r"\b(?:un)?confirmed\s+|\s*[-–(]?\s*\b(?:un)?confirmed\)?$")
#: The score beside the category that it led to (``Complete metabolic response (Deauville 1)``).
_DEAUVILLE = re.compile(
    r"\b(?:deauville(?: (?:score|scale|5-point scale|five-point scale))?|5-?ps|ds)\s*(?:of|=|:)?\s*([1-5])\b", re.I
)
_SEPARATORS = re.compile(r"[()\[\]:;=,/]|\s[-–—]+\s")


def read_text(text: str) -> Answer | None:
    """The category that a text names and nothing else: ``PR``, ``Partial response (PR)``, ``RECIST 1.1: SD``."""
    plain = " ".join(text.casefold().replace("’", "'").split()).strip(" .!")
    plain = _STATUS.sub("", plain)
    score = _DEAUVILLE.search(plain)
    if score is not None:
        plain = _DEAUVILLE.sub("", plain).strip(" .!,;-–")
        if not plain.strip("()[] "):
            return Answer("CR", True) if score[1] in "123" else None
    whole = _PHRASES.get(plain)
    if whole is not None:
        return whole
    parts = [part.strip(" .!") for part in _SEPARATORS.split(plain)]
    found = [_PHRASES[part] for part in parts if part in _PHRASES]
    if not found or any(part not in _PHRASES and part not in _NOISE for part in parts):
        return None
    return found[0] if len(set(found)) == 1 or len({each.category for each in found}) == 1 else None


def read_answer(concept: JsonObject) -> Answer | None:
    """The category that a concept states, by its codes, else its words. None: none, or its codings contradict each other."""
    coded: list[Answer] = []
    for coding in codings(concept):
        system, code = system_of(coding.get("system")), code_of(coding)
        found = _CODES.get((system, code))
        if found is None and _OVERALL_SYSTEM in system.casefold() and code in _OVERALL_KEYS:
            found = Answer(_OVERALL_KEYS[code], True)
        if found is not None:
            coded.append(found)
    if coded:
        return _agreed(coded)
    told = [read_text(each) for each in _words(concept)]
    return _agreed([each for each in told if each is not None])


def overall_absent(concept: JsonObject) -> bool:
    """True for the oBDS key X (no information)."""
    return any(
        _OVERALL_SYSTEM in system_of(each.get("system")).casefold() and code_of(each) == OVERALL_ABSENT
        for each in codings(concept)
    )


def _words(concept: JsonObject) -> Iterable[str]:
    for coding in codings(concept):
        # A display explains its code: ``MR`` with «Mixed Response» is not read as a code of its own.
        named = text_of(coding.get("display"))
        if named:
            yield named
        elif system_of(coding.get("system")) not in (SNOMED, LOINC, NCIT) and _OVERALL_SYSTEM not in str(coding):
            yield code_of(coding).replace("-", " ")
    yield text_of(concept.get("text"))


def _agreed(found: list[Answer]) -> Answer | None:
    """The one category; interpreted only if every coding is."""
    if len({each.category for each in found}) != 1:
        return None
    return min(found, key=lambda each: (each.improved, each.interpreted))


#: oBDS 2021 items 17.3 to 17.5: primary, regional nodes, distant metastases (in MII: components of the course report).
PARTS = frozenset({(SNOMED, "277062004"), (SNOMED, "399656008"), (SNOMED, "399608002")})
_NONE_DETECTABLE, _WORSE, _UNSAID = "K", frozenset("PR"), frozenset("UX")


def overall_of_parts(keys: Iterable[str]) -> Answer | None:
    """The overall response that the parts decide (RECIST 1.1, table 1): progression or new disease anywhere is progression;
    no disease in every part that is known is a complete response. Residual tumour alone decides nothing."""
    known = {key for key in keys if key not in _UNSAID}
    if known & _WORSE:
        return Answer("PD", True)
    return Answer("CR", True) if known == {_NONE_DETECTABLE} else None


def parts_say_nothing(keys: Iterable[str]) -> bool:
    """True if no part is known (keys U and X)."""
    return all(key in _UNSAID for key in keys)
