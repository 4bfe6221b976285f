"""Bringing a store's schema to this version of lms-sync, or refusing to touch it.

Owns the question "which revision is this?" and the running of alembic. Must not know what the tables mean.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from lms_sync.errors import StoreError, StoreTooNew
from lms_sync.store.tables import metadata

VERSION_TABLE = "lms_sync_version"
"""Alembic's version table, under a name of our own so that another application's is never taken for it."""


def current_revision(connection: Connection) -> str | None:
    """The store's revision; None for an empty database."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def check_revision(connection: Connection, place: str) -> bool:
    """Whether the schema is this version's own. Changes nothing.

    Raises StoreTooNew for a revision that this version does not know, StoreError for a database of something else.
    """
    revision = current_revision(connection)
    if revision is None:
        _refuse_foreign(connection, place)
        return False
    scripts = ScriptDirectory.from_config(_config())
    if revision not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreTooNew(
            f"{place} was written by a newer lms-sync (schema {revision}): upgrade lms-sync; nothing was changed"
        )
    return revision == scripts.get_current_head()


def upgrade(connection: Connection) -> None:
    """Brings the schema to this version's, inside the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_foreign(connection: Connection, place: str) -> None:
    tables = set(inspect(connection).get_table_names())
    foreign = tables if connection.dialect.name == "sqlite" else tables & set(metadata.tables)
    if foreign:
        raise StoreError(f"{place} already holds tables of something else: give an empty database")


def _config() -> Config:
    config = Config()
    # A percent sign in the path would be read as an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
