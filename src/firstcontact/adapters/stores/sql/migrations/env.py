"""Runs the steps inside the transaction that whoever migrates has opened."""

from __future__ import annotations

from alembic import context

from firstcontact.adapters.stores.sql import schema


def run() -> None:
    """Run the steps that are lacking."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=schema.metadata,
        # SQLite cannot change a table in place; there a step copies it.
        render_as_batch=True,
        transactional_ddl=False,
    )
    context.run_migrations()


if hasattr(context, "config"):  # Alembic asks, and not somebody who only looks at modules
    run()
