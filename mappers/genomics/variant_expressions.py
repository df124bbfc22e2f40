"""The HGVS expressions of a variant: of several that are equal, the one that POP and a reader take best."""

from __future__ import annotations

from collections.abc import Sequence

from mappers.drafting import Drafting
from mappers.genomics.expressions import LEVELS, Expression, find
from mappers.genomics.finding import Finding
from mappers.genomics.hgvs_of_coordinates import from_coordinates
from mappers.protocol import Source

_AXES = "cgrp"


def put_expressions(drafting: Drafting, findings: Sequence[Finding]) -> None:
    """Coding DNA before genomic DNA (what clinicians read), what the source states before a database's name of the variant, the
    spelling that HGVS recommends, and the newest version of a reference sequence."""
    stated = [pair for finding in findings for pair in finding.expressions]
    named = [pair for finding in findings for pair in finding.named]
    for level in dict.fromkeys(LEVELS.values()):
        found = [(own, *pair) for own, pairs in ((0, stated), (1, named)) for pair in pairs if pair[0].level == level]
        usable = [each for each in found if each[1].valid]
        if usable:
            _, expression, source = min(usable, key=lambda each: (each[0], *_rank(each[1])))
            _put(drafting, level, expression, source, findings)
        elif found:
            drafting.issue(
                "unmapped-value",
                level,
                "This expression is no HGVS that POP takes: it is left out.",
                source=found[0][2],
            )
    other = next((source for expression, source in stated if expression.level is None), None)
    if other is not None:
        drafting.issue("unmapped-value", "dnaHgvs", "POP has no field for expressions on this axis.", source=other)
    if "dnaHgvs" not in drafting.payload:
        _compose(drafting, findings)


def _rank(expression: Expression) -> tuple[int, bool, bool, int]:
    version = expression.reference.rpartition(".")[2]
    return (
        _AXES.index(expression.change[0]), not expression.recommended, not expression.reference,
        -int(version) if version.isascii() and version.isdigit() else 0,
    )  # fmt: skip


def _put(drafting: Drafting, level: str, expression: Expression, source: Source, findings: Sequence[Finding]) -> None:
    """With the transcript that stands in an element of its own, where the two make one expression."""
    if level == "dnaHgvs" and not expression.reference and expression.change.startswith("c."):
        for value in (value for finding in findings for value in finding.statement.of("transcript")):
            for name in value.text.split(" | "):
                joined = f"{name}:{expression.text}"
                found = find(joined)
                if len(found) == 1 and found[0][0].valid and found[0][0].text == joined:
                    drafting.put(level, joined, source, value.source)
                    return
    drafting.put(level, expression.text, source)


def _compose(drafting: Drafting, findings: Sequence[Finding]) -> None:
    for finding in findings:
        made = from_coordinates(finding.statement)
        if made is not None:
            drafting.put("dnaHgvs", made[0], *made[1])
            drafting.assume(
                "dnaHgvs", "hgvs-from-coordinates",
                "The source gives reference sequence, position and alleles: written as HGVS (substitution).", made[1][0],
            )  # fmt: skip
            return
