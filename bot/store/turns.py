"""Take one delivery inside a transaction that somebody else begins and commits."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, cast

from sqlalchemy import Text, bindparam, case, delete, false, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.session import hidden_by, ways_a_transfer_ends
from bot.store import tables
from bot.store.decision import Taken
from bot.store.rows import cut_to_hour, read_session, read_written, write_routing, write_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from bot.core.session import Outcome
    from bot.store.decision import Decision, Delivery

# Built once: SQLAlchemy compiles a statement the first time and finds it in its cache afterwards.
_LOCK = select(
    func.pg_advisory_xact_lock(bindparam("turn_key", type_=postgresql.BIGINT)),
    func.pg_advisory_xact_lock(bindparam("session_key", type_=postgresql.BIGINT)),
)
_ANSWER = select(tables.turns.c.answer).where(tables.turns.c.id == bindparam("turn_id"))
_SESSION = select(tables.sessions.c.state, tables.sessions.c.expires_at).where(
    tables.sessions.c.id == bindparam("session_id"),
    tables.sessions.c.expires_at > bindparam("now"),
)
_FORGET_SESSION = delete(tables.sessions).where(tables.sessions.c.id == bindparam("session_id"))
_KEEP_TURN = insert(tables.turns)
# inline: nobody asks for seq, so PostgreSQL need not return it.
_KEEP_ROUTING = insert(tables.routings).inline()
_ROUTING = tables.routings.c
_THIS = _ROUTING.id == bindparam("routing_id")
_END_ROUTING = (
    update(tables.routings)
    .where(_THIS, _ROUTING.outcome.in_(bindparam("hidden", expanding=True)))
    .values(outcome=bindparam("new_outcome"))
)
# The partner is that of the routing, read where the row is written: a turn asks for nothing more.
_KEEP_OUTCOME = insert(tables.outcomes).from_select(
    ["routing_id", "hour", "outcome", "salt", "partner", "late"],
    select(
        _ROUTING.id,
        bindparam("hour", type_=tables.UtcDateTime),
        bindparam("new_outcome", type_=Text),
        bindparam("salt", type_=Text),
        _ROUTING.partner,
        false(),
    ).where(_THIS),
)
# A text that was promised could not be sent: how the last transfer ended counts again, if there was one.
_ENDED = tables.outcomes.c
_BEFORE_THE_TEXT = (
    select(_ENDED.outcome)
    .where(_ENDED.routing_id == _ROUTING.id, _ENDED.outcome.in_(ways_a_transfer_ends()))
    .order_by(case((_ENDED.outcome == "transfer_started", 1), else_=0), _ENDED.seq.desc())
    .limit(1)
    .scalar_subquery()
)
_TAKE_TEXT_BACK = (
    update(tables.routings)
    .where(_THIS, _ROUTING.outcome == "number_texted")
    .values(outcome=func.coalesce(_BEFORE_THE_TEXT, "offered"))
)


def _upsert(statement: sqlite.Insert | postgresql.Insert) -> sqlite.Insert | postgresql.Insert:
    """Write over the session of the same id: an expired one may be there, or be purged just now."""
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[tables.sessions.c.id], set_={"state": new.state, "expires_at": new.expires_at}
    )


_KEEP_SESSION = {
    "sqlite": _upsert(sqlite.insert(tables.sessions)),
    "postgresql": _upsert(postgresql.insert(tables.sessions)),
}


def lock_key(kind: bytes, name: str) -> int:
    """Give the 64 bits that stand for a turn or a session among PostgreSQL's advisory locks.

    A row lock can't hold a session that has no row yet, and a first text is exactly that; an
    advisory lock needs no row. Its key is a signed 64-bit number, so the id is hashed. Two
    strangers who share a key (1 in 2^64) wait for each other and are otherwise unharmed.
    """
    return int.from_bytes(blake2b(name.encode(), digest_size=8, person=kind).digest(), "big", signed=True)


def take(connection: Connection, delivery: Delivery, new_salt: Callable[[], bytes]) -> Taken:
    """Answer a delivery: as before if it has been answered, else as `decide` says.

    `new_salt` gives 32 bytes that nobody can guess, anew for each record.

    Everything is read and decided before the first row is written. So when `decide` raises there
    is nothing of this delivery to undo, and a transaction may go on to the next delivery.

    Raises:
        ValueError: the decision's session is not the one of the delivery.
    """
    _serialise(connection, delivery)
    answered = connection.execute(_ANSWER, {"turn_id": delivery.turn_id}).scalar_one_or_none()
    if answered is not None:
        # Also when its time has passed but it has not been purged: an id is never used for a second turn.
        return Taken(answered, replayed=True)
    asked = {"session_id": delivery.session_id, "now": delivery.now}
    row = connection.execute(_SESSION, asked).one_or_none()
    decision = delivery.decide(read_session(delivery.session_id, *row) if row else None)
    _write(connection, delivery, decision, new_salt)
    return Taken(decision.answer, replayed=False)


def keep_late(connection: Connection, entry: Mapping[str, str], new_salt: Callable[[], bytes]) -> None:
    """Write what a turn left in the journal; nothing when the turn has been written before."""
    if connection.execute(_ANSWER, {"turn_id": entry["turn"]}).scalar_one_or_none() is not None:
        return
    if entry["routing"]:
        routing = read_written(entry["routing"])
        connection.execute(_KEEP_ROUTING, {**write_routing(routing), "salt": new_salt().hex()})
    if entry["outcome_of"]:
        hour = cut_to_hour(datetime.fromisoformat(entry["hour"]))
        outcome = cast("Outcome", entry["outcome"])
        _end_routing(connection, entry["outcome_of"], outcome, hour, new_salt().hex())
    expires_at = datetime.fromisoformat(entry["expires_at"])
    connection.execute(_KEEP_TURN, {"id": entry["turn"], "answer": entry["answer"], "expires_at": expires_at})


def _serialise(connection: Connection, delivery: Delivery) -> None:
    """Wait for whoever has this turn or this session, until their transaction has ended.

    SQLite has one writer at a time, and BEGIN IMMEDIATE has waited already. PostgreSQL locks in a
    statement of its own, since a statement sees what was committed before it began, not before it
    was let through. The turn comes before the session everywhere, so nobody waits in a circle; it
    is locked too because its id may come with another session's, when the key that hashes
    callers was changed between two deliveries.
    """
    if connection.dialect.name == "postgresql":
        keys = {
            "turn_key": lock_key(b"turn", delivery.turn_id),
            "session_key": lock_key(b"session", delivery.session_id),
        }
        connection.execute(_LOCK, keys)


def _write(
    connection: Connection, delivery: Delivery, decision: Decision, new_salt: Callable[[], bytes]
) -> None:
    """Write the session, the routing, the outcome of an earlier one, and the answer."""
    session = decision.session
    if session is None:
        connection.execute(_FORGET_SESSION, {"session_id": delivery.session_id})
    elif session.id != delivery.session_id:
        raise ValueError("the session to be kept is not the one that the turn belongs to")
    else:
        kept = {"id": session.id, "state": write_state(session), "expires_at": session.expires_at}
        connection.execute(_KEEP_SESSION[connection.dialect.name], kept)
    if decision.routing is not None:
        connection.execute(_KEEP_ROUTING, {**write_routing(decision.routing), "salt": new_salt().hex()})
    if decision.outcome is not None:
        _end_routing(connection, *decision.outcome, cut_to_hour(delivery.now), new_salt().hex())
    answer = {"id": delivery.turn_id, "answer": decision.answer, "expires_at": delivery.expires_at}
    connection.execute(_KEEP_TURN, answer)


def _end_routing(
    connection: Connection, routing_id: str, outcome: Outcome, hour: datetime, salt: str
) -> None:
    """Write how a routing ended, and let it count unless something stronger does."""
    ended = {"routing_id": routing_id, "new_outcome": outcome}
    if outcome == "offered":
        connection.execute(_TAKE_TEXT_BACK, ended)
    else:
        connection.execute(_END_ROUTING, {**ended, "hidden": hidden_by(outcome)})
    connection.execute(_KEEP_OUTCOME, {**ended, "hour": hour, "salt": salt})
