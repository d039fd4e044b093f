"""Take deliveries inside a transaction that somebody else begins and commits.

These few statements are what somebody waits for, so they run on the driver's own cursor: SQLAlchemy takes
longer to say them than SQLite takes to do them. They are written once, for both databases.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol, cast

from bot.core.session import hidden_by, ways_a_transfer_ends
from bot.errors import StoreError
from bot.store.decision import Taken
from bot.store.rows import cut_to_hour, read_session, read_written, write_routing, write_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bot.core.session import Outcome, Routing
    from bot.store.decision import Decision, Delivery

    NewSalt = Callable[[], bytes]

_LOCKS = "SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key"
_ANSWER = "SELECT answer FROM turns WHERE id = :id"
_SESSION = "SELECT state, expires_at FROM sessions WHERE id = :id"
_ANSWERS = "SELECT id, answer FROM turns WHERE id = ANY(:ids)"
_SESSIONS = "SELECT id, state, expires_at FROM sessions WHERE id = ANY(:ids)"
_FORGET_SESSION = "DELETE FROM sessions WHERE id = :id"
# An expired session may be there, or be purged just now.
_KEEP_SESSION = """INSERT INTO sessions (id, state, expires_at) VALUES (:id, :state, :expires_at)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at"""
_KEEP_TURN = "INSERT INTO turns (id, answer, expires_at) VALUES (:id, :answer, :expires_at)"
_ROUTING_COLUMNS = (
    *("id", "hour", "channel", "language", "flow_revision", "directory_revision", "code_version"),
    *("chosen_by", "service", "outcome", "partner", "late", "salt"),
)
_KEEP_ROUTING = (
    f"INSERT INTO routings ({', '.join(_ROUTING_COLUMNS)})"  # noqa: S608 - nothing but the names above
    f" VALUES ({', '.join(f':{name}' for name in _ROUTING_COLUMNS)})"
)
# The partner is that of the routing, read where the row is written: a turn asks for nothing more.
_KEEP_OUTCOME = """INSERT INTO outcomes (routing_id, hour, outcome, salt, partner, late)
    SELECT id, :hour, :outcome, :salt, partner, :late FROM routings WHERE id = :id"""

_OPT_OUT = "INSERT INTO opt_outs (id, day) VALUES (:id, :day) ON CONFLICT (id) DO NOTHING"
_OPT_IN = "DELETE FROM opt_outs WHERE id = :id"
_SPEND = """INSERT INTO spent (line, day, part, texts, transfers, transfer_seconds, abroad)
    VALUES (:line, :day, :part, :texts, :transfers, :transfer_seconds, :abroad)
    ON CONFLICT (line, day, part) DO UPDATE SET texts = spent.texts + excluded.texts,
    transfers = spent.transfers + excluded.transfers,
    transfer_seconds = spent.transfer_seconds + excluded.transfer_seconds,
    abroad = spent.abroad + excluded.abroad"""
PARTS = 16  # a line's spending of a day lies in so many rows, so that turns need not wait for each other's


def _listed(outcomes: Sequence[Outcome]) -> str:
    return ", ".join(f"'{one}'" for one in outcomes)


def _end_routing(outcome: Outcome) -> str:
    """Let an outcome count unless something stronger does.

    A text that was promised and could not be sent is taken back by "offered": how the last transfer ended
    counts again, if there was one.
    """
    if outcome != "offered":
        return (
            "UPDATE routings SET outcome = :outcome WHERE id = :id"  # noqa: S608 - our own words
            f" AND outcome IN ({_listed(hidden_by(outcome))})"
        )
    ended = _listed(ways_a_transfer_ends())
    return f"""UPDATE routings SET outcome = coalesce(
        (SELECT outcome FROM outcomes WHERE routing_id = :id AND outcome IN ({ended})
         ORDER BY CASE WHEN outcome = 'transfer_started' THEN 1 ELSE 0 END, seq DESC LIMIT 1), 'offered')
        WHERE id = :id AND outcome = 'number_texted'"""  # noqa: S608 - our own words


Row = dict[str, Any]
Write = tuple[str, Row]


class Cursor(Protocol):
    """The part of a driver's cursor that a turn needs."""

    def execute(self, sql: Any, values: Any, /) -> Any:
        """Run a statement."""

    def fetchone(self) -> Any:
        """Give the next row of the result, or None."""

    def fetchall(self) -> Any:
        """Give all rows of the result."""


