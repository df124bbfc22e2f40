"""One login for all replicas: they share the session through the store, on both engines."""

from __future__ import annotations

import asyncio

import pytest

from adapters.pop.errors import PopUnauthorised
from adapters.pop.session import FIRST_BACKOFF, SESSION_LIFE, SessionManager
from gateway.popside import StoredTokens
from gateway.store.engine import Store

REPLICAS = 20


class Pop:
    """POP's login, with a clock of its own."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.logins = self.together = self.most = 0
        self.right = True

    async def login(self) -> str | None:
        self.logins += 1
        self.together += 1
        self.most = max(self.most, self.together)
        await asyncio.sleep(0.02)
        self.together -= 1
        return f"token-{self.logins}" if self.right else None

    def replicas(self, store: Store) -> list[SessionManager]:
        return [SessionManager(StoredTokens(store), self.login, clock=lambda: self.now) for _ in range(REPLICAS)]


@pytest.fixture
def pop() -> Pop:
    return Pop()


async def test_twenty_replicas_that_start_at_once_sign_in_once(store: Store, pop: Pop) -> None:
    tokens = await asyncio.gather(*(replica.token() for replica in pop.replicas(store)))
    assert set(tokens) == {"token-1"}
    assert pop.logins == 1


async def test_a_session_that_ends_under_load_is_renewed_once(store: Store, pop: Pop) -> None:
    replicas = pop.replicas(store)
    await asyncio.gather(*(replica.token() for replica in replicas))
    for replica in replicas:
        replica.accepted("token-1")
    # By age: before POP ends it.
    pop.now += SESSION_LIFE + 1
    assert set(await asyncio.gather(*(each.token() for each in replicas for _ in range(3)))) == {"token-2"}
    # By POP's word: everybody got a 401 for the same token.
    for replica in replicas:
        replica.accepted("token-2")
    renewed = await asyncio.gather(*(each.token(instead_of="token-2") for each in replicas for _ in range(3)))
    assert set(renewed) == {"token-3"}
    assert (pop.logins, pop.most) == (3, 1)


async def test_a_wrong_password_is_tried_once_for_all_replicas(store: Store, pop: Pop) -> None:
    pop.right = False
    for attempt in (1, 2):
        refused = await asyncio.gather(*(each.token() for each in pop.replicas(store)), return_exceptions=True)
        assert {type(each) for each in refused} == {PopUnauthorised}
        assert pop.logins == attempt
        pop.now += FIRST_BACKOFF * 2 ** (attempt - 1) + 1
