"""Add what the audited log needs: columns of routings, their outcomes, tiles, tallies and checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns and tables. Routings that are there enter the log as late: nobody vouched for them."""
    # Added one by one, not by copying the table: it may hold millions of rows.
    op.add_column("routings", sa.Column("partner", sa.Text, nullable=False, server_default=""))
    op.add_column("routings", sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("routings", sa.Column("salt", sa.Text))
    op.add_column("routings", sa.Column("leaf_index", sa.BigInteger))
    op.add_column("routings", sa.Column("partner_seq", sa.BigInteger))
    # Partner and salt are given by the integrator, which knows the directory and has a source of chance.
    op.execute("UPDATE routings SET late = true")
    _make_outcomes()
    for table in ("routings", "outcomes"):
        op.create_index(f"{table}_partner", table, ["partner", "partner_seq"])
        where = sa.text("leaf_index IS NULL")
        op.create_index(
            f"{table}_unindexed", table, ["hour", "seq"], sqlite_where=where, postgresql_where=where
        )
    _make_ledger()


def _make_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
        sa.Column("routing_id", sa.Text, nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("partner", sa.Text, nullable=False),
        sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("salt", sa.Text),
        sa.Column("leaf_index", sa.BigInteger),
        sa.Column("partner_seq", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index("outcomes_routing", "outcomes", ["routing_id"])
    op.create_index("outcomes_hour", "outcomes", ["hour", "seq"])


def _make_ledger() -> None:
    tree = op.create_table(
        "tree",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("alive_at", MOMENT),
        sa.Column("grown_at", MOMENT),
        sa.Column("tallied", sa.Text),
        sa.Column("alarm", sa.Text, nullable=False, server_default=""),
    )
    op.bulk_insert(tree, [{"id": 1, "size": 0}])
    op.create_table(
        "tiles",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "sequences",
        sa.Column("partner", sa.Text, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("tallied", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "tallies",
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("partner", sa.Text, primary_key=True),
        sa.Column("first", sa.BigInteger),
        sa.Column("last", sa.BigInteger),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("leaf_index", sa.BigInteger, nullable=False),
    )
    op.create_index("tallies_partner", "tallies", ["partner", "leaf_index"])
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
    )
    op.create_table(
        "cosignatures",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("witness", sa.Text, primary_key=True),
        sa.Column("line", sa.Text, nullable=False),
    )
