"""What Alembic runs: the migrations, on the connection and in the transaction of `upgrade`."""

from __future__ import annotations

from alembic import context

from bot.store.tables import metadata

# render_as_batch: SQLite can't alter most things of a table, so Alembic copies it.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
context.run_migrations()
