"""``docs/mapping.md``: what each mapper reads, writes and decides, from the mappers' own documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

JsonObject = dict[str, Any]

HEAD = """# Mapping

What each mapper reads, writes and decides. Made by `make docs` from the mappers themselves; a test fails when it is not up to date.
"""


def page(described: Iterable[JsonObject]) -> str:
    """The page for mappers as ``Registry.describe`` tells them."""
    parts = [HEAD]
    for each in described:
        parts.append(
            f"\n## {each['name']} (version {each['version']})\n\n"
            f"| writes | reads | looks at |\n|---|---|---|\n"
            f"| {', '.join(each['produces'])} | {', '.join(each['reads'])} | {', '.join(each['requires']) or '–'} |\n\n"
            f"{_markdown(each['documentation'])}\n"
        )
    return "".join(parts)


def _markdown(docstring: str) -> str:
    """reStructuredText roles and literals as Markdown writes them."""
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", docstring).replace("``", "`")
