"""Drafts and coverage as JSON: what ``pop-gateway map --json`` prints (design, *Command line*) and the store keeps."""

from __future__ import annotations

from mappers.protocol import Assumption, Coverage, Draft, EntityView, Issue, JsonObject, Severity, Source


def _source(source: Source) -> JsonObject:
    return {"resource": source.resource, "element": source.element}


def _assumption(assumption: Assumption) -> JsonObject:
    return {
        "field": assumption.field,
        "code": assumption.code,
        "text": assumption.text,
        "source": None if assumption.source is None else _source(assumption.source),
    }


def issue_json(issue: Issue) -> JsonObject:
    """An issue as JSON; ``codings`` are ``[system, code, display]``."""
    return {
        "code": issue.code,
        "field": issue.field,
        "severity": issue.severity.value,
        "text": issue.text,
        "source": None if issue.source is None else _source(issue.source),
        "codings": [list(coding) for coding in issue.codings],
        "terminology": issue.terminology,
    }


def draft_json(draft: Draft) -> JsonObject:
    """A draft as JSON. ``payload`` is POP's create body; other entities' ids are their drafts' keys."""
    references = {
        name: list(target) if isinstance(target, tuple) else target for name, target in sorted(draft.references.items())
    }
    return {
        "kind": draft.kind,
        "key": draft.key,
        "externalSourceId": draft.key,
        "payload": {**draft.payload, **references},
        "references": references,
        "sources": {name: [_source(source) for source in sources] for name, sources in sorted(draft.sources.items())},
        "assumptions": [_assumption(assumption) for assumption in draft.assumptions],
        "issues": [issue_json(issue) for issue in draft.issues],
    }


def coverage_json(coverage: Coverage) -> JsonObject:
    """The mapping result of one source resource."""
    return {
        "reference": coverage.reference,
        "status": coverage.status.value,
        "unconsumed": list(coverage.unconsumed),
        "reason": coverage.reason,
    }


def stored_json(draft: Draft, view: EntityView) -> JsonObject:
    """As :func:`draft_json`, with what a later incremental run needs: the elements consumed, the resources it came from."""
    return {
        **draft_json(draft),
        "consumed": [_source(source) for source in draft.consumed],
        "resources": sorted(view.resources),
    }


def read_view(json: JsonObject, *, blocked: bool) -> EntityView:
    """The entity view of a draft that :func:`stored_json` wrote."""
    references = json["references"]
    payload = {name: value for name, value in json["payload"].items() if name not in references}
    return EntityView(json["kind"], json["key"], payload, frozenset(json["resources"]), blocked)


def _read_source(json: JsonObject | None) -> Source | None:
    return None if json is None else Source(json["resource"], json["element"])


def read_draft(json: JsonObject) -> Draft:
    """The draft that :func:`stored_json` wrote."""
    references = {name: tuple(to) if isinstance(to, list) else to for name, to in json["references"].items()}
    return Draft(
        kind=json["kind"],
        key=json["key"],
        payload={name: value for name, value in json["payload"].items() if name not in references},
        references=references,
        sources={
            name: tuple(Source(each["resource"], each["element"]) for each in sources)
            for name, sources in json["sources"].items()
        },
        consumed=tuple(Source(each["resource"], each["element"]) for each in json.get("consumed", ())),
        assumptions=tuple(
            Assumption(each["field"], each["code"], each["text"], _read_source(each["source"]))
            for each in json["assumptions"]
        ),
        issues=tuple(
            Issue(
                code=each["code"], field=each["field"], severity=Severity(each["severity"]), text=each["text"],
                source=_read_source(each["source"]), codings=tuple(tuple(coding) for coding in each["codings"]),
                terminology=each["terminology"],
            )
            for each in json["issues"]
        ),
    )  # fmt: skip
