"""``docs/mapping.md``: the kinds of POP, and what each mapper reads, writes and decides, from the mappers' own documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.pop.kinds import Kind
from gateway.mappingdocs.evidence import Evidence
from gateway.mappingdocs.kindpage import DIALECTS

JsonObject = dict[str, Any]

HEAD = """# Mapping

What becomes of which FHIR element in POP: a page for each kind, and below the rules of each mapper. Made by `make docs` from the
mappers themselves, and from what they do with the project's own records (`tests/adjudicated/patients`, `fixtures/patients`); a test
fails when it is not up to date.

"""


def page(described: Iterable[JsonObject], kinds: Mapping[str, Kind], evidence: Evidence) -> str:
    """The index: kinds with their mappers as ``Registry.describe`` tells them, then the mappers."""
    described = list(described)
    writers = {kind: each["name"] for each in described for kind in each["produces"]}
    lines = ["| kind | mapper | seen in " + " | ".join(DIALECTS.values()) + " |", "|---|---|" + "---|" * len(DIALECTS)]
    for name in sorted(kinds):
        seen = evidence.kinds.get(name)
        marks = ("✓" if seen and dialect in seen.dialects else "–" for dialect in DIALECTS)
        lines.append(f"| [{name}](mapping/{name}.md) | {writers.get(name, '–')} | " + " | ".join(marks) + " |")
    sections = [rules([each]) + _left_out(evidence.reasons.get(each["name"], set())) for each in described]
    return HEAD + "\n".join(lines) + "\n" + "".join(sections)


def rules(described: Iterable[JsonObject]) -> str:
    """The rules of mappers."""
    return "".join(
        f"\n## {each['name']} (version {each['version']})\n\n"
        f"| writes | reads | looks at |\n|---|---|---|\n"
        f"| {', '.join(each['produces'])} | {', '.join(each['reads'])} | {', '.join(each['requires']) or '–'} |\n\n"
        f"{_markdown(each['documentation'])}\n"
        for each in described
    )


def _left_out(reasons: Iterable[str]) -> str:
    told = "".join(f"- {reason}\n" for reason in sorted(reasons))
    return f"\nNot for POP, as seen:\n\n{told}" if told else ""


def _markdown(docstring: str) -> str:
    """reStructuredText roles and literals as Markdown writes them."""
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", docstring).replace("``", "`")
