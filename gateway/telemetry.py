"""Traces, if the ``otel`` extra is installed and ``OTEL_EXPORTER_OTLP_ENDPOINT`` names a collector; nothing at all otherwise.

Spans carry counts and names of the configuration, never an id or a value of a resource.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from gateway.errors import ConfigurationError

_tracer: Any = None


def configure() -> None:
    """Start exporting, for a long-running process. Raises ConfigurationError if a collector is named but the extra is missing."""
    global _tracer
    if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: pip install 'pop-gateway[otel]'"
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "pop-gateway"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _tracer = trace.get_tracer("pop-gateway")


def span(name: str, **attributes: str | int) -> AbstractContextManager[Any]:
    """A span around a piece of work."""
    return nullcontext() if _tracer is None else _tracer.start_as_current_span(name, attributes=attributes)
