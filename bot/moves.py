"""Remembers what follows from what: whoever presses the same key at the same place is told the same.

The engine is pure, and most of what comes in is a key or a word of the script's own. Nothing is remembered
that says who somebody is, nor anything else that they wrote.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.core.engine import advance
from bot.core.match import is_own_word
from bot.core.session import Pressed, Rang, Said, Silence, altered

if TYPE_CHECKING:
    from bot.core.directory import Directory
    from bot.core.flow import Flow
    from bot.core.intent import Intent
    from bot.core.line import Line
    from bot.core.session import Inbound, Session, Turn

MOST = 1024
LONGEST_KEYS = 2
ANY_TIME = datetime.max.replace(tzinfo=UTC)


class Moves:
    """The turns of one process, for one set of flows and one directory."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[tuple[Any, ...], Turn] = {}

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._known)

    def advance(  # noqa: PLR0913 - those of the engine
        self,
        flow: Flow,
        directory: Directory,
        session: Session,
        inbound: Inbound,
        now: datetime,
        *,
        line: Line,
        intent: Intent | None,
        may_connect: bool,
    ) -> Turn:
        """Give what `bot.core.engine.advance` gives; hours are told by the minute."""
        now = now.replace(second=0, microsecond=0)
        if not is_common(flow, inbound):
            return advance(
                flow, directory, session, inbound, now, line=line, intent=intent, may_connect=may_connect
            )
        anybodys = altered(session, id="", expires_at=ANY_TIME, routing_id="")
        key = (line.id, inbound, now, intent, may_connect, *vars(anybodys).values())
        turn = self._known.get(key)
        if turn is None:
            turn = advance(
                flow, directory, anybodys, inbound, now, line=line, intent=intent, may_connect=may_connect
            )
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = turn
        if turn.session is None:
            return turn
        theirs = altered(
            turn.session, id=session.id, expires_at=session.expires_at, routing_id=session.routing_id
        )
        return altered(turn, session=theirs)


def is_common(flow: Flow, inbound: Inbound) -> bool:
    """Say whether it is a key, a word of the script's own, or nothing at all."""
    match inbound:
        case Rang() | Silence():
            return True
        case Pressed():
            return len(inbound.digits) <= LONGEST_KEYS
        case Said():
            return len(inbound.text) <= LONGEST_KEYS or is_own_word(inbound.text, flow)
        case _:
            return False
