"""Make the tables of sessions, turns and routings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# What the columns were at this revision is written out: `tables.py` moves on, history does not.
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the three tables and their indexes."""
    for name, kept in (("sessions", "state"), ("turns", "answer")):
        op.create_table(
            name,
            sa.Column("id", sa.Text, primary_key=True),
            sa.Column(kept, sa.Text, nullable=False),
            sa.Column("expires_at", MOMENT, nullable=False),
        )
        op.create_index(f"{name}_expires_at", name, ["expires_at"])
    op.create_table(
        "routings",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("flow_revision", sa.Text, nullable=False),
        sa.Column("directory_revision", sa.Text, nullable=False),
        sa.Column("code_version", sa.Text, nullable=False),
        sa.Column("chosen_by", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("routings_id", "routings", ["id"], unique=True)
    for column in ("service", "channel", "outcome", "hour"):
        op.create_index(f"routings_{column}", "routings", [column, "seq"])
