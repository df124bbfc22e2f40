"""FHIR references, in every form that R4 §2.3 (References) and §2.36 (Bundle) allow, as one normalised target key.

    Patient/1, Patient/1/_history/3                        →  Patient/1
    https://ehr/fhir/Patient/1 (also versioned)            →  Patient/1, if the base is one of the source's own
                                                              https://other/fhir/Patient/1 otherwise
    urn:uuid:…, urn:oid:…                                  →  the URN (UUIDs lower-cased)
    #med1 (contained), # (the container)                   →  {container}#med1, {container}
    identifier only, Patient?identifier=system|value       →  id:{digest of type, system, value}

``bases`` are the addresses under which a source is known. None means that they are not known: then any absolute URL
that ends in ``/Type/id`` is taken as a resource of the same source, since an EHR's public and internal addresses often
differ (field notes §1 *Content*). Name the bases wherever references to other servers occur.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

JsonObject = dict[str, Any]

# Ids are matched wider than R4's [A-Za-z0-9\-.]{1,64}: vendors use underscores and longer ids, and so do R5 drafts.
_LOCAL = re.compile(r"/?([A-Z][A-Za-z]+)/([^/?#\s]+)(?:/_history/[^/?#\s]+)?")
_ABSOLUTE = re.compile(r"(https?://[^?#\s]+)/([A-Z][A-Za-z]+)/([^/?#\s]+?)(?:/_history/[^/?#\s]+)?")
_CONDITIONAL = re.compile(r"(?:https?://[^?#\s]*/)?([A-Z][A-Za-z]+)\?(.+)", re.DOTALL)
_REFERENCE_MEMBERS = frozenset(
    {"id", "extension", "reference", "_reference", "type", "_type", "identifier", "display", "_display"}
)
_CONTAINERS = (dict, list)


def identifier_key(resource_type: str, system: str, value: str) -> str:
    """The key of a business identifier. The value is patient data, hence a digest (BLAKE2b, 16 bytes)."""
    digest = hashlib.blake2b(f"{resource_type}|{system}|{value}".encode("utf-8", "surrogatepass"), digest_size=16)
    return f"id:{digest.hexdigest()}"


def literal_key(reference: str, *, container: str | None = None, bases: tuple[str, ...] | None = None) -> str | None:
    """The target key of a literal reference or ``fullUrl``; None if it has none of the forms above.

    ``container`` is the reference of the resource in which it stands (for ``#``); ``bases`` as above.
    """
    if reference.startswith("#"):
        if container is None:
            return None
        base = container.split("#", 1)[0]
        return base if reference == "#" else base + reference
    return _literal_key(reference, bases)


@lru_cache(maxsize=16_384)
def _literal_key(reference: str, bases: tuple[str, ...] | None) -> str | None:
    if match := _LOCAL.fullmatch(reference):
        return f"{match[1]}/{match[2]}"
    if reference.startswith("urn:"):
        # RFC 4122 §3: UUIDs compare without case. An OID has digits only.
        return reference.lower()
    if match := _ABSOLUTE.fullmatch(reference):
        own = bases is None or match[1] in {base.rstrip("/") for base in bases}
        return f"{match[2]}/{match[3]}" if own else f"{match[1]}/{match[2]}/{match[3]}"
    if match := _CONDITIONAL.fullmatch(reference):
        # R4 §3.1.0.11.2 conditional references: only a search by identifier names something a store can look up.
        query = parse_qs(match[2], keep_blank_values=True)
        values = query.get("identifier", [])
        if len(query) == 1 and len(values) == 1:
            system, _, value = values[0].rpartition("|")
            return identifier_key(match[1], system, value) if value else None
        return None
    return reference if re.fullmatch(r"https?://[^#\s]+", reference) else None


def target_keys(
    reference: JsonObject | str | None, *, container: str | None = None, bases: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    """Every key under which the target of a Reference can be found, literal first; empty if it names nothing."""
    if isinstance(reference, str):
        key = literal_key(reference, container=container, bases=bases)
        return () if key is None else (key,)
    if not isinstance(reference, dict):
        return ()
    keys: list[str] = []
    literal = reference.get("reference")
    if isinstance(literal, str) and (key := literal_key(literal, container=container, bases=bases)) is not None:
        keys.append(key)
    identifier = reference.get("identifier")
    if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
        target = reference.get("type")
        keys.append(identifier_key(target if isinstance(target, str) else "", _system(identifier), identifier["value"]))
    return tuple(keys)


def own_identifier_keys(resource: JsonObject) -> list[str]:
    """Keys under which logical references find this resource, with its type and without (it is optional)."""
    identifiers = resource.get("identifier")
    if isinstance(identifiers, dict):
        identifiers = [identifiers]
    if not isinstance(identifiers, list):
        return []
    keys: list[str] = []
    for identifier in identifiers:
        if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
            system = _system(identifier)
            keys.append(identifier_key(str(resource.get("resourceType", "")), system, identifier["value"]))
            keys.append(identifier_key("", system, identifier["value"]))
    return keys


def _system(identifier: JsonObject) -> str:
    system = identifier.get("system")
    return system if isinstance(system, str) else ""


def iter_references(value: Any, path: str = "") -> Iterator[tuple[str, JsonObject]]:
    """Every Reference in a resource, as (top-level element, Reference); contained resources' under ``contained``.

    A Reference is known by its shape: a ``reference`` string, or an ``identifier`` object with nothing beside it that a
    Reference cannot have. The caller needs no schema, so extensions and profiles are covered alike.
    """
    found: list[tuple[str, JsonObject]] = []
    if isinstance(value, _CONTAINERS):
        _collect(value, path, found)
    return iter(found)


def _collect(value: JsonObject | list[Any], path: str, found: list[tuple[str, JsonObject]]) -> None:
    # On the intake's hot path: filling a list costs half of what nested generators do.
    if isinstance(value, list):
        for child in value:
            if isinstance(child, _CONTAINERS):
                _collect(child, path, found)
        return
    if path and (
        isinstance(value.get("reference"), str)
        or (isinstance(value.get("identifier"), dict) and value.keys() <= _REFERENCE_MEMBERS)
    ):
        found.append((path, value))
    for name, child in value.items():
        if isinstance(child, _CONTAINERS):
            _collect(child, path or name, found)
