"""How POP is reached: trust in its certificate, the certificate that we show, a proxy in between."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True, slots=True)
class Connection:
    """What HTTP clients for POP, and for the identity provider that it trusts, are made with."""

    tls: ssl.SSLContext | bool = True
    """True: the certificate authorities of the Mozilla list that httpx ships."""
    proxy: str | None = None

    def http(
        self, *, timeout: httpx.Timeout, base_url: str = "", transport: httpx.AsyncBaseTransport | None = None, size: int = 10
    ) -> httpx.AsyncClient:  # fmt: skip
        """A client. It follows no redirect (a redirect would carry the token, or a patient's data, to another host) and takes
        nothing from the environment: neither a proxy nor the passwords of a ``.netrc``."""
        return httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout,
            transport=transport,
            verify=self.tls,
            proxy=self.proxy if transport is None else None,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=size, max_keepalive_connections=size),
            headers={"Accept": "application/json"},
        )


def tls_context(
    *, ca_file: Path | None = None, client_cert: Path | None = None, client_key: Path | None = None
) -> ssl.SSLContext | bool:
    """Verification with a private certificate authority (added to the operating system's) and a certificate of our own, from PEM
    files; True where neither is configured. Raises OSError (ssl.SSLError is one) for a file that is no such thing."""
    if ca_file is None and client_cert is None:
        return True
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    if client_cert is not None:
        context.load_cert_chain(client_cert, client_key)
    return context
