"""Repeats by when they were found: whoever tells of them asks for the newest, and read all links to find those."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the index; links of other contacts are not in it."""
    op.create_index(
        "ix_link_linked_at",
        "link",
        ["linked_at"],
        unique=False,
        sqlite_where=sa.text("repeat_of IS NOT NULL"),
        postgresql_where=sa.text("repeat_of IS NOT NULL"),
    )
