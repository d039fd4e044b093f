"""Make the table of how many numbers of one range text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "texters",
        sa.Column("block", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("texters_expires_at", "texters", ["expires_at"])
