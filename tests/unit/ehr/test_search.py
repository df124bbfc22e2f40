"""What the FHIR search client asks, what it follows, and what it makes of answers that are not as they should be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest

from adapters.ehr import search
from adapters.ehr.errors import EhrContract, EhrError, EhrExpired, EhrRefused, EhrUnavailable
from adapters.ehr.search import FhirSearch
from adapters.ehr.source import Page

BASE = "https://ehr.example/fhir"
Answer = httpx.Response | Exception


class Peer:
    """A server that gives prepared answers in order, the last one for ever, and keeps what it was asked."""

    def __init__(self, answers: Sequence[Callable[[], Answer]]) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        make = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(request)
        answer = make()
        if isinstance(answer, Exception):
            raise answer
        return answer


def bundle(*ids: str, following: str | None = None, headers: dict[str, str] | None = None, **more: Any) -> Any:
    """Makes a searchset with Patients of these ids and a next link."""
    body: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "self", "url": BASE}]}
    if following is not None:
        body["link"].append({"relation": "next", "url": following})
    if ids:
        body["entry"] = [{"resource": {"resourceType": "Patient", "id": each}} for each in ids]
    return lambda: httpx.Response(200, json={**body, **more}, headers=headers)


def plain(status: int, content: bytes = b"", **headers: str) -> Callable[[], Answer]:
    return lambda: httpx.Response(status, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()})


@asynccontextmanager
async def client(peer: Peer, base: str = BASE, **options: Any) -> AsyncIterator[FhirSearch]:
    made = FhirSearch(base, transport=httpx.MockTransport(peer), **options)
    try:
        yield made
    finally:
        await made.aclose()


async def read(peer: Peer, *, since: str | None = None, until: str | None = None, **options: Any) -> list[Page]:
    async with client(peer, **options) as source:
        return [page async for page in source.pages("Patient", since=since, until=until)]


async def failure(peer: Peer, kind: type[EhrError], **options: Any) -> str:
    with pytest.raises(EhrError) as caught:
        await read(peer, **options)
    assert type(caught.value) is kind
    return str(caught.value)


# -- asking ------------------------------------------------------------------------------------------------------------


async def test_a_window_is_asked_for_in_the_order_of_the_changes() -> None:
    peer = Peer([bundle("a")])
    await read(peer, since="2026-01-01T00:00:00Z", until="2026-01-02T00:00:00Z", page_size=7, token="secret")
    [request] = peer.asked
    assert request.url.path == "/fhir/Patient"
    assert request.url.params.multi_items() == [
        ("_sort", "_lastUpdated"),
        ("_count", "7"),
        ("_lastUpdated", "ge2026-01-01T00:00:00Z"),
        ("_lastUpdated", "lt2026-01-02T00:00:00Z"),
    ]
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["Accept"] == "application/fhir+json"


async def test_an_open_window_has_no_bounds() -> None:
    peer = Peer([bundle()])
    await read(peer)
    assert "_lastUpdated" not in peer.asked[0].url.params


async def test_the_plus_of_a_zone_is_encoded() -> None:
    peer = Peer([bundle()])
    await read(peer, since="2026-01-01T00:00:00+01:00")
    query = peer.asked[0].url.query
    assert b"+" not in query
    assert b"%2B01" in query


async def test_without_a_token_none_is_sent() -> None:
    peer = Peer([bundle()])
    await read(peer)
    assert "Authorization" not in peer.asked[0].headers


# -- pages -------------------------------------------------------------------------------------------------------------


async def test_bodies_are_handed_on_as_they_arrived() -> None:
    body = b'{ "resourceType":"Bundle","type":"searchset",\n "entry":[{"resource":{"x": 1.50}}] , "total":1}'
    peer = Peer([plain(200, body, Date="Tue, 24 Nov 2026 10:00:00 GMT")])
    assert await read(peer) == [Page(body, ("",), 1, 1795514400.0)]


@pytest.mark.parametrize(
    "link",
    [
        f"{BASE}?_getpages=7f%2B3%20a&_pageId=x%7Cy&b=1+2&a=",
        f"{BASE}/Patient;v=1?_offset=2&_offset=3",
        "https://ehr.example/other/path?state=eyJh==",
    ],
)
async def test_next_links_are_followed_to_the_letter(link: str) -> None:
    peer = Peer([bundle("a", following=link), bundle("b")])
    pages = await read(peer, token="secret", since="2026-01-01T00:00:00Z")
    assert [page.matches for page in pages] == [("a",), ("b",)]
    assert str(peer.asked[1].url) == link
    assert peer.asked[1].headers["Authorization"] == "Bearer secret"


async def test_a_relative_next_link_is_relative_to_its_page() -> None:
    peer = Peer([bundle("a", following="?page=2"), bundle("b")])
    await read(peer)
    assert str(peer.asked[1].url) == f"{BASE}/Patient?page=2"


async def test_the_schemes_own_port_is_the_same_host() -> None:
    peer = Peer([bundle("a", following="https://EHR.example:443/fhir?page=2"), bundle("b")])
    assert len(await read(peer)) == 2


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/fhir?page=2",
        "http://ehr.example/fhir?page=2",
        "https://ehr.example:8443/fhir?page=2",
        "//evil.example/fhir?page=2",
        "https://ehr.example@evil.example/fhir?page=2",
        "https://ehr.example.evil.example/fhir",
    ],
)
async def test_another_host_gets_neither_request_nor_token(link: str) -> None:
    peer = Peer([bundle("a", following=link), bundle("b")])
    message = await failure(peer, EhrContract, token="secret")
    assert "another host" in message
    assert "secret" not in message
    assert [request.url.host for request in peer.asked] == ["ehr.example"]


async def test_a_redirect_is_not_followed() -> None:
    peer = Peer([plain(302, Location="https://evil.example/fhir/Patient"), bundle("a")])
    assert "302" in await failure(peer, EhrContract, token="secret")
    assert len(peer.asked) == 1


@pytest.mark.parametrize("link", ["https://[half/fhir", "https://ehr.example:port/fhir"])
async def test_a_next_link_that_is_no_address(link: str) -> None:
    await failure(Peer([bundle("a", following=link)]), EhrContract)


async def test_links_that_go_round_end() -> None:
    peer = Peer([bundle("a", following=f"{BASE}?p=2"), bundle("b", following=f"{BASE}?p=3"),
                 bundle("c", following=f"{BASE}?p=2")])  # fmt: skip
    assert "circle" in await failure(peer, EhrContract)
    assert len(peer.asked) == 3


async def test_links_without_end_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_PAGES", 5)
    peer = Peer([])
    peer.answers = [lambda: bundle("a", following=f"{BASE}?p={len(peer.asked)}")()]
    await failure(peer, EhrContract)
    assert len(peer.asked) == 6


async def test_an_empty_page_is_not_the_last_one() -> None:
    peer = Peer([bundle(following=f"{BASE}?p=2"), bundle("a", following=f"{BASE}?p=3"), bundle(entry=[])])
    assert [page.matches for page in await read(peer)] == [(), ("a",), ()]


async def test_remarks_and_included_resources_are_not_counted() -> None:
    entries = [
        {"resource": {"resourceType": "Patient", "id": "a"}, "search": {"mode": "match"}},
        {"resource": {"resourceType": "Organization", "id": "b"}, "search": {"mode": "include"}},
        {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}},
    ]
    [page] = await read(Peer([bundle(entry=entries, total=1)]))
    assert (page.matches, page.total) == (("a",), 1)


@pytest.mark.parametrize("total", [None, "many", 2.5])
async def test_a_total_that_is_no_number_is_none(total: Any) -> None:
    [page] = await read(Peer([bundle("a", total=total)]))
    assert page.total is None


@pytest.mark.parametrize("strange", [{"entry": "x"}, {"entry": [None, 3]}, {"link": {}}, {"link": [None, {"url": 1}]}])
async def test_strange_pages_are_handed_to_the_intake(strange: dict[str, Any]) -> None:
    """The intake says what is wrong with an entry; the client only finds its way."""
    [page] = await read(Peer([bundle(**strange)]))
    assert page.matches == ()


# -- answers that are none ---------------------------------------------------------------------------------------------


async def test_expired_results() -> None:
    peer = Peer([bundle("a", following=f"{BASE}?p=2"), plain(410)])
    await failure(peer, EhrExpired)
    assert len(peer.asked) == 2


@pytest.mark.parametrize("status", [401, 403])
async def test_refused(status: int) -> None:
    peer = Peer([plain(status)])
    message = await failure(peer, EhrRefused, token="secret")
    assert str(status) in message
    assert "secret" not in message
    assert len(peer.asked) == 1


@pytest.mark.parametrize("status", [204, 304, 400, 404])
async def test_other_answers_to_a_search(status: int) -> None:
    assert str(status) in await failure(Peer([plain(status)]), EhrContract)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"resourceType":"Bundle"', b"[]", b'{"resourceType":"Patient"}'])
async def test_no_bundle(body: bytes) -> None:
    await failure(Peer([plain(200, body)]), EhrContract)


@pytest.mark.parametrize("first", [plain(429, Retry_After="0"), plain(503), lambda: httpx.ReadTimeout("late")])
async def test_what_may_succeed_in_a_moment_is_tried_again(first: Callable[[], Answer]) -> None:
    peer = Peer([first, first, bundle("a")])
    assert len(await read(peer)) == 1
    assert len({str(request.url) for request in peer.asked}) == 1
    assert len(peer.asked) == 3


@pytest.mark.parametrize("always", [plain(429), plain(500), lambda: httpx.ConnectError("no")])
async def test_trying_ends(always: Callable[[], Answer]) -> None:
    peer = Peer([always])
    await failure(peer, EhrUnavailable)
    assert len(peer.asked) == search.ATTEMPTS


async def test_a_body_that_cannot_be_inflated() -> None:
    await failure(Peer([plain(200, b"not gzip", Content_Encoding="gzip")]), EhrUnavailable)


@pytest.mark.parametrize(
    ("header", "wait"),
    [("7", 7.0), ("3600", 60.0), ("Wed, 25 Nov 2026 10:00:00 GMT", True), ("-1", True), (None, True)],
)
def test_how_long_to_wait_is_the_servers_word_within_limits(header: str | None, wait: float | bool) -> None:
    response = httpx.Response(429, headers={} if header is None else {"Retry-After": header})
    assert search._backoff(search._Again("x", search._retry_after(response))) == wait


def test_other_errors_are_not_tried_again() -> None:
    assert search._backoff(EhrContract("x")) is False


async def test_messages_hold_no_query() -> None:
    """A query may hold identifiers (field notes)."""
    link = f"{BASE}?identifier=12345"
    for second in (plain(500), plain(404), plain(410), plain(403), plain(200, b"x"), bundle(following=link)):
        with pytest.raises(EhrError) as caught:
            await read(Peer([bundle("a", following=link), second]))
        assert "12345" not in str(caught.value)


# -- the server's clock ------------------------------------------------------------------------------------------------


async def clock(**headers: str) -> float:
    async with client(Peer([plain(200, orjson.dumps({}), **headers)])) as source:
        return await source.server_time()


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000"])
async def test_the_clock_is_utc_in_every_spelling(zone: str) -> None:
    assert await clock(Date=f"Tue, 24 Nov 2026 10:00:00 {zone}") == 1795514400.0


async def test_no_clock() -> None:
    with pytest.raises(EhrContract, match="Date"):
        await clock()


async def test_a_clock_that_cannot_be_read() -> None:
    with pytest.raises(EhrContract, match="Date"):
        await clock(Date="yesterday")
