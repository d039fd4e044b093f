"""Make the outbox: texts that people asked for on a call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table and its indexes."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("line", "service", "routing_id")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("recipient", "sealed", "status")),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("lease", sa.Text, nullable=False, server_default=""),
        sa.Column("attempted_at", MOMENT),
        sa.Column("sid", sa.Text, nullable=False, server_default=""),
    )
    waiting = sa.text("status = 'waiting'")
    op.create_index("outbox_due", "outbox", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_index("outbox_recipient", "outbox", ["recipient", "asked_at"])
    for name in ("routing_id", "sid", "expires_at"):
        op.create_index(f"outbox_{name.removesuffix('_id')}", "outbox", [name])
