from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import orjson
import pytest
from mapper_records import OPTIONS, open_terminology, registry

from adjudicated.scoring import GROUPS, STAGINGS, Score, Tally, _same, patients, score
from mappers.terminology import Terminology, concepts_from_json

#: Goals for the kinds of patient and disease; first run over them all: recall 0.961, precision 1.0 of entities.
RECALL, PRECISION = 0.98, 0.99
#: What is asserted of each dialect, which has few entities.
OF_A_DIALECT = 0.97
DISEASE = frozenset(GROUPS["disease"])


@lru_cache(maxsize=2)
def _scores(folder: Path | None) -> Score:
    terminology = open_terminology()
    if folder is not None:
        # What an instance has of a list that is not complete here says nothing about what POP can take.
        complete = {
            each["name"]: each["files"]
            for each in orjson.loads((folder / "index.json").read_bytes())
            if each["complete"]
        }
        terminology = Terminology({
            name: concepts_from_json(item for file in files for item in orjson.loads((folder / file).read_bytes()))
            for name, files in complete.items() if name != "Gene"
        })  # fmt: skip
    whole = Score()
    for patient in patients():
        whole.add(score(patient, registry=registry(), terminology=terminology, options=OPTIONS))
    return whole


def _check(found: Score) -> None:
    for of in (found.entities, found.fields):
        whole = found.total({key: tally for key, tally in of.items() if key[0] in DISEASE})
        assert whole.recall >= RECALL, "\n".join(found.misses)
        assert whole.precision >= PRECISION, "\n".join(found.misses)


def test_without_pops_own_lists() -> None:
    _check(_scores(None))


def test_with_the_lists_of_one_pop(shared: Path) -> None:
    _check(_scores(shared / "pop" / "terminologies"))


def test_every_staging_is_adjudicated() -> None:
    assert {kind for kind, _ in _scores(None).entities} >= set(STAGINGS)
    seen = {kind for (kind, _), tally in _scores(None).entities.items() if tally.right}
    assert seen >= set(STAGINGS)


@pytest.mark.parametrize("dialect", ["mcode", "mii", "pop", "us-core"])
def test_every_dialect(dialect: str) -> None:
    whole = Tally()
    for (kind, of), tally in _scores(None).entities.items():
        if of == dialect and kind in DISEASE:
            whole.add(tally)
    assert whole.right
    assert whole.recall >= OF_A_DIALECT
    assert whole.precision >= PRECISION


def test_what_counts_as_the_same() -> None:
    concept = {"code": "1", "system": "s", "display": "one"}
    assert _same("1 = anything", concept)
    assert not _same("2 = one", concept)
    assert not _same(False, None)
    assert not _same(1, True)
    assert _same({"value": 2.3, "unit": "mm"}, {"value": 2.3000000000000003, "unit": "mm"})
    assert not _same(["Condition/a"], ["Condition/a", "Condition/b"])
    assert (Tally(3, 1, 0).recall, Tally(3, 0, 1).precision) == (0.75, 0.75)
