"""The tables of running the line: what is switched, and what was sent to partners each day."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from bot.store.tables import UtcDateTime, metadata

# A row a switch that somebody has used; `message` is the operator's own words.
switches = Table(
    "switches",
    metadata,
    Column("name", Text, primary_key=True),
    Column("on", Boolean, nullable=False),
    Column("message", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

# A row a partner and day. `state` is waiting, sent or given up; `tries` also says whose lease it is.
digests = Table(
    "digests",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Index("digests_state", "state", "due_at"),
)
