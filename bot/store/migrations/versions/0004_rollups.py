"""Make the tables of counts and of what partners say of their listings; index a partner's routings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

MOMENT = sa.DateTime(timezone=True)
FILTERS = ("service", "channel", "language", "chosen_by", "outcome")


def upgrade() -> None:
    """Make the five tables and the indexes."""
    for table, period in (("rollup_hours", "hour"), ("rollup_days", "day")):
        op.create_table(
            table,
            sa.Column("partner", sa.Text, primary_key=True),
            sa.Column(period, MOMENT, primary_key=True),
            *(sa.Column(name, sa.Text, primary_key=True) for name in FILTERS),
            sa.Column("count", sa.BigInteger, nullable=False),
            sqlite_with_rowid=False,
        )
        op.create_index(f"{table}_{period}", table, [period])
    op.create_table(
        "rollup_values",
        sa.Column("partner", sa.Text, primary_key=True),
        sa.Column("day", MOMENT, primary_key=True),
        sa.Column("property", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("rollup_values_day", "rollup_values", ["day"])
    op.create_table(
        "rollup_totals",
        sa.Column("partner", sa.Text, primary_key=True),
        sa.Column("hour", MOMENT, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("rollup_totals_hour", "rollup_totals", ["hour"])
    op.create_table(
        "assurances",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("partner", "service", "verdict", "words")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("listing", "said_by")),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.Column("settled", sa.Text, nullable=False),
        sa.Column("settled_by", sa.Text, nullable=False),
        sa.Column("settled_at", MOMENT),
        sqlite_autoincrement=True,
    )
    op.create_index("assurances_partner", "assurances", ["partner", "service", "id"])
    op.create_index("assurances_settled", "assurances", ["settled", "id"])
    op.create_index("routings_partner_hour", "routings", ["partner", "hour", "seq"])
    for name in FILTERS:
        op.create_index(f"routings_partner_{name}", "routings", ["partner", name, "hour", "seq"])
