"""A case in which somebody has stored what POP chokes on: recognised once a run, said, and kept from costing more."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from adapters.pop.client import PopClient
from adapters.pop.culprit import Diagnosis, diagnose
from adapters.pop.errors import PopError, PopPoisoned, PopServerError
from adapters.pop.kinds import KINDS
from gateway.reconcile import ledger
from gateway.reconcile.plan import Action, Verb
from gateway.store.engine import Store

log = structlog.get_logger("gateway.worker")


class Poison:
    """What one run for one patient has found out."""

    def __init__(self, client: PopClient, store: Store, patient_id: int) -> None:
        self._client = client
        self._store = store
        self._patient_id = patient_id
        self._looked = False
        self._found: Diagnosis | None = None

    def check(self, action: Action) -> None:
        """Raise PopPoisoned for a create that could not be looked up if POP failed on it too: nothing is made blindly."""
        if self._found is not None and action.verb is Verb.CREATE and self._found.hides(KINDS[action.kind].collection):
            raise self._error(self._found)

    async def explained(self, error: PopError, ids: Mapping[str, str]) -> PopError:
        """The error, or what is behind it: a failure of POP's is looked into once, in nineteen requests and a few for each thing
        that is found. ``ids``: draft key → POP id of what this run knows."""
        if not isinstance(error, PopServerError) or isinstance(error, PopPoisoned):
            return error
        if self._looked:
            return error if self._found is None else self._error(self._found)
        case_id = await self._case_id(ids)
        if case_id is None:
            return error
        self._looked = True
        try:
            self._found = await diagnose(self._client, case_id)
        except PopError as failure:
            log.warning("case-not-diagnosed", case=case_id, code=failure.code)
            return error
        if self._found is None:
            return error
        log.warning("case-poisoned", case=case_id, collections=[name for name, _ in self._found.lists])
        return self._error(self._found)

    async def _case_id(self, ids: Mapping[str, str]) -> str | None:
        async with self._store.read() as connection:
            recorded = await ledger.case_id(connection, self._patient_id)
        return recorded or next((pop_id for key, pop_id in ids.items() if key.startswith("PatientCase:")), None)

    @staticmethod
    def _error(found: Diagnosis) -> PopPoisoned:
        text = f"{found}. Correct or delete it in POP; this follows with the next change, or when you replay it"
        return PopPoisoned(text, status=500)
