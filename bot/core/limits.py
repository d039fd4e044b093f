"""How much one sender, and one line in a day, may cause: floods, loops and what they would cost.

Nobody's emergency is ever counted against them. What is counted stands in the sender's session, so it is
right whichever worker or machine answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from bot.core.intent import Intent
from bot.core.match import fold
from bot.core.session import End, Said, Session, Speech, Step, Turn, altered

STARTS = frozenset({"start", "unstop", "yes"})  # what takes an opt-out back, in the carriers' own words
HELPS = frozenset({"help", "info"})  # what has to be answered after an opt-out too
HELD_BACK = "held-back"  # where a turn leads whose answer is not given
Verdict = Literal["answer", "tell", "quiet"]


@dataclass(frozen=True)
class Limits:
    """What one sender may write, and what a line may spend in a day; 0 for no limit.

    `texts` in `minutes` are answered. `alike` is how often the same words are answered in a row, unless they
    are a key or a word of the menu; `alike_in_danger` where they tell of an emergency, since what a machine
    writes may be taken for one. `day_texts` and `day_transfer_minutes` hold for each line.
    """

    texts: int = 30
    minutes: int = 10
    alike: int = 3
    alike_in_danger: int = 10
    day_texts: int = 5000
    day_transfer_minutes: int = 3000


@dataclass(frozen=True)
class Spent:
    """What one line has spent in a day: texts sent (in parts), seconds of transfers, and how many."""

    texts: int = 0
    transfers: int = 0
    transfer_seconds: int = 0
    abroad: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.texts + other.texts,
            self.transfers + other.transfers,
            self.transfer_seconds + other.transfer_seconds,
            self.abroad + other.abroad,
        )

    def is_over(self, limits: Limits) -> bool:
        """Whether the line may spend no more today on transfers, and on texts that callers ask for."""
        texts = 0 < limits.day_texts <= self.texts
        return texts or 0 < limits.day_transfer_minutes * 60 <= self.transfer_seconds


def day_of(now: datetime) -> str:
    """Give the UTC day, as 2026-11-25, that spending is counted in."""
    return now.astimezone(UTC).date().isoformat()


def counted(session: Session, now: datetime, words: str, limits: Limits) -> Session:
    """Count one more text of a sender.

    Args:
        session: the sender's.
        now: aware.
        words: a keyed hash of what was written, "" for keys and the menu's own words.
        limits: how long a count lasts.
    """
    since = datetime.fromtimestamp(session.counted_since, now.tzinfo)
    if not since <= now < since + timedelta(minutes=limits.minutes):
        session = altered(session, counted_since=int(now.timestamp()), texts=0, told=False, alike=0, words="")
    alike = session.alike + 1 if words and words == session.words else 1
    return altered(session, texts=session.texts + 1, alike=alike, words=words)


def verdict(session: Session, limits: Limits) -> Verdict:
    """Say whether a counted text is answered: over the limit once with a word about it, then not at all."""
    flood = 0 < limits.texts < session.texts
    loop = 0 < limits.alike < session.alike
    if not (flood or loop):
        return "answer"
    return "quiet" if session.told or loop else "tell"


@dataclass(frozen=True)
class Moderated:
    """What becomes of a text's turn, and whether somebody has opted out (True) or in again (False) by it."""

    turn: Turn
    opt_out: bool | None = None


def moderate(turn: Turn, before: Session, said: Said, intent: Intent | None, phrases: Phrases) -> Moderated:
    """Hold back the answer to a text that is one too many, or comes from somebody who has opted out.

    An emergency is always answered. Over a limit one text says so; the answers end without a word when the
    same words come again and again, since only machines write like that, and they answer each other for ever.

    Args:
        turn: the answer.
        before: the sender's session as it was, with this text `counted`.
        said: what was written.
        intent: what it was understood to mean, if anybody looked.
        phrases: gives one of the flow's sentences.
    """
    over = verdict(before, phrases.limits)
    if any(step.node == "stopped" for step in turn.steps) or (said.answered and turn.session is None):
        return Moderated(turn, opt_out=True)
    if before.stopped and fold(said.text) in STARTS:
        words = "" if said.starts else phrases.started  # where the carrier says so, we say nothing
        return Moderated(_only(turn, altered(before, stopped=False, told=False), words), opt_out=False)
    if intent is not None and intent.label == "emergency":
        known_by_heart = 0 < phrases.limits.alike_in_danger < before.alike
        return Moderated(_only(turn, before, "") if known_by_heart else turn)
    if over == "tell":
        return Moderated(_only(turn, altered(before, told=True), phrases.too_many))
    if before.stopped and fold(said.text) not in HELPS:
        words = (
            "" if before.told or said.starts else phrases.still_stopped
        )  # Twilio would not send it (21610)
        return Moderated(_only(turn, altered(before, told=True), words))
    return Moderated(_only(turn, before, "") if over == "quiet" else turn)


@dataclass(frozen=True)
class Phrases:
    """The limits, and the sentences that go with them."""

    limits: Limits
    too_many: str
    started: str
    still_stopped: str


def _only(turn: Turn, session: Session, words: str) -> Turn:
    """Say these words and nothing else; the person stays where they were."""
    says = (Speech(words),) if words else ()
    steps = (Step(HELD_BACK, session.node),)
    return Turn(session, steps, says, End(), language=turn.language)


def carried_on(turn: Turn, begun: Session, before: Session, *, opt_out: bool | None) -> Session:
    """Give the session to keep: the walk's, or a new one when the walk is over, with what was counted."""
    session = turn.session or altered(begun, language=turn.language or begun.language)
    stopped = before.stopped if opt_out is None else opt_out
    told = turn.session.told if turn.session else before.told
    return altered(
        session,
        counted_since=before.counted_since,
        texts=before.texts,
        told=told and opt_out is None,
        alike=before.alike,
        words=before.words,
        stopped=stopped,
    )
