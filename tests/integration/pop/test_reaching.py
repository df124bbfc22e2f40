"""How POP is reached: a private certificate authority, a client certificate, a proxy, no redirects, a deadline per call."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from adapters.pop.client import PopClient
from adapters.pop.connection import Connection, tls_context
from adapters.pop.errors import PopAmbiguous, PopContract, PopTransient

LOGIN = b'{"sessionToken": "secret-token", "accessToken": null, "isAuthenticated": true}'
EMPTY = b'{"count": 0, "items": []}'
CASE = {
    "clinicalCenter": "Test Hospital", "clinicalIdentifier": "A-1", "dateOfBirth": "1961-05-17", "vitalStatus": "alive",
    "gender": {"code": "female", "system": "http://hl7.org/fhir/administrative-gender"},
}  # fmt: skip


def json_answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def pop(head: bytes) -> bytes:
    """What a POP with nothing in it answers."""
    return json_answer(LOGIN if head.startswith(b"POST") and b"/auth/session" in head else EMPTY)


@asynccontextmanager
async def serving(
    answer: Callable[[bytes], bytes], *, tls: ssl.SSLContext | None = None, drip: float = 0.0
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server on bare sockets; gives its port and the request heads. ``drip``: seconds between two bytes of an answer to
    anything but a login."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                heads.append(head)
                length = [
                    line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
                ]
                await reader.readexactly(int(length[0]) if length else 0)
                content = answer(head)
                if drip and b"/auth/" not in head:
                    for byte in content:
                        writer.write(bytes([byte]))
                        await writer.drain()
                        await asyncio.sleep(drip)
                writer.write(content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1], heads
    finally:
        server.close()


@asynccontextmanager
async def client(url: str, connection: Connection | None = None, *, timeout: float = 5.0) -> AsyncIterator[PopClient]:
    made = PopClient(url=url, username="gateway", password=lambda: "x", connection=connection, timeout=timeout)
    try:
        yield made
    finally:
        await made.aclose()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def server_tls(authority: trustme.CA, *, wants_client: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    return context


async def test_a_private_authority_is_trusted_where_it_is_configured_and_only_there(
    authority: trustme.CA, ca_file: Path
) -> None:
    async with serving(pop, tls=server_tls(authority)) as (port, _):
        url = f"https://127.0.0.1:{port}"
        async with client(url, Connection(tls=tls_context(ca_file=ca_file))) as trusting:
            assert await trusting.list("PatientCase") == []
        async with client(url) as doubting:
            with pytest.raises(PopTransient, match="ConnectError"):
                await doubting.list("PatientCase")


async def test_a_client_certificate_is_shown(authority: trustme.CA, ca_file: Path, tmp_path: Path) -> None:
    certificate = authority.issue_cert("gateway@hospital.example")
    cert, key = tmp_path / "client.pem", tmp_path / "client.key"
    certificate.cert_chain_pems[0].write_to_path(str(cert))
    certificate.private_key_pem.write_to_path(str(key))
    async with serving(pop, tls=server_tls(authority, wants_client=True)) as (port, _):
        url = f"https://127.0.0.1:{port}"
        shown = tls_context(ca_file=ca_file, client_cert=cert, client_key=key)
        async with client(url, Connection(tls=shown)) as known:
            assert await known.list("PatientCase") == []
        async with client(url, Connection(tls=tls_context(ca_file=ca_file))) as unknown:
            with pytest.raises(PopTransient):
                await unknown.list("PatientCase")


def test_a_file_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("nothing")
    with pytest.raises(OSError):
        tls_context(ca_file=tmp_path / "no.pem")
    with pytest.raises(OSError):
        tls_context(ca_file=tmp_path / "missing.pem")


async def test_a_proxy_gets_the_requests_and_the_environment_s_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with serving(pop) as (port, heads):
        async with client("http://pop.invalid", Connection(proxy=f"http://127.0.0.1:{port}")) as proxied:
            assert await proxied.list("PatientCase") == []
        assert heads[0].startswith(b"POST http://pop.invalid/api/v1/auth/session")
        async with client(f"http://127.0.0.1:{port}") as direct:
            assert await direct.list("PatientCase") == []


async def test_a_redirect_is_not_followed_and_no_other_host_hears_of_the_token() -> None:
    async with serving(pop) as (other, heard):
        target = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % other

        def moved(head: bytes) -> bytes:
            return pop(head) if b"/auth/" in head else target

        async with serving(moved) as (port, _), client(f"http://127.0.0.1:{port}") as redirected:
            with pytest.raises(PopContract, match="redirects"):
                await redirected.list("PatientCase")
            with pytest.raises(PopContract, match="redirects"):
                await redirected.create("PatientCase", CASE)
        assert heard == []


async def test_an_answer_that_trickles_in_ends_at_the_deadline() -> None:
    async with serving(pop, drip=0.02) as (port, _), client(f"http://127.0.0.1:{port}", timeout=0.3) as slow:
        with pytest.raises(PopTransient, match="time-out"):
            await slow.list("PatientCase")
        with pytest.raises(PopAmbiguous, match="time-out"):
            await slow.create("PatientCase", CASE)
