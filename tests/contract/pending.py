"""What the sandbox is known to answer otherwise than the real POP: to be emptied. A real POP gets no such leave."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest
from contract.target import POP_URL

STEPS = frozenset({
    "adverse-event", "adverse-event-mitigation", "adverse-event-suspected-cause", "auth", "bundles",
    "comorbidities-assessment", "completion", "family-history", "genomic-variant", "history", "lifestyle",
    "lists", "neoplastic-entity", "patient-case", "performance-status", "poison", "radiotherapy",
    "radiotherapy-dosage", "radiotherapy-setting", "rights", "risk-assessment", "signature-aneuploid",
    "signature-hrd", "signature-loh", "signature-msi", "signature-tmb", "signature-tnb", "staging-binet",
    "staging-breslow", "staging-clark", "staging-figo", "staging-gleason", "staging-inrgss", "staging-inss",
    "staging-iss", "staging-lymphoma", "staging-rai", "staging-rhabdomyosarcoma", "staging-riss", "staging-tnm",
    "staging-wilms", "surgery", "systemic-therapy", "systemic-therapy-medication", "terminologies",
    "therapeutic-recommendation", "therapy-line", "treatment-response", "tumor-board-molecular",
    "tumor-board-unspecified", "tumor-marker", "vitals",
})  # fmt: skip
RULES = frozenset({
    "adverse-event", "family-history", "genomic-variant", "radiotherapy-dosage", "risk-assessment",
    "staging-breslow",
})  # fmt: skip


def parametrized(names: Iterable[str], pending: Collection[str]) -> list[Any]:
    """Parameters, those that are pending marked; one that says so where the shared material is absent."""
    mark = pytest.mark.xfail(reason="the sandbox is known to differ", raises=pytest.fail.Exception, strict=False)
    marked = [pytest.param(name, marks=[mark] if name in pending and not POP_URL else []) for name in sorted(names)]
    return marked or [pytest.param("absent")]
