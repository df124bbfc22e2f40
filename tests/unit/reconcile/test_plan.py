"""The plan: what differs, in an order that POP can take, whatever order the rows come in."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop.kinds import KINDS
from gateway.reconcile.plan import Action, DraftRow, LedgerRow, Verb, decide, parent_key, plan, required_targets

CASE = "PatientCase:p"
PRIMARY = "NeoplasticEntity:z-primary"
#: Sorts before its primary by key: only the rule can put it after.
METASTASIS = "NeoplasticEntity:a-metastasis"
MARKER = "TumorMarker:m"
THERAPY = "SystemicTherapy:t"
OTHER_THERAPY = "SystemicTherapy:u"
MEDICATION = "SystemicTherapyMedication:d"
REFERENCES: dict[str, dict[str, str | tuple[str, ...]]] = {
    CASE: {},
    PRIMARY: {"caseId": CASE},
    METASTASIS: {"caseId": CASE, "relatedPrimaryId": PRIMARY},
    MARKER: {"caseId": CASE, "relatedEntitiesIds": (PRIMARY,)},
    THERAPY: {"caseId": CASE, "targetedEntitiesIds": (PRIMARY, METASTASIS)},
    OTHER_THERAPY: {"caseId": CASE},
    MEDICATION: {"systemicTherapyId": THERAPY},
}
KEYS = sorted(REFERENCES)


def draft(key: str, digest: bytes = b"1", *, blocked: bool = False) -> DraftRow:
    return DraftRow(key, key.split(":")[0], digest, blocked, REFERENCES[key])


def row(
    key: str,
    state: str = "written",
    digest: bytes | None = b"1",
    *,
    pop_id: str | None = "id",
    parent: str | None = None,
) -> LedgerRow:
    kind = key.split(":")[0]
    if parent is None:
        parent = parent_key(draft(key))
    return LedgerRow(key, kind, state, pop_id, digest, parent)


DIGESTS = st.sampled_from([b"1", b"2"])
DRAFTS = st.dictionaries(
    st.sampled_from(KEYS), st.tuples(DIGESTS, st.sampled_from([False, False, True])), max_size=len(KEYS)
).map(lambda found: [draft(key, digest, blocked=blocked) for key, (digest, blocked) in found.items()])


@st.composite
def ledger_rows(pick: st.DrawFn) -> list[LedgerRow]:
    rows = []
    for key in pick(st.lists(st.sampled_from(KEYS), unique=True)):
        state = pick(st.sampled_from(["creating", "written", "updating", "parked", "kept", "deleted"]))
        has_id = state in ("written", "updating", "kept") or (state == "parked" and pick(st.booleans()))
        parent = pick(st.sampled_from([THERAPY, OTHER_THERAPY])) if key == MEDICATION else None
        rows.append(row(key, state, pick(DIGESTS), pop_id="id" if has_id else None, parent=parent))
    return rows


def applied(actions: Sequence[Action], rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """The ledger after a run in which POP took everything."""
    after = {each.key: each for each in rows}
    for action in actions:
        if action.verb is Verb.DELETE:
            after[action.key] = row(action.key, "deleted", None, pop_id=None)
        elif action.verb in (Verb.CREATE, Verb.UPDATE):
            assert action.draft is not None
            after[action.key] = row(action.key, "written", action.draft.digest, parent=parent_key(action.draft))
    return list(after.values())


@given(DRAFTS, ledger_rows(), st.randoms(use_true_random=False))
def test_the_plan_does_not_depend_on_the_order_of_the_rows(
    drafts: list[DraftRow], rows: list[LedgerRow], chance: random.Random
) -> None:
    shuffled_drafts, shuffled_rows = chance.sample(drafts, len(drafts)), chance.sample(rows, len(rows))
    assert plan(shuffled_drafts, shuffled_rows) == plan(drafts, rows)


@given(DRAFTS, ledger_rows())
def test_after_a_plan_was_carried_out_there_is_nothing_left_to_do(
    drafts: list[DraftRow], rows: list[LedgerRow]
) -> None:
    left = plan(drafts, applied(plan(drafts, rows), rows))
    assert {action.verb for action in left} <= {Verb.BLOCKED, Verb.PARKED, Verb.KEPT}


@given(DRAFTS, ledger_rows())
def test_every_draft_and_every_orphan_is_accounted_for_once(drafts: list[DraftRow], rows: list[LedgerRow]) -> None:
    actions = plan(drafts, rows)
    by_key = {each.key: each for each in rows}
    for each in drafts:
        found = [action.verb for action in actions if action.key == each.key and action.verb is not Verb.DELETE]
        known = by_key.get(each.key)
        moved = known is not None and known.in_pop and known.parent_key != parent_key(each)
        assert len(found) == (decide(each, None if moved else known) is not None)
    for key in by_key.keys() - {each.key for each in drafts}:
        found = [action.verb for action in actions if action.key == key]
        assert found == ([] if by_key[key].state in ("deleted", "kept") else [Verb.DELETE])


@given(st.permutations(KEYS))
def test_what_is_referred_to_is_written_before_what_refers(keys: list[str]) -> None:
    written = [action.key for action in plan([draft(key) for key in keys], [])]
    for key in KEYS:
        for target in REFERENCES[key].values():
            for each in (target,) if isinstance(target, str) else target:
                assert written.index(each) < written.index(key)


@given(st.permutations(KEYS))
def test_deletions_come_last_and_in_reverse(keys: list[str]) -> None:
    new = "PerformanceStatus:e"
    status = DraftRow(new, "PerformanceStatus", b"1", False, {"caseId": CASE})
    actions = plan([status], [row(key) for key in keys])
    assert (actions[0].verb, actions[0].key) == (Verb.CREATE, new)
    gone = [action.key for action in actions[1:]]
    assert {action.verb for action in actions[1:]} == {Verb.DELETE}
    ranks = [KINDS[key.split(":")[0]].rank for key in gone]
    assert ranks == sorted(ranks, reverse=True)
    assert gone.index(MEDICATION) < gone.index(THERAPY)
    assert gone[-1] == CASE


def test_equal_digests_need_nothing() -> None:
    assert plan([draft(key) for key in KEYS], [row(key) for key in KEYS]) == []


@pytest.mark.parametrize(
    ("ledger", "verb"),
    [
        (None, Verb.CREATE),
        (row(MARKER, "creating", None, pop_id=None), Verb.CREATE),
        (row(MARKER, "deleted", None, pop_id=None), Verb.CREATE),
        (row(MARKER, digest=b"0"), Verb.UPDATE),
        (row(MARKER, digest=None), Verb.UPDATE),
        (row(MARKER, "kept"), Verb.KEPT),
        (row(MARKER, "updating"), Verb.UPDATE),
        (row(MARKER, "parked", b"1", pop_id=None), Verb.PARKED),
        (row(MARKER, "parked", b"1"), Verb.PARKED),
        (row(MARKER, "parked", b"0", pop_id=None), Verb.CREATE),
        (row(MARKER, "parked", b"0"), Verb.UPDATE),
        (row(MARKER, "parked", None, pop_id=None), Verb.CREATE),
    ],
)
def test_the_action_for_one_draft(ledger: LedgerRow | None, verb: Verb) -> None:
    action = decide(draft(MARKER), ledger)
    assert action is not None
    assert action.verb is verb


def test_a_blocked_draft_is_not_written_and_what_pop_has_of_it_stays() -> None:
    assert [action.verb for action in plan([draft(MARKER, b"2", blocked=True)], [row(MARKER)])] == [Verb.BLOCKED]


def test_a_moved_child_is_deleted_and_created() -> None:
    drafts = [draft(key) for key in KEYS]
    rows = [row(key, parent=OTHER_THERAPY if key == MEDICATION else None) for key in KEYS]
    actions = plan(drafts, rows)
    assert [(action.verb, action.key) for action in actions] == [(Verb.DELETE, MEDICATION), (Verb.CREATE, MEDICATION)]
    assert actions[0].ledger is not None
    assert actions[0].ledger.parent_key == OTHER_THERAPY


def test_a_child_that_moves_goes_before_its_old_parent() -> None:
    drafts = [draft(key) for key in KEYS if key != OTHER_THERAPY]
    rows = [row(key, parent=OTHER_THERAPY if key == MEDICATION else None) for key in KEYS]
    found = [(action.verb, action.key) for action in plan(drafts, rows)]
    assert found == [(Verb.DELETE, MEDICATION), (Verb.CREATE, MEDICATION), (Verb.DELETE, OTHER_THERAPY)]


def test_lists_may_be_incomplete_single_references_may_not() -> None:
    assert required_targets(draft(METASTASIS)) == [CASE, PRIMARY]
    assert required_targets(draft(THERAPY)) == [CASE]
    assert required_targets(draft(MEDICATION)) == [THERAPY]
