"""The one use case: somebody did something; decide, keep it, answer.

Session, turn and routing are committed together, durably, before the answer is returned. The
answer itself is kept with the turn, so that a webhook delivered twice is answered alike and
routes once: that is why rendering happens inside the transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from bot.carried import is_behind, latest_of, read_carried, write_carried
from bot.core.directory import Directory
from bot.core.flow import Flow
from bot.core.intent import Intent
from bot.core.limits import HELD_BACK, Limits, Spent
from bot.core.line import Line
from bot.core.match import key_in
from bot.core.redaction import Redaction, redaction_of
from bot.core.session import (
    NOBODYS,
    Arrival,
    Channel,
    End,
    Routing,
    Said,
    Session,
    Spoken,
    Step,
    Turn,
    altered,
)
from bot.errors import BehindError
from bot.keyed import keyed
from bot.limiting import Quiet, counted_text, held_back, opt_out_key, spends
from bot.moves import Moves
from bot.store import Decision, Delivery, OutgoingText

CALL_HOURS = 4  # Twilio ends a call after four hours; the session goes with the call or then
ENDED_CALL_MINUTES = 15
MOST_MEANT = 4096

# Makes the answer out of a turn and the state that a call's next address has to carry, "" for none.
Render = Callable[[Turn, str], str]
# Writes the text that a turn promises, under the turn's id and its routing's; None where none may be sent.
Compose = Callable[[Turn, str, str], OutgoingText | None]
# What free text means: its words, whether they were written or heard ("sms", "speech"), and the
# languages they may be in, the present one first.
Understand = Callable[[str, str, Sequence[str]], Intent]


@dataclass(frozen=True)
class Conversation:
    """What every turn needs: the script, the directory, and what a record says of us.

    `redact_after` is how long the carrier may keep the messages and calls of those who were sent to a
    service; None leaves them there.
    """

    flows: Mapping[str, Flow]
    directory: Directory
    secret: bytes = field(repr=False)
    session_minutes: int
    code_version: str
    partner_of: Callable[[str], str]
    understand: Understand | None = None
    limits: Limits = field(default_factory=Limits)
    # Whether a person has opted out, and what a line has spent today: as far as this process knows.
    opted_out: Callable[[str], bool] = lambda _person: False
    spent_of: Callable[[str, datetime], Spent] = lambda _line, _now: Spent()
    quiet: Quiet = field(default_factory=Quiet, repr=False)
    meant: dict[str, Intent] = field(default_factory=dict, repr=False)
    moves: Moves = field(default_factory=Moves, repr=False)
    # One thread at a time: to understand takes megabytes, and each thread would keep its own.
    one_thinks: AbstractContextManager[Any] = field(default_factory=Lock, repr=False)
    redact_after: timedelta | None = None
    new_id: Callable[[], str] = lambda: secrets.token_hex(16)

    def words_key(self, words: str) -> str:
        """Give a keyed hash of what somebody wrote, to see that they write it again."""
        return _keyed(self, "words", words)


@dataclass(frozen=True)
class Answer:
    """The rendered answer, where it led, and the service whose number it promises by text, if it does.

    `turn_id` is the turn's, and the text's.
    """

    body: str
    replayed: bool
    text_service: str | None = None
    node: str = ""
    service: str = ""
    language: str = ""
    turn_id: str = ""


async def take_turn(  # noqa: PLR0913 - each is another's part of the turn
    conversation: Conversation,
    arrival: Arrival,
    line: Line,
    now: datetime,
    render: Render,
    *,
    compose: Compose | None = None,
) -> Answer:
    """Move a person one turn and have everything about it committed in one transaction: it awaits that.

    Args:
        conversation: the script, the directory and the rest.
        arrival: what came in.
        line: the line that was used.
        now: aware.
        render: makes the answer out of the turn; called before the commit.
        compose: writes the text that the turn promises, to be kept in the same transaction.

    Returns:
        The answer. For a turn that was answered before, the same answer and nothing to text.

    Raises:
        StoreError: nothing was committed.
        BehindError: likewise. The turn reports on a routing that the database does not have yet.
    """
    flow = conversation.flows[line.flow]
    directory = conversation.directory
    begun = new_session(conversation, arrival, line, now)
    turn_id, session_id, expires_at = turn_key(conversation, arrival), begun.id, begun.expires_at
    turns: list[Turn] = []
    # Before the transaction, in which others wait; once more there for whoever speaks another language.
    meant = understood(conversation, flow, begun, arrival, line)
    is_urgent = meant is not None and meant.label == "emergency"
    if (
        isinstance(arrival.inbound, Said)
        and not is_urgent
        and conversation.quiet.holds(session_id, now, conversation.limits)
    ):
        nothing = Turn(None, (Step(HELD_BACK, ""),), (), End())
        return Answer(render(nothing, ""), replayed=False, turn_id=turn_id, node=HELD_BACK)

    def decide(kept: Session | None) -> Decision:
        latest = latest_of(kept, read_carried(arrival.carried, begun, conversation.secret))
        session = latest or begun
        if (
            kept is None
            and session.channel != "voice"
            and conversation.opted_out(opt_out_key(conversation.secret, arrival.person))
        ):
            session = altered(session, stopped=True)
        session = counted_text(conversation.limits, flow, session, arrival, now, conversation.words_key)
        known = session.language == begun.language
        intent = meant if known else understood(conversation, flow, session, arrival, line)
        frugal = conversation.spent_of(line.id, now).is_over(conversation.limits)
        heard = altered(session, can_be_texted=session.can_be_texted and not frugal)
        turn = conversation.moves.advance(
            flow, directory, heard, arrival.inbound, now, line=line, intent=intent, may_connect=not frugal
        )
        turn, opt_out = held_back(conversation.limits, flow, turn, begun, session, arrival.inbound, intent)
        if turn.session and not turn.says:
            conversation.quiet.note(turn.session, conversation.limits)
        if turn.outcome and not turn.text_service and is_behind(kept, latest):
            raise BehindError("the routing that is reported on waits in a journal, and so does the report")
        routing = routing_of(conversation, flow, turn, session.channel, now)
        turns.append(turn)
        keeps = _kept(turn, routing, expires_at, now)
        return Decision(
            answer=render(turn, write_carried(keeps, conversation.secret)),
            session=keeps,
            routing=routing,
            outcome=(session.routing_id, turn.outcome) if session.routing_id and turn.outcome else None,
            opt_out=None if opt_out is None else (opt_out_key(conversation.secret, arrival.person), opt_out),
            spends=spends(turn, arrival, line, now),
            text=compose(turn, turn_id, session.routing_id) if compose and turn.text_service else None,
            redaction=redaction_due(conversation, arrival, now) if routing else None,
        )

    taken = await Delivery(turn_id, session_id, now, expires_at, decide)
    if taken.replayed or not turns:
        return Answer(taken.answer, replayed=True, turn_id=turn_id)
    last = turns[-1]
    node = last.steps[-1].node if last.steps else ""
    service = last.chosen.service if last.chosen else ""
    return Answer(
        taken.answer,
        replayed=False,
        text_service=last.text_service,
        node=node,
        service=service,
        language=last.language,
        turn_id=turn_id,
    )


def new_session(conversation: Conversation, arrival: Arrival, line: Line, now: datetime) -> Session:
    """Begin a session for whoever arrives, under the keyed hash by which they are found again."""
    return altered(
        NOBODYS,
        id=_keyed(conversation, "session", arrival.person),
        line=line.id,
        channel=arrival.channel,
        language=line.languages[0],
        expires_at=now + _lifetime(conversation, arrival),
        can_be_texted=arrival.can_be_texted,
    )


def redaction_due(conversation: Conversation, arrival: Arrival, now: datetime) -> Redaction | None:
    """Say what the carrier is to delete of whoever was sent to a service, and when; None if nothing."""
    if conversation.redact_after is None:
        return None
    return redaction_of(arrival.sid, now + conversation.redact_after)


def routing_of(
    conversation: Conversation, flow: Flow, turn: Turn, channel: Channel, now: datetime
) -> Routing | None:
    """Make the record that a turn sent somebody to a service, if it did."""
    if turn.chosen is None:
        return None
    return Routing(
        id=conversation.new_id(),
        hour=now.replace(minute=0, second=0, microsecond=0),
        channel=channel,
        language=turn.language,
        flow_revision=flow.revision,
        directory_revision=conversation.directory.revision,
        code_version=conversation.code_version,
        chosen_by=turn.chosen.how,
        service=turn.chosen.service,
        partner=conversation.partner_of(turn.chosen.service),
    )


def turn_key(conversation: Conversation, arrival: Arrival) -> str:
    """Name a turn by a keyed hash, the same for each delivery of it."""
    return _keyed(conversation, "turn", arrival.turn)


def understood(
    conversation: Conversation, flow: Flow, session: Session, arrival: Arrival, line: Line
) -> Intent | None:
    """What their words mean; keys and pictures alone are not looked at.

    All of the line's languages are listened for, those that are not served too: whatever language
    somebody writes in, an emergency is an emergency.
    """
    inbound = arrival.inbound
    if conversation.understand is None or not isinstance(inbound, Said | Spoken) or not inbound.text.strip():
        return None
    answered = isinstance(inbound, Said) and inbound.answered  # by the carrier, whatever it says
    if answered or key_in(inbound.text, flow.wording(session.language)):
        return None
    languages = tuple(dict.fromkeys([session.language, *line.languages]))
    heard = "speech" if arrival.channel == "voice" else "sms"
    # MENU and the like come all the time, and so do the words of a flood: what they mean is worked out once,
    # and remembered under a keyed hash, since nothing that somebody wrote is kept.
    key = _keyed(conversation, "meant", "|".join((heard, *languages, inbound.text)))
    intent = conversation.meant.get(key)
    if intent is None:
        with conversation.one_thinks:
            intent = conversation.meant.get(key) or conversation.understand(inbound.text, heard, languages)
            if len(conversation.meant) >= MOST_MEANT:
                conversation.meant.clear()
            conversation.meant[key] = intent
    return intent


def _kept(turn: Turn, routing: Routing | None, expires_at: datetime, now: datetime) -> Session | None:
    if turn.session is None:
        return None
    if isinstance(turn.then, End) and turn.session.medium == "voice":
        # A call that is over but whose transfer may still report back.
        expires_at = now + timedelta(minutes=ENDED_CALL_MINUTES)
    routing_id = routing.id if routing else turn.session.routing_id
    return altered(turn.session, routing_id=routing_id, expires_at=expires_at)


def _lifetime(conversation: Conversation, arrival: Arrival) -> timedelta:
    if arrival.channel == "voice":
        return timedelta(hours=CALL_HOURS)
    return timedelta(minutes=conversation.session_minutes)


def _keyed(conversation: Conversation, purpose: str, name: str) -> str:
    """A keyed hash; a webhook that does not say who or what it is gets one that nobody shares."""
    return keyed(conversation.secret, purpose, name or secrets.token_hex(16))
