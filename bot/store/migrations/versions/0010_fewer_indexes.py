"""Drop three indexes of routings that one command used, and that every turn and place paid for."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Drop them. `signpost routings` reads from the newest on, and a partner's pages have their own."""
    for name in ("service", "channel", "outcome"):
        op.drop_index(f"routings_{name}", "routings")
