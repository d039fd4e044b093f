"""Take one delivery inside a transaction that somebody else begins and commits."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.store import tables
from bot.store.decision import Taken
from bot.store.rows import read_session, write_routing, write_state

if TYPE_CHECKING:
    from sqlalchemy import Connection

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
_END_ROUTING = (
    update(tables.routings)
    .where(tables.routings.c.id == bindparam("routing_id"))
    .values(outcome=bindparam("new_outcome"))
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


def take(connection: Connection, delivery: Delivery) -> Taken:
    """Answer a delivery: as before if it has been answered, else as `decide` says.

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
    _write(connection, delivery, decision)
    return Taken(decision.answer, replayed=False)


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


def _write(connection: Connection, delivery: Delivery, decision: Decision) -> None:
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
        connection.execute(_KEEP_ROUTING, write_routing(decision.routing))
    if decision.outcome is not None:
        routing_id, outcome = decision.outcome
        connection.execute(_END_ROUTING, {"routing_id": routing_id, "new_outcome": outcome})
    answer = {"id": delivery.turn_id, "answer": decision.answer, "expires_at": delivery.expires_at}
    connection.execute(_KEEP_TURN, answer)
