"""The site options that mappers see for a source: what the configuration says in other places, and ``[mapping.options]``."""

from __future__ import annotations

from typing import Any

from gateway.config import Settings, SourceSettings


def options_for(settings: Settings, source: str) -> dict[str, Any]:
    """Options by dotted name. A source that is not configured (any more) has the defaults of one."""
    configured = settings.sources.get(source, SourceSettings())
    options: dict[str, Any] = {
        "timezone": configured.timezone,
        "patient.clinical-center": settings.pop.clinical_center,
    }
    return options | settings.mapping.options
