"""One simulated phone: somebody who texts and rings the line, through the carrier's own webhooks."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin

from flask import Flask

from bot import carrier
from bot.carrier import Call, CarrierError, Outcome, Sids, Texting, events
from bot.core.line import Line
from bot.web.simulator.door import open_door, origin_of
from bot.web.simulator.entries import Caption, Exchange, Message, exchange, size_of
from bot.web.simulator.people import FAR_END_STATUS, CallerKind, FarEnd, Person, national, person
from bot.web.simulator.telling import tell
from bot.web.wiring import KEY, SIMULATION, Simulation, Wiring

MOST_ENTRIES = 200
MOST_EXCHANGES = 20
TALK_SECONDS = 40


class RefusedError(Exception):
    """What was asked for can't be done now; the message is for the page."""


@dataclass(frozen=True)
class Choices:
    """What the operator chose. `at` is the simulated time, aware, or None for the present."""

    line: Line
    caller: CallerKind = "mobile"
    far_end: FarEnd = "answers"
    at: datetime | None = None


class Phone:
    """A phone and everything that happened on it. Threads share it; it does one thing at a time."""

    def __init__(self, app: Flask, choices: Choices, serial: int) -> None:
        """Take the app that is rung, what was chosen, and the phone's number in the series."""
        self.id = secrets.token_urlsafe(16)
        self.lock = threading.RLock()
        self.messages: deque[Message] = deque(maxlen=MOST_ENTRIES)
        self.captions: deque[Caption] = deque(maxlen=MOST_ENTRIES)
        self.exchanges: deque[Exchange] = deque(maxlen=MOST_EXCHANGES)
        self.present = ""
        self.call: Call | None = None
        self.joined = False
        self.wiring: Wiring = app.extensions[KEY]
        self.known_routings = frozenset[str]()
        self._serial = serial
        self._entries = 0
        self._seen: list[str] = []
        self._handed_over: list[events.Replied] = []
        # Ids that are new with each phone: one that the line knows gets what it answered before.
        self._sids = Sids(self.id)
        self._transport = open_door(app, {})
        self._origin = origin_of(self.wiring.settings)
        self._choose(choices)

    # What is chosen

    def choose(self, choices: Choices) -> None:
        """Change what was chosen; another line or caller is another person to the line.

        Raises:
            RefusedError: during a call, for a new line or caller.
        """
        with self.lock:
            moved = (self.choices.line.id, self.choices.caller) != (choices.line.id, choices.caller)
            if moved and self.on_call:
                raise RefusedError("Hang up first: a call keeps its line and its caller.")
            self._choose(choices)
            if moved and self.messages and not self.person.no_text:
                self._note(f"From here on: {self.person.shown} to {choices.line.name}.")

    def _choose(self, choices: Choices) -> None:
        self.choices = choices
        self.person: Person = person(choices.caller, self._serial)
        self._transport.environ_extra = {SIMULATION: Simulation(choices.at, self, self._seen)}
        self.texting = Texting(self._transport, self._account(), self._text_line(), self.person.address)

    @property
    def now(self) -> datetime:
        """The simulated time, aware."""
        return self.choices.at or self.wiring.clock()

    @property
    def text_to(self) -> str:
        """Where this person's texts go: WhatsApp knows no short codes."""
        line = self.choices.line
        return line.text_number if self.person.kind == "whatsapp" else line.short_code or line.text_number

    @property
    def call_to(self) -> str:
        """The number that this person rings."""
        return self.choices.line.voice_number

    @property
    def on_call(self) -> bool:
        """Whether a call has begun and not ended."""
        return self.call is not None and not self.call.ended

    # What people do

    def text(self, body: str, pictures: int) -> None:
        """Send a text, with pictures or without. Raises RefusedError where this phone can't."""
        with self.lock, self._carried():
            if self.person.no_text or not self.text_to:
                raise RefusedError(self.person.no_text or "This line has no number for texts.")
            answered = bool(self.texting.send(body, pictures))
            self._take_down()
            if not answered:
                self._note("The line sent no answer to this.")

    def ring(self) -> None:
        """Ring the line. Raises RefusedError where this phone can't, or is on a call already."""
        with self.lock, self._carried():
            if self.person.no_call or not self.call_to:
                raise RefusedError(self.person.no_call or "This line has no number for calls.")
            if self.on_call:
                raise RefusedError("This phone is on a call already.")
            self.captions.clear()
            self.joined = False
            self.call = Call(self._transport, self._account(), self._call_line(), self.person.address)
            self.call.start()

    def press(self, keys: str) -> None:
        """Press keys. Raises RefusedError without a call."""
        with self.lock, self._carried():
            self._present_call().press(keys)

    def speak(self, words: str, confidence: float) -> None:
        """Say something, heard so well (0 to 1). Raises RefusedError without a call."""
        with self.lock, self._carried():
            self._present_call().say(words, confidence)

    def wait(self) -> None:
        """Say and press nothing until the line goes on. Raises RefusedError without a call."""
        with self.lock, self._carried():
            self._present_call().wait()

    def hang_up(self) -> None:
        """Put the phone down. Raises RefusedError without a call."""
        with self.lock, self._carried():
            self._present_call().hang_up()

    def far_end_acts(self) -> None:
        """Let the telephone that was dialled do the next thing; without one, nothing happens."""
        with self.lock, self._carried():
            if self.call is None or self.call.ringing is None:
                return
            if self.joined or self.choices.far_end != "answers":
                self.call.finish_dial(Outcome(FAR_END_STATUS[self.choices.far_end], TALK_SECONDS))
            else:
                self.call.connect()

    # What the line does

    def send(self, *, to: str, from_: str, body: str, status_url: str) -> None:
        """Take a text that the app sends by REST (`bot.channels.rest.Texter`).

        Raises:
            ValueError: it is for somebody else; the line then tells the caller that it did not go.
        """
        if to != self.person.address:
            raise ValueError("The simulator's phone has another number")
        sid = self._sids.new("SM")
        status_url = urljoin(self._origin, status_url)
        self._handed_over.append(events.Replied(sid, to, from_, body, status_url=status_url))
        number = national(from_).replace(" ", "\u00a0")  # kept on one line
        label = f"Asked for on the call, from {number}"
        self.messages.append(Message(self._next(), "line", body, label=label, size=size_of(body)))

    @contextmanager
    def _carried(self) -> Iterator[None]:
        """Do something through the carrier, then write down all that it caused."""
        try:
            yield
        except CarrierError as fault:
            raise RefusedError(f"The carrier can't do that: {fault}") from fault
        finally:
            self._take_down()
            for reply in self._handed_over:
                self.texting.report(reply, "delivered")
            self._handed_over.clear()
            self._take_down()

    def _take_down(self) -> None:
        """Move what happened from the carrier to the page's lists, so that neither grows for ever."""
        for source in (self.texting, self.call):
            if source is None:
                continue
            for happened in source.events:
                self._enter(happened)
            source.events.clear()
            source.webhook.exchanges.clear()
            source.webhook.fetched.clear()
        nodes = self.wiring.catalogue.flows[self.choices.line.flow].nodes
        self.present = next((node for node in reversed(self._seen) if node in nodes), self.present)
        self._seen.clear()

    def _enter(self, happened: events.Event) -> None:
        match happened:
            case events.Fetched():
                self.exchanges.append(exchange(self._next(), happened))
            case events.Connected():
                self.joined = True
            case events.DialEnded():
                self.joined = False
        told = tell(happened, self)
        if isinstance(told, Message):
            self.messages.append(replace(told, id=self._next()))
        elif told is not None:
            self.captions.append(replace(told, id=self._next()))

    def _note(self, text: str) -> None:
        self.messages.append(Message(self._next(), "note", text))

    def _next(self) -> int:
        self._entries += 1
        return self._entries

    def _present_call(self) -> Call:
        if self.call is None or self.call.ended:
            raise RefusedError("There is no call now.")
        return self.call

    def _account(self) -> carrier.Account:
        line = self.choices.line
        numbers = frozenset(number for number in (line.text_number, line.voice_number) if number)
        return carrier.Account(
            self.wiring.settings.auth_tokens[0], numbers=numbers, sids=self._sids, started_at=self.now
        )

    def _text_line(self) -> carrier.Line:
        return carrier.Line(number=self.text_to, text_url=f"{self._origin}/twilio/sms")

    def _call_line(self) -> carrier.Line:
        return carrier.Line(
            number=self.call_to,
            voice_url=f"{self._origin}/twilio/voice",
            voice_status_url=f"{self._origin}/twilio/status/call",
        )
