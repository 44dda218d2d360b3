"""Runs the steps inside the transaction that whoever migrates has opened."""

from __future__ import annotations

from alembic import context

from firstcontact.adapters.stores.sql import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    # SQLite cannot change a table in place; there a step copies it.
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
