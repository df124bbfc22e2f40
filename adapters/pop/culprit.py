"""Finding what makes POP fail on a list.

POP builds a list's answer item by item; one stored entity that it cannot show (shared notes, *Poison*) makes every page with it a
500, for everybody. Its id is never told, but its place can be: the list is halved until the pages that fail hold one item each.
What is around it is read all the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.pop.case import collections
from adapters.pop.errors import PopServerError
from adapters.pop.kinds import JsonObject

if TYPE_CHECKING:
    from adapters.pop.client import PopClient

#: (offset, limit) → (items, number of items in all); raises PopServerError where the page cannot be shown.
Page = Callable[[int, int], Awaitable[tuple[list[JsonObject], int]]]
#: POP's longest page.
LIMIT = 50
#: An offset beyond every list: such a page holds nothing that could fail, and still tells the count.
BEYOND = 10**9


@dataclass(frozen=True, slots=True)
class Around:
    """A list as far as it can be read."""

    items: tuple[JsonObject, ...]
    count: int
    unreadable: tuple[int, ...]
    """Places in the list, from 0, of what POP cannot show."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What of one case POP cannot show."""

    case_id: str
    case_unreadable: bool
    lists: tuple[tuple[str, Around], ...]
    """Collections of the case that cannot be listed."""

    def __str__(self) -> str:
        found = ["the case itself"] if self.case_unreadable else []
        for collection, around in self.lists:
            places = ", ".join(str(place + 1) for place in around.unreadable)
            found.append(f"{collection} (entity {places} of {around.count} in the order of their ids)")
        return f"POP cannot show {' and '.join(found)} of case {self.case_id}: somebody stored what it chokes on"

    def hides(self, collection: str) -> bool:
        """Whether what stands in this collection of the case cannot be told."""
        return any(collection == name for name, _ in self.lists)


async def read_around(page: Page) -> Around:
    """Everything of a list that can be read, and the places of the rest: about two requests for each halving. Raises
    PopServerError if POP cannot even count the list: then it is no single entity's fault."""
    _, count = await page(BEYOND, 1)
    items: list[JsonObject] = []
    unreadable: list[int] = []

    async def read(offset: int, limit: int) -> None:
        try:
            found, _ = await page(offset, limit)
        except PopServerError:
            if limit == 1:
                unreadable.append(offset)
                return
            half = limit // 2
            await read(offset, half)
            await read(offset + half, limit - half)
        else:
            items.extend(found)

    for offset in range(0, count, LIMIT):
        await read(offset, min(LIMIT, count - offset))
    return Around(tuple(items), count, tuple(unreadable))


async def diagnose(client: PopClient, case_id: str) -> Diagnosis | None:
    """What of this case POP cannot show; None if it can show everything (its failure was something else). Raises PopError for
    what is no single entity's fault."""
    try:
        await client.get("PatientCase", case_id)
        case_unreadable = False
    except PopServerError:
        case_unreadable = True
    lists = []
    for collection in collections():
        page = client.pages(collection, {"caseId": case_id})
        try:
            await page(0, LIMIT)
        except PopServerError:
            around = await read_around(page)
            if around.unreadable:
                lists.append((collection, around))
    return Diagnosis(case_id, case_unreadable, tuple(lists)) if case_unreadable or lists else None
