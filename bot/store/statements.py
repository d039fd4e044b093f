"""What a turn says to the database, written once for both: a value's name stands behind a colon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.session import hidden_by, ways_a_transfer_ends
from bot.store.outbox import NOT_ARRIVED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.session import Outcome

# For PostgreSQL, what says at once for many rows what a statement says for one: a statement on its way there
# and back costs more than a row. The rows come as JSON, in one value.
TOGETHER: dict[str, str] = {}


def _given(kinds: Mapping[str, str]) -> str:
    listed = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    return f"json_to_recordset(CAST(:rows AS json)) AS given ({listed})"


def _insert(table: str, kinds: Mapping[str, str], conflict: str = "") -> str:
    """Insert one row, with a value for each column; `kinds` are the columns' types on PostgreSQL."""
    names = ", ".join(kinds)
    into, values = f"INSERT INTO {table} ({names})", ", ".join(f":{name}" for name in kinds)
    sql = f"{into} VALUES ({values}) {conflict}".rstrip()
    TOGETHER[sql] = f"{into} SELECT {names} FROM {_given(kinds)} {conflict}".rstrip()  # noqa: S608 - our own words  # nosec B608
    return sql


# A turn finds each row by its key. PostgreSQL plans once for all, and while a table is small it would plan to
# read all of it: https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES
BY_INDEX = "SET LOCAL enable_seqscan = off"
LOCKS = "SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key"
ANSWER = "SELECT answer FROM turns WHERE id = :id"
# What a turn finds: the answer if it has been answered, and its session; always one row.
FOUND = """SELECT turns.answer, sessions.state, sessions.expires_at FROM (SELECT 1) AS one
    LEFT JOIN turns ON turns.id = :turn LEFT JOIN sessions ON sessions.id = :session"""
ROUTED = "SELECT 1 FROM routings WHERE id = :id"
# The same for many turns at once, for PostgreSQL: a row for each answer and one for each session.
ALL_FOUND = """SELECT id, answer, NULL, CAST(NULL AS timestamptz) FROM turns WHERE id = ANY(:turns)
    UNION ALL SELECT id, NULL, state, expires_at FROM sessions WHERE id = ANY(:sessions)"""
FORGET_SESSION = "DELETE FROM sessions WHERE id = :id"
TOGETHER[FORGET_SESSION] = f"DELETE FROM sessions WHERE id IN (SELECT id FROM {_given({'id': 'text'})})"  # noqa: S608 - our own words  # nosec B608
# An expired session may be there, or be purged just now.
KEEP_SESSION = _insert(
    "sessions",
    {"id": "text", "state": "text", "expires_at": "timestamptz"},
    "ON CONFLICT (id) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at",
)
KEEP_TURN = _insert("turns", {"id": "text", "answer": "text", "expires_at": "timestamptz"})
_ROUTING_COLUMNS = (
    *("id", "hour", "channel", "language", "flow_revision", "directory_revision", "code_version"),
    *("chosen_by", "service", "outcome", "partner", "late", "salt"),
)
_ROUTING_KINDS = {"hour": "timestamptz", "late": "boolean"}
KEEP_ROUTING = _insert("routings", {name: _ROUTING_KINDS.get(name, "text") for name in _ROUTING_COLUMNS})
# The partner is that of the routing, read where the row is written: a turn asks for nothing more.
KEEP_OUTCOME = """INSERT INTO outcomes (routing_id, hour, outcome, salt, partner, late)
    SELECT id, :hour, :outcome, :salt, partner, :late FROM routings WHERE id = :id"""

KEEP_TEXT = """INSERT INTO outbox
    (id, line, service, routing_id, recipient, sealed, status, asked_at, due_at, expires_at)
    VALUES (:id, :line, :service, :routing_id, :recipient, :sealed, 'waiting', :now, :now, :expires_at)"""
KEEP_REDACTION = _insert(
    "redactions",
    {
        "sid": "text",
        "kind": "text",
        "kept_at": "timestamptz",
        "due_at": "timestamptz",
        "tries": "integer",
        "lease": "text",
    },
    "ON CONFLICT (sid) DO NOTHING",
)
OPT_OUT = "INSERT INTO opt_outs (id, day) VALUES (:id, :day) ON CONFLICT (id) DO NOTHING"
OPT_IN = "DELETE FROM opt_outs WHERE id = :id"
SPEND = _insert(
    "spent",
    {
        "line": "text",
        "day": "text",
        "part": "integer",
        "texts": "bigint",
        "transfers": "bigint",
        "transfer_seconds": "bigint",
        "abroad": "bigint",
    },
    """ON CONFLICT (line, day, part) DO UPDATE SET texts = spent.texts + excluded.texts,
    transfers = spent.transfers + excluded.transfers,
    transfer_seconds = spent.transfer_seconds + excluded.transfer_seconds,
    abroad = spent.abroad + excluded.abroad""",
)
PARTS = 16  # a line's spending of a day lies in so many rows, so that turns need not wait for each other's


def _listed(outcomes: Sequence[str]) -> str:
    return ", ".join(f"'{one}'" for one in outcomes)


# Another text of the same routing may have arrived, and then what it brought counts.
NO_OTHER_TEXT = f"""NOT EXISTS (SELECT 1 FROM outbox WHERE routing_id = :id
    AND status NOT IN ({_listed(NOT_ARRIVED)}))"""  # noqa: S608 - our own words  # nosec B608
TAKE_BACK = f"{KEEP_OUTCOME} AND {NO_OTHER_TEXT}"


def end_routing(outcome: Outcome) -> str:
    """Let an outcome count unless something stronger does.

    A text that was promised and could not be sent is taken back by "offered": how the last transfer ended
    counts again, if there was one.
    """
    if outcome != "offered":
        return (
            "UPDATE routings SET outcome = :outcome WHERE id = :id"  # noqa: S608 - our own words  # nosec B608
            f" AND outcome IN ({_listed(hidden_by(outcome))})"
        )
    ended = _listed(ways_a_transfer_ends())
    return f"""UPDATE routings SET outcome = coalesce(
        (SELECT outcome FROM outcomes WHERE routing_id = :id AND outcome IN ({ended})
         ORDER BY CASE WHEN outcome = 'transfer_started' THEN 1 ELSE 0 END, seq DESC LIMIT 1), 'offered')
        WHERE id = :id AND outcome = 'number_texted' AND {NO_OTHER_TEXT}"""  # noqa: S608 - our own words  # nosec B608
