"""The one use case: somebody did something; decide, keep it, answer.

Session, turn and routing are committed together, durably, before the answer is returned. The
answer itself is kept with the turn, so that a webhook delivered twice is answered alike and
routes once: that is why rendering happens inside the transaction.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.directory import Directory
from bot.core.engine import advance
from bot.core.flow import Flow
from bot.core.intent import Intent
from bot.core.line import Line
from bot.core.match import is_own_word, key_in
from bot.core.session import Arrival, Channel, End, Routing, Said, Session, Spoken, Turn
from bot.store import Decision, Store, read_session

CALL_HOURS = 4  # Twilio ends a call after four hours; the session goes with the call or then
ENDED_CALL_MINUTES = 15
MOST_OWN_WORDS = 4096

Render = Callable[[Turn], str]
# What free text means: its words, whether they were written or heard ("sms", "speech"), and the
# languages they may be in, the present one first.
Understand = Callable[[str, str, Sequence[str]], Intent]


@dataclass(frozen=True)
class Conversation:
    """What every turn needs: the script, the directory, the store, and what a record says of us."""

    flows: Mapping[str, Flow]
    directory: Directory
    store: Store
    secret: bytes = field(repr=False)
    session_minutes: int
    code_version: str
    partner_of: Callable[[str], str]
    understand: Understand | None = None
    own_words: dict[tuple[str, str, tuple[str, ...]], Intent] = field(default_factory=dict, repr=False)
    new_id: Callable[[], str] = lambda: secrets.token_hex(16)


@dataclass(frozen=True)
class Answer:
    """The rendered answer, where it led, and the service whose number must be texted now, if one must."""

    body: str
    replayed: bool
    text_service: str | None = None
    node: str = ""
    service: str = ""
    language: str = ""


def take_turn(
    conversation: Conversation, arrival: Arrival, line: Line, now: datetime, render: Render
) -> Answer:
    """Move a person one turn and commit everything about it in one transaction.

    Args:
        conversation: the script, the store and the rest.
        arrival: what came in.
        line: the line that was used.
        now: aware.
        render: makes the answer out of the turn; called before the commit.

    Returns:
        The answer. For a turn that was answered before, the same answer and nothing to text.

    Raises:
        StoreError: nothing was committed.
    """
    flow = conversation.flows[line.flow]
    directory = conversation.directory
    begun = new_session(conversation, arrival, line, now)
    session_id, expires_at = begun.id, begun.expires_at
    turns: list[Turn] = []

    def decide(kept: Session | None) -> Decision:
        session = kept or carried(arrival, begun) or begun
        intent = understood(conversation, flow, session, arrival, line)
        turn = advance(flow, directory, session, arrival.inbound, now, line=line, intent=intent)
        routing = routing_of(conversation, flow, turn, session.channel, now)
        turns.append(turn)
        return Decision(
            answer=render(turn),
            session=_kept(turn, routing, expires_at, now),
            routing=routing,
            outcome=(session.routing_id, turn.outcome) if session.routing_id and turn.outcome else None,
        )

    taken = conversation.store.take(turn_key(conversation, arrival), session_id, now, expires_at, decide)
    if taken.replayed or not turns:
        return Answer(taken.answer, replayed=True)
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
    )


def new_session(conversation: Conversation, arrival: Arrival, line: Line, now: datetime) -> Session:
    """Begin a session for whoever arrives, under the keyed hash by which they are found again."""
    return Session(
        _keyed(conversation, "session", arrival.person),
        line.id,
        arrival.channel,
        line.languages[0],
        now + _lifetime(conversation, arrival),
        arrival.can_be_texted,
    )


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


def carried(arrival: Arrival, begun: Session) -> Session | None:
    """The session that an address carried while the database could not keep it, under the id of a new one."""
    return read_session(begun.id, arrival.carried, begun.expires_at) if arrival.carried else None


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
    if not is_own_word(inbound.text, flow):
        return conversation.understand(inbound.text, heard, languages)
    # The script's own words, MENU and the like, come all the time: what they mean is worked out once.
    asked = (inbound.text, heard, languages)
    intent = conversation.own_words.get(asked)
    if intent is None:
        intent = conversation.understand(*asked)
        if len(conversation.own_words) < MOST_OWN_WORDS:
            conversation.own_words[asked] = intent
    return intent


def _kept(turn: Turn, routing: Routing | None, expires_at: datetime, now: datetime) -> Session | None:
    if turn.session is None:
        return None
    if isinstance(turn.then, End):  # a call that is over but whose transfer may still report back
        expires_at = now + timedelta(minutes=ENDED_CALL_MINUTES)
    routing_id = routing.id if routing else turn.session.routing_id
    return replace(turn.session, routing_id=routing_id, expires_at=expires_at)


def _lifetime(conversation: Conversation, arrival: Arrival) -> timedelta:
    if arrival.channel == "voice":
        return timedelta(hours=CALL_HOURS)
    return timedelta(minutes=conversation.session_minutes)


def _keyed(conversation: Conversation, purpose: str, name: str) -> str:
    """A keyed hash; a webhook that does not say who or what it is gets one that nobody shares."""
    name = name or secrets.token_hex(16)
    return hmac.digest(
        conversation.secret, f"{purpose}|{name}".encode("utf-8", "surrogatepass"), "sha256"
    ).hex()
