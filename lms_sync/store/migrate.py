"""Bringing a store's schema to this version of lms-sync, or refusing to touch it.

Owns the question "which revision is this?" and the running of alembic. Must not know what the tables mean. Alembic is
imported only to upgrade: every command opens the store, and nearly none has anything to bring up.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

from lms_sync.errors import StoreError, StoreTooNew
from lms_sync.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS = ("0001", "0002", "0003", "0004")
"""The revisions of `migrations/versions`, in their order: the last is this version's own."""

VERSION_TABLE = "lms_sync_version"
"""Alembic's version table, under a name of our own so that another application's is never taken for it."""

_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))


def current_revision(connection: Connection) -> str | None:
    """The store's revision; None for an empty database."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(select(_version.c.version_num)).scalar_one_or_none()


def check_revision(connection: Connection, place: str) -> bool:
    """Whether the schema is this version's own. Changes nothing.

    Raises StoreTooNew for a revision that this version does not know, StoreError for a database of something else.
    """
    revision = current_revision(connection)
    if revision is None:
        _refuse_foreign(connection, place)
        return False
    if revision not in REVISIONS:
        raise StoreTooNew(
            f"{place} was written by a newer lms-sync (schema {revision}): upgrade lms-sync; nothing was changed"
        )
    return revision == REVISIONS[-1]


def upgrade(connection: Connection) -> None:
    """Brings the schema to this version's, inside the connection's transaction."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_foreign(connection: Connection, place: str) -> None:
    tables = set(inspect(connection).get_table_names())
    foreign = tables if connection.dialect.name == "sqlite" else tables & set(metadata.tables)
    if foreign:
        raise StoreError(f"{place} already holds tables of something else: give an empty database")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    # A percent sign in the path would be read as an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
