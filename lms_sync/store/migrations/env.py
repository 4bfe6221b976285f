"""Alembic's entry point: runs the revisions on the connection that `lms_sync.store.migrate` hands over."""

from alembic import context

from lms_sync.store.migrate import VERSION_TABLE
from lms_sync.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # The store begins SQLite transactions itself, so its DDL is transactional too.
    transactional_ddl=True,
)
context.run_migrations()
