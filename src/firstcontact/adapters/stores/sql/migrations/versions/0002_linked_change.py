"""Which change of a contact its link knows, so that contacts can be linked in another order than they came.

And the records beside contacts by customer and kind: by kind alone, all customers were read to find one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; what is linked already is known by the last change of all."""
    op.add_column("link", sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
    op.drop_index("ix_companion_customer", table_name="companion")
    op.create_index("ix_companion_customer", "companion", ["customer_id", "kind"], unique=False)
