"""Slots: no more in flight than allowed, first come first served, nothing lost when a waiter is cancelled."""

from __future__ import annotations

import asyncio

from adapters.pop.limiter import Limiter


async def test_no_more_in_flight_than_the_ceiling_of_the_moment() -> None:
    ceiling = 2
    limiter = Limiter(lambda: ceiling)
    most, order = 0, []

    async def one(number: int) -> None:
        nonlocal most
        async with limiter.slot("x") as slot:
            most = max(most, limiter.in_flight)
            order.append(number)
            await asyncio.sleep(0)
            slot.answered = True

    await asyncio.gather(*(one(number) for number in range(50)))
    assert most == 2
    assert order == sorted(order)
    ceiling, most = 1, 0
    await asyncio.gather(*(one(number) for number in range(50, 70)))
    assert most == 1
    assert limiter.in_flight == 0


async def test_a_cancelled_waiter_takes_no_turn_with_it() -> None:
    limiter = Limiter(lambda: 1)
    entered = asyncio.Event()

    async def holder() -> None:
        async with limiter.slot("x"):
            entered.set()
            await asyncio.sleep(0.01)

    async def waiter() -> str:
        async with limiter.slot("x"):
            return "served"

    first = asyncio.create_task(holder())
    await entered.wait()
    cancelled, served = asyncio.create_task(waiter()), asyncio.create_task(waiter())
    await asyncio.sleep(0)
    cancelled.cancel()
    assert await served == "served"
    await first
    # Cancelled at the very moment at which its turn comes.
    async with limiter.slot("x"):
        unlucky, next_one = asyncio.create_task(waiter()), asyncio.create_task(waiter())
        await asyncio.sleep(0)
    unlucky.cancel()
    assert await next_one == "served"
    assert limiter.in_flight == 0


async def test_an_overload_halves_the_limit_and_an_error_frees_the_slot() -> None:
    limiter = Limiter(lambda: 8)
    before = limiter.limit
    try:
        async with limiter.slot("x") as slot:
            slot.overloaded = True
            raise TimeoutError
    except TimeoutError:
        pass
    assert limiter.limit == before // 2
    assert limiter.in_flight == 0
