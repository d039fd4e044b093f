"""Applies the limits on floods, loops and spending to a turn that has been decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.core.flow import Flow
from bot.core.intent import Intent
from bot.core.limits import Limits, Phrases, Spent, carried_on, counted, day_of, moderate
from bot.core.line import Line
from bot.core.match import fold, is_own_word, key_in
from bot.core.session import Arrival, Connect, DialEnded, Inbound, Said, Session, Turn, altered
from bot.keyed import keyed

WORDS_CHARS = 8
MOST_QUIET = 10_000


def opt_out_key(secret: bytes, person: str) -> str:
    """Give the keyed hash under which somebody's opt-out is kept."""
    return keyed(secret, "opt-out", person)


class Quiet:
    """Who has been told that they write too much, as this process knows: nothing is read or written for them
    until the time is over, so that a flood costs next to nothing. Emergencies are not looked up here.
    """

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def note(self, session: Session, limits: Limits) -> None:
        """Remember a sender who gets no more answers for now."""
        if session.told and 0 < limits.texts < session.texts and len(self._until) < MOST_QUIET:
            since = datetime.fromtimestamp(session.counted_since, UTC)
            self._until[session.id] = since + timedelta(minutes=limits.minutes)

    def holds(self, session_id: str, now: datetime, limits: Limits) -> bool:
        """Say whether a sender gets no answer now; one whose time is over is forgotten."""
        until = self._until.get(session_id)
        if until is None:
            return False
        if until - timedelta(minutes=limits.minutes) <= now < until:
            return True
        self._until.pop(session_id, None)
        return False


def counted_text(  # noqa: PLR0913, PLR0917 - what a turn is made of
    limits: Limits,
    flow: Flow,
    session: Session,
    arrival: Arrival,
    now: datetime,
    words_key: Callable[[str], str],
) -> Session:
    """Count a text against what one sender may write; keys and the menu's own words are never alike."""
    if not isinstance(arrival.inbound, Said):
        return session
    text = arrival.inbound.text
    known = is_own_word(text, flow) or key_in(text, flow.wording(session.language)) is not None
    return counted(session, now, "" if known else words_key(fold(text))[:WORDS_CHARS], limits)


def held_back(  # noqa: PLR0913, PLR0917 - what a turn is made of
    limits: Limits,
    flow: Flow,
    turn: Turn,
    begun: Session,
    session: Session,
    inbound: Inbound,
    intent: Intent | None,
) -> tuple[Turn, bool | None]:
    """Hold back an answer that is one too many; say whether its reader opts out (True) or in (False)."""
    if not isinstance(inbound, Said):
        return turn, None
    wording = flow.wording(session.language)
    names = ("too_many", "started", "still_stopped")
    phrases = Phrases(limits, *(wording.phrases[name].text for name in names))
    moderated = moderate(turn, session, inbound, intent, phrases)
    kept = carried_on(moderated.turn, begun, session, opt_out=moderated.opt_out)
    return altered(moderated.turn, session=kept), moderated.opt_out


def spends(turn: Turn, arrival: Arrival, line: Line, now: datetime) -> tuple[str, str, Spent] | None:
    """Say what a turn costs its line: a text, a transfer begun, the seconds of one that ended."""
    texts = int(arrival.channel != "voice" and bool(turn.says))
    transfers = int(isinstance(turn.then, Connect))
    seconds = arrival.inbound.seconds if isinstance(arrival.inbound, DialEnded) else 0
    if not (texts or transfers or seconds):
        return None
    return line.id, day_of(now), Spent(texts, transfers, seconds, texts if arrival.abroad else 0)
