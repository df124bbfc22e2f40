"""Bringing the schema to the version that this gateway needs; and opening a store that is."""

from __future__ import annotations

import os
from importlib.resources import files

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from gateway.config import StoreSettings
from gateway.errors import ConfigurationError, StoreUnavailable
from gateway.store import tables
from gateway.store.engine import Store, create_engine


def configuration() -> Config:
    """Alembic's configuration for the packaged migrations."""
    config = Config()
    config.set_main_option("script_location", str(files("gateway.store").joinpath("migrations")))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The newest revision."""
    return str(ScriptDirectory.from_config(configuration()).get_current_head())


def _migrate(connection: sa.Connection) -> None:
    if MigrationContext.configure(connection).get_current_revision() == head():
        return
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    present = connection.scalar(sa.select(tables.counter.c.value).where(tables.counter.c.name == "seq"))
    if present is None:
        connection.execute(sa.insert(tables.counter).values(name="seq", value=0))


def _check_folder(url: sa.URL) -> None:
    """Say clearly that SQLite could not make its file; aiosqlite's own failure leaves a thread that reports into the void."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return
    folder = os.path.dirname(os.path.abspath(str(url.database)))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigurationError("[store] url names a folder that does not exist or cannot be written: create it first")


async def open_store(settings: StoreSettings) -> Store:
    """Open the database and migrate it, under a lock so that replicas that start together do not both.

    Raises ConfigurationError for an unusable URL or folder, StoreUnavailable if the database does not answer.
    """
    try:
        engine = create_engine(settings)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            f"[store] url is no database address that can be used here ({type(error).__name__})"
        ) from error
    _check_folder(engine.url)
    store = Store(engine)
    try:
        async with store.write(lock="migration") as connection:
            await connection.run_sync(_migrate)
    except (DBAPIError, OSError) as error:
        await store.close()
        raise StoreUnavailable(f"the database cannot be opened ({type(error).__name__}): check [store] url") from error
    except StoreUnavailable:
        await store.close()
        raise
    return store


async def revision(store: Store) -> str | None:
    """The revision the database is at."""
    async with store.read() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
