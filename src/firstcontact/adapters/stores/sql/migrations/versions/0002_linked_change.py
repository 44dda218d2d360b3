"""Which change of a contact its link knows, so that contacts can be linked in another order than they came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; what is linked already is known by the last change of all."""
    op.add_column("link", sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
