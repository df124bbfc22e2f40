"""POP as the gateway uses it: the client on the configured account, the session shared through the store."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa

from adapters.pop.client import PopClient
from adapters.pop.connection import Connection, tls_context
from adapters.pop.credentials import Credentials, Oidc, Password
from adapters.pop.limiter import Limiter
from adapters.pop.session import Session
from gateway.config import PopSettings
from gateway.errors import ConfigurationError
from gateway.reconcile.audit import Audit
from gateway.store.engine import Store
from gateway.store.tables import lease, setting

SESSION = "pop.session"
LOGIN_LOCK = "pop-login"
#: Seconds after which another replica may take over a login that did not end, at least: longer than a login can take.
LOGIN_LEASE = 30.0


class StoredTokens:
    """POP's session in the store: one login for all replicas (implements adapters.pop.session.TokenStore)."""

    def __init__(self, store: Store, *, lease: float = LOGIN_LEASE) -> None:
        self._store = store
        self._lease = lease
        self._holder = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"

    async def read(self) -> Session:
        """The shared session."""
        async with self._store.read() as connection:
            value = await connection.scalar(sa.select(setting.c.value).where(setting.c.name == SESSION))
        return Session() if value is None else Session(**value)

    async def write(self, session: Session) -> None:
        """Share it."""
        value = {
            "token": session.token, "issued_at": session.issued_at, "failures": session.failures,
            "not_before": session.not_before,
        }  # fmt: skip
        async with self._store.write(lock=SESSION) as connection:
            changed = await connection.execute(
                sa.update(setting).where(setting.c.name == SESSION).values(value=value, updated_at=time.time())
            )
            if changed.rowcount == 0:
                await connection.execute(sa.insert(setting).values(name=SESSION, value=value, updated_at=time.time()))

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Held by whoever signs in. A lease, not a transaction: nobody's commit waits for POP's answer."""
        while not await self._take():  # noqa: ASYNC110 - it waits for another process
            await asyncio.sleep(0.1)
        try:
            yield
        finally:
            async with self._store.write(lock=LOGIN_LOCK) as connection:
                await connection.execute(
                    sa.delete(lease).where(lease.c.name == LOGIN_LOCK, lease.c.holder == self._holder)
                )

    async def _take(self) -> bool:
        now = time.time()
        async with self._store.write(lock=LOGIN_LOCK) as connection:
            until = await connection.scalar(sa.select(lease.c.until).where(lease.c.name == LOGIN_LOCK))
            if until is not None and until > now:
                return False
            await connection.execute(sa.delete(lease).where(lease.c.name == LOGIN_LOCK))
            await connection.execute(
                sa.insert(lease).values(name=LOGIN_LOCK, holder=self._holder, until=now + self._lease)
            )
        return True


def pop_client(settings: PopSettings, store: Store, audit: Audit) -> PopClient:
    """The client for the configured POP. Raises ConfigurationError for certificate files that cannot be used."""
    connection = pop_connection(settings)
    return PopClient(
        url=settings.url,
        username=settings.username,
        password=settings.secret,
        credentials=pop_credentials(settings, connection),
        # Two requests, each within its deadline: the identity provider's and POP's.
        tokens=StoredTokens(store, lease=max(LOGIN_LEASE, 2 * settings.timeout + 10)),
        timeout=settings.timeout,
        observer=audit.observe,
        limiter=Limiter(lambda: settings.ceiling(dt.datetime.now(dt.UTC))),
        connection=connection,
    )


def pop_connection(settings: PopSettings) -> Connection:
    """How POP is reached. Raises ConfigurationError."""
    try:
        tls = tls_context(ca_file=settings.ca_file, client_cert=settings.client_cert, client_key=settings.client_key)
    except OSError as error:
        raise ConfigurationError(
            f"[pop] ca_file, client_cert or client_key is not usable: {error.strerror or type(error).__name__}"
        ) from error
    return Connection(tls=tls, proxy=settings.proxy)


def pop_credentials(settings: PopSettings, connection: Connection) -> Credentials:
    """How the technical account signs in."""
    oidc = settings.oidc
    if oidc is None:
        return Password(settings.username, settings.secret)
    return Oidc(
        provider=oidc.provider,
        token_endpoint=oidc.token_endpoint,
        client_id=oidc.client_id,
        client_secret=oidc.secret,
        scope=oidc.scope,
        user=(lambda: (settings.username, settings.secret())) if oidc.grant == "password" else None,
        connection=connection,
        timeout=settings.timeout,
    )
