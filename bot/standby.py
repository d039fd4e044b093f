"""Answers while the database can't be used: from memory, and nothing that is acknowledged is lost.

Texts are answered with what their words mean and with every number, so that no state is needed. A call
carries its state in the address of its next step, which Twilio signs. What has to be on record goes to the
journal, and from there into the database once it works again, marked late.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import metrics
from bot.carried import read_carried, write_carried
from bot.conversation import (
    Answer,
    Conversation,
    Render,
    new_session,
    redaction_due,
    routing_of,
    turn_key,
    understood,
)
from bot.core.engine import advance
from bot.core.flow import Flow
from bot.core.line import Line
from bot.core.prompts import Speaker
from bot.core.session import Arrival, DialEnded, HungUp, Inbound, Rang, Session, Speech, TextFailed, Turn
from bot.errors import StoreError
from bot.log import event
from bot.store import Journal, SlowError, write_out

# How long the answer is kept for a second delivery, once it is in the database.
KEPT = timedelta(hours=1)
# How long the journal is waited for: somebody waits for the answer.
JOURNAL_SECONDS = 0.25


@dataclass(frozen=True)
class Standby:
    """What answers while the store does not. Without a journal people are answered and nothing is kept."""

    conversation: Conversation
    journal: Journal | None

    def take_turn(self, arrival: Arrival, line: Line, now: datetime, render: Render) -> Answer:
        """Move a person one turn without the database.

        Args:
            arrival: what came in; `carried` is the state that its address brought, if it did.
            line: the line that was used.
            now: aware.
            render: makes the answer out of the turn and the state that the next address has to carry.
        """
        conversation = self.conversation
        flow = conversation.flows[line.flow]
        begun = self._begun(arrival, line, now)
        kept = read_carried(arrival.carried, begun, conversation.secret)
        session = replace(kept or begun, can_be_texted=False)
        intent = understood(conversation, flow, session, arrival, line)

        def after(inbound: Inbound, session: Session = session) -> Turn:
            return advance(flow, conversation.directory, session, inbound, now, line=line, intent=intent)

        inbound = arrival.inbound
        if arrival.channel == "voice" and not kept and not isinstance(inbound, Rang | DialEnded | HungUp):
            inbound = Rang()  # nobody knows any more what their key meant
        if kept and after(inbound, kept).text_service:
            # They were offered the number by text before; nobody could see to it now that it is sent once.
            turn = replace(after(TextFailed()), outcome=None)
        else:
            turn = after(inbound)
        if arrival.channel != "voice":
            turn = self._with_every_number(flow, turn, now)
        routing = routing_of(conversation, flow, turn, session.channel, now)
        if turn.session and routing:
            turn = replace(turn, session=replace(turn.session, routing_id=routing.id))
        body = render(turn, write_carried(turn.session, conversation.secret))
        ended = (session.routing_id, turn.outcome) if session.routing_id and turn.outcome else None
        redaction = redaction_due(conversation, arrival, now) if routing else None
        if routing or ended:
            record = replace(routing, late=True) if routing else None
            entry = {
                "turn": turn_key(conversation, arrival),
                "answer": body,
                "expires_at": (now + KEPT).isoformat(),
                "routing": write_out(record) if record else "",
                "outcome_of": ended[0] if ended else "",
                "outcome": ended[1] if ended else "",
                "hour": now.isoformat(),
                "sid": redaction.sid if redaction else "",
                "redact_at": redaction.due_at.isoformat() if redaction else "",
            }
            self._keep(entry)
        node = turn.steps[-1].node if turn.steps else ""
        service = turn.chosen.service if turn.chosen else ""
        return Answer(body, replayed=False, node=node, service=service, language=turn.language)

    def _begun(self, arrival: Arrival, line: Line, now: datetime) -> Session:
        session = new_session(self.conversation, arrival, line, now)
        number = arrival.turn.rpartition("|")[2]  # so that no step of this call gets the number of another
        return replace(session, turns=int(number)) if number.isdigit() else session

    def _with_every_number(self, flow: Flow, turn: Turn, now: datetime) -> Turn:
        wording = flow.wording(turn.language)
        speaker = Speaker(flow, self.conversation.directory, wording, "text", now)
        numbers = Speech(speaker.numbers(flow.nodes[flow.numbers], bare=True))
        said = turn.says if turn.chosen else (Speech(speaker.phrase("safe")),)
        return replace(turn, says=(*said, numbers), session=None)

    def _keep(self, entry: dict[str, str]) -> None:
        try:
            if self.journal is None:
                raise StoreError("there is no journal; set JOURNAL_PATH")  # noqa: TRY301 - told like any other loss
            self.journal.append_within(JOURNAL_SECONDS, entry)
        except StoreError as error:
            if isinstance(error, SlowError) and error.kept:
                event("routing.unsure", logging.CRITICAL, error=error)
                metrics.count("signpost_routings_unsure_total")
                return
            event("routing.lost", logging.CRITICAL, error=error)
            metrics.count("signpost_routings_lost_total")
        else:
            event("routing.journalled", logging.WARNING)
            metrics.count("signpost_routings_journalled_total")
