"""Make the table of what is still to be deleted at the carrier, and the one that counts what was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "redactions",
        sa.Column("sid", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("kept_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("lease", sa.Text, nullable=False),
    )
    op.create_index("redactions_due_at", "redactions", ["due_at"])
    op.create_table(
        "redacted",
        sa.Column("result", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
