"""Say in the counts of a day in which of its hours they are, and drop an index for each filter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ANY_HOUR = (1 << 24) - 1


def upgrade() -> None:
    """Every hour of the days that are there may have one; `signpost rollups rebuild` narrows that down."""
    for table in ("rollup_days", "rollup_values"):
        op.add_column(table, sa.Column("hours", sa.Integer, nullable=False, server_default=str(ANY_HOUR)))
    for name in ("service", "channel", "language", "chosen_by", "outcome"):
        op.drop_index(f"routings_partner_{name}", "routings")
