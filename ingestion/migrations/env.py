"""Alembic's way to our tables: :mod:`ingestion.connections.database` gives it the connection."""

from alembic import context

from ingestion.connections.schema import metadata

# Other packages keep tables in the same database, with version tables of their own.
VERSION_TABLE = "ingestion_version"

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite changes a table by making it anew
    render_as_batch=True,
)
context.run_migrations()
