"""One login for everybody, and none that would only use up POP's login limit."""

from __future__ import annotations

import asyncio

import pytest

from adapters.pop.errors import PopTransient, PopUnauthorised
from adapters.pop.session import (
    FIRST_BACKOFF,
    LONGEST_BACKOFF,
    SESSION_LIFE,
    UNUSED_RENEWALS,
    MemoryTokenStore,
    SessionManager,
)


class Pop:
    """A login with a clock of its own."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.logins = 0
        self.right = True
        self.away = False

    async def login(self) -> str | None:
        self.logins += 1
        await asyncio.sleep(0)
        if self.away:
            raise PopTransient("away")
        return f"token-{self.logins}" if self.right else None

    def manager(self, store: MemoryTokenStore) -> SessionManager:
        return SessionManager(store, self.login, clock=lambda: self.now)


@pytest.fixture
def pop() -> Pop:
    return Pop()


async def test_replicas_that_share_a_store_sign_in_once(pop: Pop) -> None:
    store = MemoryTokenStore()
    managers = [pop.manager(store) for _ in range(5)]
    tokens = await asyncio.gather(*(manager.token() for manager in managers for _ in range(10)))
    assert set(tokens) == {"token-1"}
    assert pop.logins == 1


async def test_a_session_is_renewed_before_pop_ends_it(pop: Pop) -> None:
    manager = pop.manager(MemoryTokenStore())
    await manager.token()
    pop.now += SESSION_LIFE - 1
    assert await manager.token() == "token-1"
    pop.now += 2
    assert await manager.token() == "token-2"


async def test_a_refused_token_is_replaced_once_for_all_who_had_it(pop: Pop) -> None:
    manager = pop.manager(MemoryTokenStore())
    old = await manager.token()
    assert set(await asyncio.gather(*(manager.token(instead_of=old) for _ in range(20)))) == {"token-2"}
    assert pop.logins == 2


async def test_refused_credentials_back_off_ever_longer_and_over_all_replicas(pop: Pop) -> None:
    pop.right = False
    store = MemoryTokenStore()
    for attempt in range(1, 10):
        for _ in range(3):
            with pytest.raises(PopUnauthorised):
                await pop.manager(store).token()
        assert pop.logins == attempt
        wait = min(FIRST_BACKOFF * 2 ** (attempt - 1), LONGEST_BACKOFF)
        pop.now += wait + 1
    pop.right = True
    assert await pop.manager(store).token() == "token-10"


async def test_sessions_that_were_of_use_are_renewed_as_often_as_need_be(pop: Pop) -> None:
    manager = pop.manager(MemoryTokenStore())
    token = await manager.token()
    for _ in range(20):
        manager.accepted(token)
        token = await manager.token(instead_of=token)
    assert pop.logins == 21


async def test_an_outage_is_no_refusal(pop: Pop) -> None:
    manager = pop.manager(MemoryTokenStore())
    pop.away = True
    with pytest.raises(PopTransient):
        await manager.token()
    pop.away = False
    assert await manager.token() == "token-2"


async def test_sessions_refused_as_soon_as_given_do_not_become_a_login_storm(pop: Pop) -> None:
    manager = pop.manager(MemoryTokenStore())
    token = await manager.token()
    with pytest.raises(PopUnauthorised):  # noqa: PT012 - which of them is the last is the point
        for _ in range(100):
            token = await manager.token(instead_of=token)
    assert pop.logins == 1 + UNUSED_RENEWALS
    with pytest.raises(PopUnauthorised):
        await manager.token()
    assert pop.logins == 1 + UNUSED_RENEWALS
    pop.now += FIRST_BACKOFF + 1
    assert await manager.token() == f"token-{pop.logins}"
