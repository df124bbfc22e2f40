"""Terminology: translations a second with a large map and POP's full lists, what they need of memory, how long a large CSV takes to
load, how long a person waits for candidates, and how long a decision takes that 5,000 patients wait for."""

from __future__ import annotations

import csv
import gc
import io
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rapidfuzz import fuzz, process

from gateway.bench.deciding import deciding
from gateway.bench.report import Row, median, percentile, rate
from gateway.terminologies import read_lists
from mappers.protocol import JsonObject
from mappers.terminology import CSV_COLUMNS, Concept, Terminology, concepts_from_json, parse_csv
from mappers.terminology.candidates import Candidates
from mappers.terminology.conceptmap import ConceptMap

ROWS, CONCEPTS, ASKED, REPEATS = 100_000, 200_000, 200, 5
#: Distinct codes that a hospital uses over and over; codes that are asked for once each.
USED, ONCE = 2_000, 20_000
#: Concepts of the two longest lists, where POP's own are not at hand.
GENERATED = (13_000, 44_000)
LIST, HOUSE = "ICD10Condition", "http://house.example.org/codes"
_PARTS = (
    "acute", "chronic", "primary", "secondary", "benign", "malignant", "papillary", "follicular", "mucinous", "serous",
    "clear", "small", "large", "spindle", "giant", "mixed", "diffuse", "nodular", "focal", "upper", "lower",
    "anterior", "posterior", "lateral", "medial", "distal", "proximal", "recurrent", "hereditary", "traumatic", "congenital",
)  # fmt: skip
_NOUNS = (
    "carcinoma",
    "adenoma",
    "sarcoma",
    "fracture",
    "ulcer",
    "stenosis",
    "fistula",
    "infection",
    "hemorrhage",
    "edema",
)
_SYLLABLES = (
    "bra",
    "cor",
    "den",
    "fal",
    "gli",
    "hep",
    "kar",
    "lum",
    "men",
    "nor",
    "oto",
    "pla",
    "qui",
    "ren",
    "sal",
    "tro",
    "ula",
)


async def run() -> list[Row]:
    """CPU time of this process for what runs in it; wall time for what a person waits for."""
    before = _resident()
    concepts, source = _lists()
    text = _csv([each.code for each in concepts[LIST]], concepts[LIST][0].system)
    loaded, bare = [], []
    for _ in range(REPEATS):
        loaded.append(_seconds(lambda: parse_csv(text, name="bench")))
        bare.append(_seconds(lambda: sum(1 for _ in csv.DictReader(io.StringIO(text)))))
    concept_map = parse_csv(text, name="bench")
    terminology = Terminology(concepts, [concept_map])
    gc.collect()
    rows = [
        Row(
            f"a CSV of {ROWS:,} rows is loaded", f"{median(loaded):.2f} s", f"{median(bare):.2f} s to read it as CSV",
            f"{median(loaded) / median(bare):.1f}", "< 5 s",
        ),
        Row(
            f"memory of {source} and {ROWS:,} map rows", f"{(_resident() - before) / 1e6:,.0f} MB",
            f"{len(text) / 1e6:.0f} MB of CSV text among it", goal="< 300 MB",
        ),
    ]  # fmt: skip
    rows += _translations(terminology, concept_map)
    rows += _candidates()
    with tempfile.TemporaryDirectory(prefix="pop-gateway-bench-") as name:
        return rows + await deciding(f"sqlite+aiosqlite:///{Path(name) / 'bench.sqlite'}")


def _lists() -> tuple[dict[str, list[Concept]], str]:
    """POP's full lists where the shared material is, else generated ones of their size."""
    folder = Path(os.environ.get("POP_GATEWAY_SHARED", "")) / "pop" / "terminologies"
    if "POP_GATEWAY_SHARED" in os.environ and folder.is_dir():
        return {name: concepts_from_json(items) for name, items in read_lists(folder).items()}, "POP's full lists"
    conditions, genes = GENERATED
    names = _names(conditions + genes)
    return {
        LIST: [Concept("http://hl7.org/fhir/sid/icd-10", f"X{at:05}", next(names)) for at in range(conditions)],
        "Gene": [Concept("http://www.genenames.org/geneId", f"HGNC:{at}", next(names)) for at in range(genes)],
    }, f"generated lists of {conditions + genes:,} concepts"


