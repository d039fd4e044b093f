"""Take deliveries inside a transaction that somebody else begins and commits.

What they say is in `statements`; a `Desk` says it.
"""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

from bot.core.limits import day_of
from bot.core.redaction import redaction_of
from bot.errors import StoreError
from bot.store import statements
from bot.store.decision import Taken
from bot.store.outbox import KEPT
from bot.store.rows import cut_to_hour, read_session, read_written, write_routing, write_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from bot.core.limits import Spent
    from bot.core.redaction import Redaction
    from bot.core.session import Outcome, Routing, Session
    from bot.store.decision import Decision, Delivery, OutgoingText
    from bot.store.desk import Desk, Write

    NewSalt = Callable[[], bytes]
    # What a turn was answered before, and the state and the expiry of its session; None where there is none.
    Found = tuple[str | None, Sequence[Any] | None]
    Results = list[Taken | Exception]
    Decided = tuple[Results, list[Write]]
    Spending = tuple[Spent, int]  # and the part of the line's rows that it is added to

LONGEST_WAIT = timedelta(days=1)


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
    return statements.LOCKS, {"keys": sorted(keys)}


def asks(deliveries: Sequence[Delivery]) -> Write:
    """Look for the answers of turns that have been answered before, and for sessions. See `all_found`."""
    turns, sessions = [one.turn_id for one in deliveries], [one.session_id for one in deliveries]
    return statements.ALL_FOUND, {"turns": turns, "sessions": sessions}


def all_found(deliveries: Sequence[Delivery], rows: Iterable[Sequence[Any]]) -> list[Found]:
    """Give what was found for each delivery."""
    answers: dict[str, str] = {}
    sessions: dict[str, Sequence[Any]] = {}
    for name, answer, *kept in rows:
        if answer is None:
            sessions[name] = kept
        else:
            answers[name] = answer
    return [(answers.get(one.turn_id), sessions.get(one.session_id)) for one in deliveries]


def finds(desk: Desk, delivery: Delivery) -> Found:
    """Look for what a turn was answered before, and for its session."""
    desk.run(statements.FOUND, {"turn": delivery.turn_id, "session": delivery.session_id})
    answer, *kept = desk.cursor.fetchone()
    return answer, kept if kept[0] is not None else None


def decide(desk: Desk, deliveries: Sequence[Delivery], found: Sequence[Found], new_salt: NewSalt) -> Decided:
    """Answer deliveries of different sessions: as before if they have been answered, else as `decide` says.

    Of a delivery whose `decide` raises nothing is to be written, and the others are not harmed.

    Returns:
        What each is answered, or the exception that its `decide` raised; and what is to be written.
    """
    results: Results = []
    writes: list[Write] = []
    spent: dict[tuple[str, str], Spending] = {}
    for delivery, (answer, kept) in zip(deliveries, found, strict=True):
        # Also when its time has passed but it has not been purged: an id is never used for a second turn.
        if answer is not None:
            results.append(Taken(answer, replayed=True))
            continue
        try:
            decision = delivery.decide(_session(desk, delivery, kept))
            wanted = list(_writes(delivery, decision, new_salt))
        except Exception as fault:  # noqa: BLE001 - its own thread raises it
            results.append(fault)
            continue
        results.append(Taken(decision.answer, replayed=False))
        writes += wanted
        if decision.spends is not None:
            line, day, more = decision.spends
            before = spent.get((line, day))
            spent[line, day] = (before[0] + more, before[1]) if before else (more, _part(delivery.turn_id))
    # In one order everywhere, so that nobody waits in a circle for these rows, which turns share.
    for (line, day), (sum_, part) in sorted(spent.items()):
        writes.append((statements.SPEND, {"line": line, "day": day, "part": part, **vars(sum_)}))
    return results, writes


def _session(desk: Desk, delivery: Delivery, kept: Sequence[Any] | None) -> Session | None:
    """Read a session from its state and its expiry, unless that has passed."""
    now = _aware(delivery.now)
    if kept and (expires_at := desk.moment(kept[1])) > now:
        return read_session(delivery.session_id, kept[0], expires_at)
    return None


