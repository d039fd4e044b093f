"""Made-up sessions and routings, and ways to look into a database behind the store's back."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from bot.core.session import Outcome, Routing, Session
from bot.store import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from bot.store import Decide, Store, Taken

NOW = datetime(2026, 11, 24, 9, 41, 7, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=30)
SESSION = Session(id="5e55", line="norfolk", channel="sms", language="en", expires_at=LATER)
ROUTING = Routing(
    id="r1",
    hour=datetime(2026, 11, 24, 9, tzinfo=UTC),
    channel="sms",
    language="en",
    flow_revision="f1",
    directory_revision="d1",
    code_version="c1",
    chosen_by="key",
    service="nrp",
)


def keep(
    session: Session | None = SESSION,
    *,
    answer: str = "<Response/>",
    routing: Routing | None = None,
    outcome: tuple[str, Outcome] | None = None,
) -> Decide:
    """Decide the same whatever the session was."""
    return lambda _before: Decision(answer, session, routing, outcome)


def count_turn(before: Session | None) -> Decision:
    """Add one to the session's turns, from 0 when there is no session."""
    session = before or SESSION
    return Decision(f"turn {session.turns + 1}", replace(session, turns=session.turns + 1))


def take(store: Store, turn_id: str, decide: Decide, *, now: datetime = NOW) -> Taken:
    """Take a turn of SESSION whose answer is kept until LATER."""
    return store.take(turn_id, SESSION.id, now, LATER, decide)


def seen_by(store: Store, turn_id: str, *, now: datetime = NOW) -> Session | None:
    """Take a turn that changes nothing, and give the session that it found."""
    found: list[Session | None] = []

    def look(before: Session | None) -> Decision:
        found.append(before)
        return Decision("", before)

    take(store, turn_id, look, now=now)
    return found[0]


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """Open the database without the store; what is written is committed."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        yield connection


def count_rows(url: str, table: str) -> int:
    """Count a table's rows."""
    with opened(url) as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


@contextmanager
def statements_watched() -> Iterator[list[tuple[str, int]]]:
    """List each statement's first word and row count, of any engine, while this is open."""
    watched: list[tuple[str, int]] = []

    def watch(_connection: Connection, cursor: Any, statement: str, *_rest: object) -> None:
        watched.append((statement.split(maxsplit=1)[0], cursor.rowcount))

    event.listen(Engine, "after_cursor_execute", watch)
    try:
        yield watched
    finally:
        event.remove(Engine, "after_cursor_execute", watch)
