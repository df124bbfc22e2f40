"""A draft under what people have decided about codes for which POP has no concept.

Here, and not in the mappers, so that a decision holds in every field of every mapper, plug-ins included.
"""

from __future__ import annotations

from dataclasses import replace

from mappers.context import GroupContext
from mappers.protocol import Assumption, Draft, Issue, NotForPop, Severity
from mappers.terminology.decision import Decision, Outcome

#: The issue of a field that a person looked at and left without a concept.
BLOCKED = "blocked-by-decision"
UNMAPPED = "unmapped-code"


def decided(draft: Draft, context: GroupContext) -> Draft | NotForPop:
    """The draft with its ``unmapped-code`` issues as far as they are decided, or the reason why it is none."""
    if not draft.issues:
        return draft
    issues: list[Issue] = []
    left: list[Assumption] = []
    for issue in draft.issues:
        decision = context.without_target(draft, issue) if issue.code == UNMAPPED else None
        if decision is None:
            issues.append(issue)
        elif decision.outcome is Outcome.NOT_FOR_POP:
            return NotForPop(_said_by(draft, issue), f"a code that is not for POP (decision {decision.number})")
        elif decision.outcome is Outcome.LEAVE_EMPTY and issue.severity is Severity.WARNING:
            left.append(_left(issue, decision))
        else:
            issues.append(_blocked(issue, decision))
    if len(issues) == len(draft.issues) and issues == list(draft.issues):
        return draft
    return replace(draft, issues=tuple(issues), assumptions=(*draft.assumptions, *dict.fromkeys(left)))


def _said_by(draft: Draft, issue: Issue) -> str:
    found = [issue.source] if issue.source is not None else [each for of in draft.sources.values() for each in of]
    return min((source.resource.split("#", 1)[0] for source in found), default=draft.key.partition(":")[2])


def _left(issue: Issue, decision: Decision) -> Assumption:
    text = f"Left empty: POP has no concept for the code (decision {decision.number})."
    return Assumption(issue.field, "left-empty-by-decision", text, issue.source)


def _blocked(issue: Issue, decision: Decision) -> Issue:
    if decision.outcome is Outcome.BLOCK:
        text = f"It was decided that nothing is written with this code (decision {decision.number})."
    else:
        text = f"POP requires this field, and it was decided that it has no concept for the code (decision {decision.number})."
    return replace(issue, code=BLOCKED, severity=Severity.BLOCKING, text=text)
