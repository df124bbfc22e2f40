"""What is around an unreadable entity is read, and its place is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pop.culprit import Around, Diagnosis, read_around
from adapters.pop.errors import PopServerError

JsonObject = dict[str, Any]


class Server:
    """A list of which some places cannot be shown, as POP answers it."""

    def __init__(self, count: int, poisoned: frozenset[int]) -> None:
        self.count, self.poisoned, self.requests = count, poisoned, 0

    async def page(self, offset: int, limit: int) -> tuple[list[JsonObject], int]:
        """One page."""
        self.requests += 1
        shown = range(offset, min(offset + limit, self.count))
        if self.poisoned & set(shown):
            raise PopServerError("500", status=500)
        return [{"id": place} for place in shown], self.count


@given(st.integers(0, 180), st.sets(st.integers(0, 179), max_size=6))
def test_every_unreadable_place_is_found_and_the_rest_is_read_in_order(count: int, places: set[int]) -> None:
    server = Server(count, frozenset(place for place in places if place < count))
    around = asyncio.run(read_around(server.page))
    assert around.count == count
    assert set(around.unreadable) == server.poisoned
    assert [item["id"] for item in around.items] == [n for n in range(count) if n not in server.poisoned]
    # A page of 50 is halved six times at most, into two each time.
    assert server.requests <= 1 + -(-count // 50) + 14 * len(server.poisoned)


def test_a_server_that_cannot_even_count_has_another_fault() -> None:
    async def page(offset: int, limit: int) -> tuple[list[JsonObject], int]:
        raise PopServerError("500", status=500)

    with pytest.raises(PopServerError):
        asyncio.run(read_around(page))


def test_a_diagnosis_says_what_and_where() -> None:
    found = Diagnosis("case-id", case_unreadable=True, lists=(("vitals", Around((), 3, (0, 2))),))
    assert "the case itself and vitals (entity 1, 3 of 3" in str(found)
    assert "case-id" in str(found)
    assert found.hides("vitals")
    assert not found.hides("surgeries")
