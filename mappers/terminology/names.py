"""Names that are not spelled as POP spells them: drug descriptions. Stages: ``stage_names``."""

from __future__ import annotations

import re
from collections.abc import Iterator

_STRENGTH = re.compile(
    r"\b\d+(?:[.,]\d+)?\s*(?:mg|g|mcg|ug|ml|iu|units?|%)?(?:\s*/\s*(?:ml|m2|mg|actuat|hr|h))?\b", re.I
)
_WORD = re.compile(r"[a-z0-9][a-z0-9\-]*")


def drug_names(text: str) -> Iterator[str]:
    """Runs of up to four words of a drug description, longest first, without strengths:
    ``cisplatin 1 MG/ML Injectable Solution`` gives ``cisplatin``."""
    plain = _STRENGTH.sub(" ", text.casefold())
    found = _WORD.findall(plain)
    for length in range(min(4, len(found)), 0, -1):
        for start in range(len(found) - length + 1):
            yield " ".join(found[start : start + length])
