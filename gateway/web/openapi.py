"""The OpenAPI 3.1 description of ``/api/v1``."""

from __future__ import annotations

from typing import Any

from gateway.web.queries.common import PATIENT_STATES

JsonObject = dict[str, Any]

_PAGE = {"type": "object", "required": ["items", "next"], "properties": {
    "items": {"type": "array", "items": {"type": "object"}},
    "next": {"type": ["integer", "null"], "description": "Value of the paging parameter for the next page; null on the last."},
}}  # fmt: skip
_OBJECT = {"type": "object"}


def _query(name: str, description: str, schema: JsonObject | None = None) -> JsonObject:
    return {"name": name, "in": "query", "description": description, "schema": schema or {"type": "string"}}


def _integer(name: str, description: str) -> JsonObject:
    return _query(name, description, {"type": "integer", "minimum": 0})


_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}

_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
_ITEM = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}


def _operation(summary: str, schema: JsonObject, *parameters: JsonObject, status: str = "200") -> JsonObject:
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {
            status: {"description": "Done", "content": {"application/json": {"schema": schema}}},
            "default": {
                "description": "RFC 9457 problem details",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }


def document() -> JsonObject:
    """The document. Bodies are described by their pages and members in the console's words, not field by field."""
    patient_state = {"type": "string", "enum": list(PATIENT_STATES)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "POP EHR gateway", "version": "1"},
        "paths": {
            "/api/v1/patients": {
                "get": _operation(
                    "Patients, the one changed last first", _PAGE, _query("state", "Only this state", patient_state),
                    _query("source", "Only this source"), _integer("offset", "Where the page starts"),
                )
            },
            "/api/v1/patients/{id}": {
                "get": _operation(
                    "One patient: entities beside their drafts, resources with their mapping result", _OBJECT, _ID,
                    _integer("offset", "First entity"), _integer("resources", "First resource"),
                )
            },
            "/api/v1/patients/{id}/replay": {
                "post": _operation("Map, plan and apply the patient again", _OBJECT, _ID, status="202")
            },
            "/api/v1/deliveries": {
                "get": _operation(
                    "Deliveries, newest first", _PAGE, _query("state", "stored | partly-invalid | invalid | ignored"),
                    _query("source", "Only this source"), _integer("before", "Only deliveries with a lower id"),
                )
            },
            "/api/v1/deliveries/{id}": {
                "get": _operation("One delivery with its entries", _OBJECT, _ID, _integer("offset", "First entry"))
            },
            "/api/v1/reviews": {
                "get": _operation(
                    "Review items, newest first", _PAGE, _query("state", "open (default) | resolved | gone"),
                    _query("code", "Only this code"), _integer("patient", "Only this patient"),
                    _integer("before", "Only items with a lower id"),
                )
            },
            "/api/v1/reviews/{id}": {"get": _operation("One review item", _OBJECT, _ID)},
            "/api/v1/reviews/items": {
                "get": _operation(
                    "Open items, those first for which most patients wait: one for all that one decision settles", _PAGE,
                    _query("code", "Only this code"), _integer("offset", "Where the page starts"),
                )
            },
            "/api/v1/reviews/items/{id}": {
                "get": _operation(
                    "An item: candidates, earlier decisions about its codes, what a decision would bring about", _OBJECT, _ITEM,
                    _query("source", "Preview for this source only"),
                )
            },
            "/api/v1/reviews/items/{id}/decide": {
                "post": _operation(
                    "Decide: outcome (map | leave-empty | not-for-pop | block), target {system, code}, author, note, source, once, "
                    "coding, seen (the newest decision that was seen: 409 if there is a newer one)", _OBJECT, _ITEM, status="202",
                )
            },
            "/api/v1/reviews/export": {"get": _operation("The unmapped codes as a spreadsheet (text/csv)", {"type": "string"})},
            "/api/v1/decisions": {
                "get": _operation("Decisions, newest first", _PAGE, _integer("before", "Only decisions with a lower number"))
            },
            "/api/v1/decisions/{id}": {"get": _operation("One decision, and how far it has come", _OBJECT, _ID)},
            "/api/v1/decisions/{id}/undo": {
                "post": _operation("Take a decision back: author", _OBJECT, _ID, status="202")
            },
            "/api/v1/concept-maps": {"get": _operation("Maps that were given and are in force", _PAGE)},
            "/api/v1/concept-maps/{name}": {
                "get": _operation("All versions of a map, newest first", _PAGE, _NAME),
                "put": _operation(
                    "Put a map, or its next version, in force; the body is the document", _OBJECT, _NAME,
                    _query("author", "Who gives it"), _query("format", "json (FHIR ConceptMap, default) | csv | sssom"),
                    _query("layer", "site (default) | organisation"), _query("note", "Why"), status="202",
                ),
                "delete": _operation("Take a map out of force", _OBJECT, _NAME, _query("author", "Who ends it"), status="202"),
            },
            "/api/v1/terminology/translate": {
                "post": _operation("Translate terminology, concept (CodeableConcept or Coding), text", _OBJECT)
            },
            "/api/v1/terminology/{name}/concepts": {
                "get": _operation(
                    "Concepts of one of POP's lists that are like some words", _PAGE,
                    _NAME, _query("q", "Words"),
                )
            },
            "/api/v1/status": {"get": _operation("Backlog, lanes, sources, counts", _OBJECT)},
            "/api/v1/lanes/pop/pause": {"post": _operation("Send nothing to POP until resumed", _OBJECT)},
            "/api/v1/lanes/pop/resume": {"post": _operation("Send to POP again", _OBJECT)},
        },
        "components": {
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["title", "status"],
                    "properties": {
                        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
                        "detail": {"type": "string"}, "code": {"type": "string", "description": "Stable error code"},
                    },
                }
            }
        },
    }  # fmt: skip
