"""The tables. A column is added here and by a migration, and a test compares the two.

No column may say who somebody is: ids of turns and sessions arrive as keyed hashes, the words of a
message never arrive, and a routing has no session. A test holds the schema to
exactly these columns.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Dialect


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, the same from both databases.

    PostgreSQL keeps the moment and gives it in the connection's zone. SQLite keeps text without a
    zone ("2026-11-24 09:00:00.000000"), so UTC goes in and is put back on what comes out; text of
    one zone and one width also sorts as the moments do, which the comparisons of expiry need.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring a moment to UTC. Raises ValueError for a naive one, whose moment nobody knows."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment to be stored has no time zone; pass aware UTC")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Give aware moments in UTC. There are thousands of rows of one hour, and each has it."""
        return _sqlite_moment if dialect.name == "sqlite" else _postgresql_moment


@lru_cache(maxsize=1024)
def _sqlite_moment(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written).replace(tzinfo=UTC)


def _postgresql_moment(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


metadata = MetaData()

# What a partner filters its routings by.
FILTERS = ("service", "channel", "language", "chosen_by", "outcome")


_WAITING = text("status = 'waiting'")


def _unindexed(table: str) -> Index:
    """Find the rows that the ledger has not taken yet; they are few, and so is this."""
    where = text("leaf_index IS NULL")
    return Index(f"{table}_unindexed", "hour", "seq", sqlite_where=where, postgresql_where=where)


sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("sessions_expires_at", "expires_at"),
)

turns = Table(
    "turns",
    metadata,
    Column("id", Text, primary_key=True),
    Column("answer", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("turns_expires_at", "expires_at"),
)

routings = Table(
    "routings",
    metadata,
    # SQLite numbers rows by itself only in a column whose type is exactly INTEGER. AUTOINCREMENT: a number
    # is never given twice, even when the newest row has been deleted.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("id", Text, nullable=False),
    Column("hour", UtcDateTime, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("flow_revision", Text, nullable=False),
    Column("directory_revision", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("chosen_by", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    # From here on what the audited log knows of it. A row of a release from before the log, or of one that
    # runs beside this one while it is rolled out, has no partner and no salt: the integrator gives it both.
    Column("partner", Text, nullable=False, server_default=""),
    Column("late", Boolean, nullable=False, server_default=false()),
    Column("salt", Text),
    Column("leaf_index", BigInteger),
    Column("partner_seq", BigInteger),
    Index("routings_id", "id", unique=True),
    Index("routings_hour", "hour", "seq"),
    Index("routings_partner", "partner", "partner_seq"),
    _unindexed("routings"),
    # A partner's list, newest hour first; bot/store/wanted.py says in which hours a filter finds any.
    Index("routings_partner_hour", "partner", "hour", "seq"),
    sqlite_autoincrement=True,
)

# How a routing went on: each thing that happened, while routings.outcome has what counts in the end.
outcomes = Table(
    "outcomes",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("routing_id", Text, nullable=False),
    Column("hour", UtcDateTime, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("late", Boolean, nullable=False, server_default=false()),
    Column("salt", Text),
    Column("leaf_index", BigInteger),
    Column("partner_seq", BigInteger),
    Index("outcomes_routing", "routing_id"),
    Index("outcomes_hour", "hour", "seq"),
    Index("outcomes_partner", "partner", "partner_seq"),
    _unindexed("outcomes"),
    sqlite_autoincrement=True,
)

# Texts that people asked for on a call, each for a day: sent by the worker or after the answer, once.
# `id` is the turn's. `sealed` is the number and the words, encrypted, and "" from the moment that the text is
# handed over or given up. `recipient` and `sid` (the carrier's id of the message) are keyed hashes.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    *(
        Column(name, Text, nullable=False)
        for name in ("line", "service", "routing_id", "recipient", "sealed")
    ),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    # When it may be tried next; while `lease` names who has it, when that one is given up for dead.
    Column("due_at", UtcDateTime, nullable=False),
    Column("lease", Text, nullable=False, server_default=""),
    # When a request may first have left whose outcome nobody knows.
    Column("attempted_at", UtcDateTime),
    Column("sid", Text, nullable=False, server_default=""),
    Index("outbox_due", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    Index("outbox_recipient", "recipient", "asked_at"),
    Index("outbox_routing", "routing_id"),
    Index("outbox_sid", "sid"),
    Index("outbox_expires_at", "expires_at"),
)

# One row: how large the tree is, when it was last said to be alive and last grew, up to which day there are
# tallies, and what keeps it from being signed ("" when nothing does).
tree = Table(
    "tree",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("alive_at", UtcDateTime),
    Column("grown_at", UtcDateTime),
    Column("tallied", Text),
    Column("alarm", Text, nullable=False, server_default=""),
)

# Tiles and bundles of entries by the path of the full one, as wide as they have grown.
tiles = Table(
    "tiles",
    metadata,
    Column("path", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# The last partner_seq of each partner, now and when its last tally was written.
sequences = Table(
    "sequences",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("tallied", BigInteger, nullable=False),
)

tallies = Table(
    "tallies",
    metadata,
    Column("day", Text, primary_key=True),
    Column("partner", Text, primary_key=True),
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("count", BigInteger, nullable=False),
    Column("salt", Text, nullable=False),
    Column("leaf_index", BigInteger, nullable=False),
    Index("tallies_partner", "partner", "leaf_index"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
)

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("witness", Text, primary_key=True),
    Column("line", Text, nullable=False),
)

# What is still to be deleted at the carrier: its ids of messages and calls of people who were sent to a
# service. Only whoever may look into the account there can say whose they are; a row goes when it is done.
redactions = Table(
    "redactions",
    metadata,
    Column("sid", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("kept_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("lease", Text, nullable=False),
    Index("redactions_due_at", "due_at"),
)

# How often that went how; counted here, since the worker's process is not the one that is asked.
redacted = Table(
    "redacted",
    metadata,
    Column("result", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
