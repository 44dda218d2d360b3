"""The first form."""

from __future__ import annotations

from alembic import op

from firstcontact.adapters.stores.sql import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    schema.metadata.create_all(op.get_bind())
