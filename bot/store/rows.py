"""Sessions and routings as rows, and back."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.core.session import Routing, Session

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

logger = logging.getLogger(__name__)

# These two have columns of their own; the rest of a session is its state.
_COLUMNS = frozenset({"id", "expires_at"})
_STATE = {field.name: field.default for field in fields(Session) if field.name not in _COLUMNS}
_ROUTING = tuple(field.name for field in fields(Routing))
_to_json = json.JSONEncoder().encode


def write_state(session: Session) -> str:
    """Write a session, save its id and expiry, as one line of JSON; what has its default is left out."""
    kept = vars(session)
    return _to_json({name: kept[name] for name, usual in _STATE.items() if kept[name] != usual})


def read_session(session_id: str, state: str, expires_at: datetime) -> Session | None:
    """Read a session that any release wrote; None when it can't be read.

    While a new release is rolled out, two releases share the table: a field that this one does not
    know is dropped, one that the other did not write gets its default. What can't be read at all
    counts as no session: the person begins again, which is better than no answer.
    """
    try:
        kept: dict[str, Any] = json.loads(state)
        known = {name: kept[name] for name in _STATE if name in kept}
        known["trail"] = tuple(known.get("trail", ()))
        known["offers"] = tuple(known.get("offers", ()))
        session = Session(id=session_id, expires_at=expires_at, **known)
    except (ValueError, TypeError):
        session = None
    if session is None or not _is_sound(session):
        logger.warning("session.unreadable")
        return None
    return session


def _is_sound(session: Session) -> bool:
    """Whether each value is of the kind that it should be: an address may have brought them."""
    words = (session.line, session.channel, session.language, session.node, session.stage, session.routing_id)
    counts = (session.misses, session.rounds, session.turns)
    return (
        all(isinstance(word, str) for word in (*words, *session.trail, *session.offers))
        and all(type(count) is int and count >= 0 for count in counts)
        and isinstance(session.can_be_texted, bool)
    )


def write_routing(routing: Routing) -> dict[str, Any]:
    """Write a routing as values by column.

    The hour is cut here once more, whoever has cut it before: a minute could say who rang.
    """
    return {**{name: getattr(routing, name) for name in _ROUTING}, "hour": cut_to_hour(routing.hour)}


def write_out(routing: Routing) -> str:
    """Write a routing as one line of JSON, for the journal."""
    return json.dumps({**asdict(routing), "hour": routing.hour.isoformat()}, separators=(",", ":"))


def read_written(line: str) -> Routing:
    """Read a routing as `write_out` wrote it."""
    kept: dict[str, Any] = json.loads(line)
    return Routing(**{**kept, "hour": datetime.fromisoformat(kept["hour"])})


def cut_to_hour(moment: datetime) -> datetime:
    """Give the UTC hour that a moment is in."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def read_routing(row: RowMapping) -> Routing:
    """Read a routing from a row that holds its columns, and perhaps others."""
    return Routing(**{name: row[name] for name in _ROUTING})