@dataclass(frozen=True)
class Desk:
    """A cursor of the driver, and the dialect it speaks."""

    cursor: Cursor = field(repr=False)
    is_sqlite: bool

    def run(self, sql: str, row: Row) -> Any:
        """Run a statement with what is in the row; moments in it are aware."""
        if self.is_sqlite:
            return self.cursor.execute(sql, {name: _for_sqlite(value) for name, value in row.items()})
        return self.cursor.execute(_for_postgresql(sql), row)

    def moment(self, kept: Any) -> datetime:
        """Give a moment that was read, aware, in UTC."""
        if self.is_sqlite:
            return datetime.fromisoformat(kept).replace(tzinfo=UTC)
        return cast("datetime", kept).astimezone(UTC)


def _for_sqlite(value: Any) -> Any:
    """Moments as `tables.UtcDateTime` keeps them."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


_translated: dict[str, str] = {}


def _for_postgresql(sql: str) -> str:
    known = _translated.get(sql)
    if known is None:
        known = _translated[sql] = re.sub(r":(\w+)", r"%(\1)s", sql)
    return known


def lock_key(kind: bytes, name: str) -> int:
    """Give the 64 bits that stand for a turn or a session among PostgreSQL's advisory locks.

    A row lock can't hold a session that has no row yet, and a first text is exactly that; an
    advisory lock needs no row. Its key is a signed 64-bit number, so the id is hashed. Two
    strangers who share a key (1 in 2^64) wait for each other and are otherwise unharmed.
    """
    return int.from_bytes(blake2b(name.encode(), digest_size=8, person=kind).digest(), "big", signed=True)


def locks(deliveries: Sequence[Delivery]) -> Write:
    """Wait for whoever has one of these turns or sessions, until their transaction has ended.

    For PostgreSQL, in a statement of its own, since a statement sees what was committed before it began, not
    before it was let through. All keys are taken in one order everywhere, so nobody waits in a circle. A
    turn is locked too because its id may come with another session's, when the key that hashes callers was
    changed between two deliveries.
    """
    keys = {lock_key(b"turn", one.turn_id) for one in deliveries}
    keys |= {lock_key(b"session", one.session_id) for one in deliveries}
    return _LOCKS, {"keys": sorted(keys)}


def asks_answers(deliveries: Sequence[Delivery]) -> Write:
    """Look for the answers of turns that have been answered before, by their ids."""
    return _ANSWERS, {"ids": [one.turn_id for one in deliveries]}


def asks_sessions(deliveries: Sequence[Delivery]) -> Write:
    """Look for sessions, by their ids."""
    return _SESSIONS, {"ids": [one.session_id for one in deliveries]}


def decided(
    desk: Desk, delivery: Delivery, answer: str | None, kept: Sequence[Any] | None, new_salt: NewSalt
) -> tuple[Taken, list[Write]]:
    """Decide on a delivery: give its result, and what has to be written for it.

    Args:
        desk: who read it.
        delivery: the delivery.
        answer: what it was answered before. Also when its time has passed but it has not been purged: an id
            is never used for a second turn.
        kept: the state and the expiry of its session, if it has one.
        new_salt: gives 32 bytes that nobody can guess, anew for each record.
    """
    now = _aware(delivery.now)
    if answer is not None:
        return Taken(answer, replayed=True), []
    session = None
    if kept and (expires_at := desk.moment(kept[1])) > now:
        session = read_session(delivery.session_id, kept[0], expires_at)
    decision = delivery.decide(session)
    return Taken(decision.answer, replayed=False), list(_writes(delivery, decision, new_salt))


def _writes(delivery: Delivery, decision: Decision, new_salt: NewSalt) -> Iterator[Write]:
    """Give everything that a decision wants written: the session, the routing, the outcome of an earlier
    one, and the answer.

    Raises:
        ValueError: the decision's session is not the one of the delivery.
    """
    session = decision.session
    if session is None:
        yield _FORGET_SESSION, {"id": delivery.session_id}
    elif session.id != delivery.session_id:
        raise ValueError("the session to be kept is not the one that the turn belongs to")
    else:
        yield (
            _KEEP_SESSION,
            {"id": session.id, "state": write_state(session), "expires_at": _aware(session.expires_at)},
        )
    if decision.routing is not None:
        yield _keep_routing(decision.routing, new_salt)
    if decision.outcome is not None:
        routing_id, outcome = decision.outcome
        yield from _ends(routing_id, outcome, cut_to_hour(delivery.now), new_salt)
    if decision.opt_out is not None:
        person, out = decision.opt_out
        day = delivery.now.astimezone(UTC).date().isoformat()
        yield (_OPT_OUT, {"id": person, "day": day}) if out else (_OPT_IN, {"id": person})
    if decision.spends is not None:
        line, day, spent = decision.spends
        yield _SPEND, {"line": line, "day": day, "part": _part(delivery.turn_id), **vars(spent)}
    yield _keep_turn(delivery.turn_id, decision.answer, delivery.expires_at)


def take(desk: Desk, delivery: Delivery, new_salt: NewSalt) -> Taken:
    """Answer a delivery: as before if it has been answered, else as `decide` says.

    Everything is read and decided before the first row is written: when `decide` raises there is nothing of
    this delivery to undo, and a transaction may go on to the next one.
    """
    desk.run(_ANSWER, {"id": delivery.turn_id})
    answered = desk.cursor.fetchone()
    desk.run(_SESSION, {"id": delivery.session_id})
    kept = desk.cursor.fetchone()
    taken, written = decided(desk, delivery, answered and answered[0], kept, new_salt)
    for sql, row in written:
        desk.run(sql, row)
    return taken


def keep_late(desk: Desk, entry: Mapping[str, str], new_salt: NewSalt) -> None:
    """Write what a turn left in the journal; nothing when the turn has been written before."""
    desk.run(_ANSWER, {"id": entry["turn"]})
    if desk.cursor.fetchone():
        return
    if entry["routing"]:
        desk.run(*_keep_routing(read_written(entry["routing"]), new_salt))
    if entry["outcome_of"]:
        hour = cut_to_hour(datetime.fromisoformat(entry["hour"]))
        for sql, row in _ends(entry["outcome_of"], cast("Outcome", entry["outcome"]), hour, new_salt):
            desk.run(sql, row)
    desk.run(*_keep_turn(entry["turn"], entry["answer"], datetime.fromisoformat(entry["expires_at"])))


def _part(turn_id: str) -> int:
    return zlib.crc32(turn_id.encode()) % PARTS


def _keep_routing(routing: Routing, new_salt: NewSalt) -> Write:
    return _KEEP_ROUTING, {**write_routing(routing), "salt": new_salt().hex()}


def _keep_turn(turn_id: str, answer: str, expires_at: datetime) -> Write:
    return _KEEP_TURN, {"id": turn_id, "answer": answer, "expires_at": _aware(expires_at)}


def _ends(routing_id: str, outcome: Outcome, hour: datetime, new_salt: NewSalt) -> Iterator[Write]:
    """Write how a routing ended."""
    ended = {"id": routing_id, "outcome": outcome}
    yield _end_routing(outcome), {"id": routing_id} if outcome == "offered" else ended
    yield _KEEP_OUTCOME, {**ended, "hour": hour, "salt": new_salt().hex(), "late": False}


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise StoreError("the turn is not stored: a moment has no time zone; pass aware UTC")
    return moment
