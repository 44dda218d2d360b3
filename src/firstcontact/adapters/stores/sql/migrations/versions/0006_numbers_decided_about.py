"""Whose contacts were when somebody decided about them, so that a number that went away leads on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; of earlier decisions it is not known."""
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("identity_override", sa.Column("person_id", whole, nullable=True))
    op.create_index(op.f("ix_identity_override_person_id"), "identity_override", ["person_id"], unique=False)
    op.create_index(op.f("ix_identity_override_decision_id"), "identity_override", ["decision_id"], unique=False)
