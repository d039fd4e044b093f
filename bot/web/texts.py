"""The texts that callers ask for: what a call promises, what it refuses, and the first try."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from bot import metrics
from bot.catalogue import Catalogue
from bot.channels.callers import caller_from
from bot.conversation import Answer, Compose
from bot.core.line import Line
from bot.core.prompts import Speaker
from bot.core.session import Turn
from bot.envelope import Letter
from bot.errors import StoreError
from bot.log import event
from bot.outbox import Rules, Sender
from bot.store import Outbox, OutgoingText

NUDGE = timedelta(seconds=10)
MOST_AFTER_AN_ANSWER = 3  # a thread of the server does it
REPORTED = frozenset({"delivered", "undelivered", "failed"})


@dataclass
class Texts:
    """Promises texts in a turn's transaction, and sends them after its answer. `sender` None: it can't."""

    catalogue: Catalogue
    rules: Rules
    sender: Sender | None
    _lock: Lock = field(default_factory=Lock, init=False)
    _next: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)

    @property
    def outbox(self) -> Outbox:
        """Where the texts are kept."""
        return self.rules.outbox

    def reaches(self, raw_from: str | None) -> bool:
        """Say whether this caller can be offered a text."""
        return self.sender is not None and self.rules.reaches(raw_from)

    def composer(self, line: Line, raw_from: str | None, now: datetime) -> Compose:
        """Make what writes the text that a turn promises to this caller; it gives None where none may go."""

        def compose(turn: Turn, text_id: str, routing_id: str) -> OutgoingText | None:
            number = caller_from(raw_from).number
            if number is None or turn.text_service is None or not self.reaches(raw_from):
                return None
            body = words(self.catalogue, line, turn.text_service, turn.language, now)
            letter = Letter(number, line.text_number, body)
            sealed = self.rules.envelope.seal(text_id, letter)
            recipient = self.rules.envelope.recipient(number)
            return OutgoingText(sealed, recipient, line.id, turn.text_service, routing_id)

        return compose

    def promised(self, answer: Answer, raw_from: str | None, now: datetime) -> bool:
        """Say whether the text that an answer promises will be tried; if not, its caller is told now."""
        try:
            if answer.replayed:
                return not self.outbox.was_refused(answer.turn_id)
            number = caller_from(raw_from).number
            if not self.reaches(raw_from) or number is None:
                return False
            why = self.rules.against(number, answer.turn_id, now)
            if not why:
                return True
            self.outbox.refuse(answer.turn_id, why)
        except StoreError as fault:  # it is on record and waits; whoever sends it asks again
            event("text.unchecked", logging.WARNING, error=fault)
            return True
        event("text.refused", logging.WARNING, reason=why)
        metrics.count("signpost_texts_total", result="refused")
        return False

    def report(self, token: str, sid: str, status: str, reason: str, now: datetime) -> None:
        """Take what the carrier says of a text."""
        try:
            new = self.outbox.report(token, self.rules.envelope.sid(sid), status, reason, now)
        except StoreError as fault:
            event("text.unreported", logging.WARNING, error=fault)
            return
        if new in REPORTED:
            metrics.count("signpost_texts_total", result=new)

    def is_due(self, now: datetime) -> bool:
        """Say whether it is time to send what waits."""
        return self.sender is not None and now >= self._next

    def nudge(self, now: datetime, *, asked: bool) -> None:
        """After an answer, send what waits: at once when a text was `asked` for, else now and then.

        One thread of the process at a time: a slow carrier must not take all of them from callers.
        """
        if self.sender is None or not self._lock.acquire(blocking=False):
            return
        try:
            if asked or now >= self._next:
                self._next = now + NUDGE
                self.sender.step(MOST_AFTER_AN_ANSWER)
        finally:
            self._lock.release()


def words(catalogue: Catalogue, line: Line, service: str, language: str, now: datetime) -> str:
    """What the text says: a number and not whose, as anybody may see the phone."""
    flow, directory = catalogue.flows[line.flow], catalogue.directory
    speaker = Speaker(flow, directory, flow.wording(language), "text", now)
    return speaker.phrase("texted", number=directory.services[service].phone.display)