def _writes(delivery: Delivery, decision: Decision, new_salt: NewSalt) -> Iterator[Write]:
    """Give everything that a decision wants written: the session, the routing, the outcome of an earlier
    one, and the answer.

    Raises:
        ValueError: the decision's session is not the one of the delivery.
    """
    session = decision.session
    if session is None:
        yield statements.FORGET_SESSION, {"id": delivery.session_id}
    elif session.id != delivery.session_id:
        raise ValueError("the session to be kept is not the one that the turn belongs to")
    else:
        yield (
            statements.KEEP_SESSION,
            {"id": session.id, "state": write_state(session), "expires_at": _aware(session.expires_at)},
        )
    if decision.routing is not None:
        yield _keep_routing(decision.routing, new_salt)
    if decision.outcome is not None:
        routing_id, outcome = decision.outcome
        yield from ends(routing_id, outcome, cut_to_hour(delivery.now), new_salt)
    if decision.text is not None:
        yield _keep_text(delivery.turn_id, decision.text, delivery.now)
    if decision.redaction is not None:
        yield keep_redaction(decision.redaction, delivery.now)
    if decision.opt_out is not None:
        person, out = decision.opt_out
        yield (
            (statements.OPT_OUT, {"id": person, "day": day_of(delivery.now)})
            if out
            else (statements.OPT_IN, {"id": person})
        )
    yield _keep_turn(delivery.turn_id, decision.answer, delivery.expires_at)


def keep_late(desk: Desk, entry: Mapping[str, str], new_salt: NewSalt, now: datetime | None) -> bool:
    """Write what a turn left in the journal; nothing when the turn has been written before.

    How a routing ended that is not there yet may come first, when another machine's journal has the routing.
    It is not taken for a day after it happened, by `now`; None takes everything.

    Returns:
        Whether it was taken.
    """
    desk.run(statements.ANSWER, {"id": entry["turn"]})
    if desk.cursor.fetchone():
        return True
    happened_at = datetime.fromisoformat(entry["hour"])
    if entry["outcome_of"] and now is not None and abs(now - happened_at) < LONGEST_WAIT:
        desk.run(statements.ROUTED, {"id": entry["outcome_of"]})
        if desk.cursor.fetchone() is None:
            return False
    if entry["routing"]:
        desk.run(*_keep_routing(read_written(entry["routing"]), new_salt))
    if entry["outcome_of"]:
        outcome = cast("Outcome", entry["outcome"])
        for sql, row in ends(entry["outcome_of"], outcome, cut_to_hour(happened_at), new_salt, late=True):
            desk.run(sql, row)
    if entry.get("redact_at") and (
        redaction := redaction_of(entry["sid"], datetime.fromisoformat(entry["redact_at"]))
    ):
        desk.run(*keep_redaction(redaction, happened_at))
    desk.run(*_keep_turn(entry["turn"], entry["answer"], datetime.fromisoformat(entry["expires_at"])))
    return True


def _part(turn_id: str) -> int:
    return zlib.crc32(turn_id.encode()) % statements.PARTS


def _keep_routing(routing: Routing, new_salt: NewSalt) -> Write:
    return statements.KEEP_ROUTING, {**write_routing(routing), "salt": new_salt().hex()}


def _keep_turn(turn_id: str, answer: str, expires_at: datetime) -> Write:
    return statements.KEEP_TURN, {"id": turn_id, "answer": answer, "expires_at": _aware(expires_at)}


def _keep_text(turn_id: str, text: OutgoingText, now: datetime) -> Write:
    row = {name: getattr(text, name) for name in ("line", "service", "routing_id", "recipient", "sealed")}
    return statements.KEEP_TEXT, {"id": turn_id, **row, "now": now, "expires_at": now + KEPT}


def keep_redaction(redaction: Redaction, now: datetime) -> Write:
    """One id may come twice: a call that was sent to two services, a turn that comes out of the journal."""
    return statements.KEEP_REDACTION, {**vars(redaction), "kept_at": now, "tries": 0, "lease": ""}


def ends(
    routing_id: str, outcome: Outcome, hour: datetime, new_salt: NewSalt, *, late: bool = False
) -> Iterator[Write]:
    """Write how a routing ended; `late` when that comes out of the journal."""
    ended = {"id": routing_id, "outcome": outcome}
    kept = {**ended, "hour": hour, "salt": new_salt().hex(), "late": late}
    if outcome == "offered":  # a text is taken back
        yield statements.end_routing(outcome), {"id": routing_id}
        yield statements.TAKE_BACK, kept
    else:
        yield statements.end_routing(outcome), ended
        yield statements.KEEP_OUTCOME, kept


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise StoreError("the turn is not stored: a moment has no time zone; pass aware UTC")
    return moment
