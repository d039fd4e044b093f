"""Make the tables of opt-outs and of what a line has spent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "opt_outs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("day", sa.Text, nullable=False),
    )
    op.create_table(
        "spent",
        sa.Column("line", sa.Text, primary_key=True),
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("texts", sa.BigInteger, nullable=False),
        sa.Column("transfers", sa.BigInteger, nullable=False),
        sa.Column("transfer_seconds", sa.BigInteger, nullable=False),
        sa.Column("abroad", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
