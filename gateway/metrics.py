"""Prometheus metrics. Labels are codes and names from the configuration: never an id, never a value.

What stands in the store (backlog, states, reviews) is read from it when ``/metrics`` is asked, so every replica tells the
same; what happens in this process (requests, seconds) is counted here.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()

HTTP_REQUESTS = Counter("popgw_http_requests", "Requests answered", ["route", "method", "status"], registry=REGISTRY)
HTTP_SECONDS = Histogram("popgw_http_seconds", "Seconds to answer", ["route"], registry=REGISTRY)
POP_REQUESTS = Counter("popgw_pop_requests", "Requests to POP", ["method", "status"], registry=REGISTRY)
POP_SECONDS = Histogram("popgw_pop_seconds", "Seconds of a request to POP", ["method"], registry=REGISTRY)
MAPPING_SECONDS = Histogram("popgw_mapping_seconds", "Seconds to map one patient's changes", registry=REGISTRY)

_DELIVERIES = Gauge("popgw_deliveries", "Deliveries by state", ["state"], registry=REGISTRY)
_PATIENTS = Gauge("popgw_patients", "Patients by state", ["state"], registry=REGISTRY)
_RESOURCES = Gauge("popgw_resources", "Newest resources by state", ["state"], registry=REGISTRY)
_MAPPED = Gauge("popgw_resources_mapping", "Newest resources by mapping result", ["status"], registry=REGISTRY)
_ENTITIES = Gauge("popgw_entities", "POP entities in the ledger by state", ["state"], registry=REGISTRY)
_REVIEWS = Gauge("popgw_reviews_open", "Open reviews by code", ["code"], registry=REGISTRY)
_BACKLOG_AGE = Gauge("popgw_backlog_age_seconds", "Age of the oldest change that is not in POP", registry=REGISTRY)
_LANE = Gauge("popgw_lane_paused", "1 while requests to a peer are paused", ["lane"], registry=REGISTRY)
_POP_LIMIT = Gauge("popgw_pop_limit", "Requests to POP that this process may have in flight", registry=REGISTRY)
_POP_IN_FLIGHT = Gauge("popgw_pop_in_flight", "Requests to POP that this process has in flight", registry=REGISTRY)
_ALIVE = Gauge("popgw_worker_alive", "1 while this process works the backlog", registry=REGISTRY)


def _set(gauge: Gauge, values: Mapping[str, float]) -> None:
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)


def exposition(
    *,
    deliveries: Mapping[str, int],
    patients: Mapping[str, int],
    resources: Mapping[str, int],
    mapped: Mapping[str, int],
    entities: Mapping[str, int],
    reviews: Mapping[str, int],
    lanes: Mapping[str, bool],
    backlog_age: float,
    worker_alive: bool,
    pop_limit: int,
    pop_in_flight: int,
) -> bytes:
    """The text of ``/metrics`` from the store's counts and this process's counters."""
    for gauge, values in (
        (_DELIVERIES, deliveries),
        (_PATIENTS, patients),
        (_RESOURCES, resources),
        (_MAPPED, mapped),
        (_ENTITIES, entities),
        (_REVIEWS, reviews),
    ):
        _set(gauge, values)
    _set(_LANE, {name: float(paused) for name, paused in lanes.items()})
    _BACKLOG_AGE.set(backlog_age)
    _ALIVE.set(float(worker_alive))
    _POP_LIMIT.set(pop_limit)
    _POP_IN_FLIGHT.set(pop_in_flight)
    return generate_latest(REGISTRY)