def _names(count: int) -> Iterator[str]:
    """Invented names of two to five words, some of them rare."""
    chance = random.Random(7)  # noqa: S311 - invented names
    for _ in range(count):
        rare = "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))
        yield " ".join((*chance.sample(_PARTS, chance.randint(0, 3)), rare, chance.choice(_NOUNS)))


def _csv(codes: list[str], system: str) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(CSV_COLUMNS)
    writer.writerows((LIST, HOUSE, f"H{at}", system, codes[at % len(codes)], "") for at in range(ROWS))
    return file.getvalue()


def _translations(terminology: Terminology, concept_map: ConceptMap) -> list[Row]:
    used = [_concept(at * (ROWS // USED)) for at in range(USED)]
    once = [_concept(at) for at in range(ONCE)]
    known = {entry.source: entry.target for entry in concept_map.entries}
    for each in used:
        terminology.translate(LIST, each)
    cached, uncached, bare = [], [], []
    for _ in range(REPEATS):
        cached.append(_seconds(lambda: [terminology.translate(LIST, each) for _ in range(20) for each in used]))
        fresh = terminology.decided(terminology.decisions)
        uncached.append(_seconds(lambda fresh=fresh: [fresh.translate(LIST, each) for each in once]))  # type: ignore[misc]
        bare.append(_seconds(lambda: [_lookup(known, each) for _ in range(20) for each in used]))
    base = rate(20 * USED, median(bare), "bare dictionary look-ups of system and code")
    return [
        Row("translations, asked before", rate(20 * USED, median(cached), "translations"), base,
            f"{median(bare) / median(cached):.2f}", "≥ 200,000/s"),
        Row("translations, asked for the first time", rate(ONCE, median(uncached), "translations"), base,
            f"{median(bare) / 20 / USED * ONCE / median(uncached):.2f}", "≥ 20,000/s"),
    ]  # fmt: skip


def _concept(number: int) -> JsonObject:
    return {"coding": [{"system": HOUSE, "code": f"H{number}", "display": f"House code {number}"}]}


def _lookup(known: Mapping[tuple[str, str], object], concept: JsonObject) -> object:
    coding = concept["coding"][0]
    return known.get((coding["system"], coding["code"]))


def _candidates() -> list[Row]:
    names = list(_names(CONCEPTS))
    index = Candidates(Concept("http://example.org/list", str(at), name) for at, name in enumerate(names))
    chance = random.Random(11)  # noqa: S311 - invented mistakes
    asked = [_misspelled(chance, chance.choice(names)) for _ in range(ASKED)]
    ours = [_seconds(lambda name=name: index.find([(HOUSE, "1", name)])) for name in asked]  # type: ignore[misc]
    bare = [
        _seconds(lambda name=name: process.extract(name, names, scorer=fuzz.token_sort_ratio, limit=8))  # type: ignore[misc]
        for name in asked[: ASKED // 10]
    ]
    return [
        Row(
            f"candidates among {CONCEPTS:,} concepts",
            f"p50 {percentile(ours, 0.5) * 1e3:.1f} ms, p99 {percentile(ours, 0.99) * 1e3:.1f} ms",
            f"{median(bare) * 1e3:.0f} ms to compare with every name (rapidfuzz)",
            f"{median(ours) / median(bare):.3f}", "p99 < 50 ms",
        )
    ]  # fmt: skip


def _misspelled(chance: random.Random, name: str) -> str:
    """Another order of words, one letter missing: nothing that a look-up finds."""
    words = name.split()
    chance.shuffle(words)
    at = chance.randrange(1, len(words[0]))
    return " ".join((words[0][:at] + words[0][at + 1 :], *words[1:]))


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _resident() -> int:
    """Bytes of memory of this process (Linux)."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
