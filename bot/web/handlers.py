"""What each webhook does: take the turn, render it, and count it."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs

from bot import metrics
from bot.channels import sms, voice
from bot.conversation import Answer, take_turn
from bot.core.limits import HELD_BACK
from bot.core.line import Line
from bot.core.session import Arrival, Medium, Said, Spoken, TextFailed, Turn, altered
from bot.errors import BehindError, StoreError
from bot.log import event
from bot.moves import is_common
from bot.web.stopping import goes_on, in_distress
from bot.web.texts import words
from bot.web.turning import Answering, longer
from bot.web.wiring import SIMULATION, Simulation, Wiring

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

CODE = re.compile(r"[1-9][0-9]{4}")  # of Twilio's errors
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class Render(Protocol):
    """Makes the answer out of a turn, and the state that its next step's address has to carry."""

    def __call__(self, turn: Turn, carried: str, /) -> str: ...


@dataclass(frozen=True)
class Asked:
    """A webhook that Twilio signed: the first value of each field, and the turn that its path may name."""

    w: Wiring
    environ: WSGIEnvironment = field(repr=False)
    path: str
    form: Mapping[str, str] = field(repr=False)
    line: Line
    turn: int = 0

    @property
    def simulation(self) -> Simulation | None:
        """What the simulator has set, where there is one."""
        played = self.environ.get(SIMULATION)
        return played if self.w.settings.simulator and isinstance(played, Simulation) else None

    def now(self) -> datetime:
        """The present, or the time that is played."""
        simulation = self.simulation
        return simulation.now if simulation and simulation.now else self.w.clock()

    def query(self, name: str) -> str:
        """The first value of a name in the address, or ""."""
        asked = self.environ.get("QUERY_STRING")
        return parse_qs(asked).get(name, [""])[0] if asked else ""


class Reply:
    """The body of an answer, and what is done once it has been sent."""

    def __init__(
        self,
        body: str,
        after: Callable[[], None] | None = None,
        *,
        status: str = "200 OK",
        kind: str = "text/xml; charset=utf-8",
    ) -> None:
        self.body, self.after, self.status, self.kind = body.encode(), after, status, kind

    def __iter__(self) -> Iterator[bytes]:
        return iter((self.body,))

    def close(self) -> None:
        """Called by the server after the answer."""
        if self.after:
            self.after()


async def text_message(asked: Asked) -> Reply:
    """A text came in, by SMS, WhatsApp or RCS."""
    return await _answer(asked, sms.read(asked.form, asked.line), lambda turn, _carried: sms.render(turn))


async def call(asked: Asked) -> Reply:
    """A call came in."""
    return await _answer(asked, voice.read_call(asked.form, asked.line), _voice_render(asked))


async def step(asked: Asked) -> Reply:
    """A Gather ended: keys, words or silence."""
    return await _answer(asked, voice.read_step(asked.form, asked.line, asked.turn), _voice_render(asked))


async def dialled(asked: Asked) -> Reply:
    """A transfer ended."""
    return await _answer(asked, voice.read_dialled(asked.form, asked.line, asked.turn), _voice_render(asked))


async def call_status(asked: Asked) -> Reply:
    """A call changed its state; when it is over, so is its session."""
    arrival = voice.read_status(asked.form, asked.line)
    if arrival:
        await _answer(asked, arrival, lambda _turn, _carried: EMPTY)
    return Reply(EMPTY)


async def message_status(asked: Asked) -> Reply:
    """A text that we sent changed its state."""
    form = asked.form
    status = form.get("MessageStatus") or form.get("SmsStatus") or ""
    known = {"queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled", "read"}
    event("message.status", status=status if status in known else "other")
    sid, code = form.get("MessageSid", ""), form.get("ErrorCode", "")
    reason = code if CODE.fullmatch(code) else ""
    await longer
    with asked.w.overdue.watching(asked.environ, lambda: EMPTY):
        asked.w.texts.report(asked.query("t"), sid, status, reason, asked.now())
    return Reply(EMPTY)


Handle = Callable[[Asked], Answering[Reply]]
HANDLERS: Mapping[str, Handle] = {
    "/twilio/sms": text_message,
    "/twilio/voice": call,
    "/twilio/status/call": call_status,
    "/twilio/status/message": message_status,
}
# Those whose paths end with a call's turn.
OF_TURNS: Mapping[str, Handle] = {voice.STEP_PATH: step, voice.DIALLED_PATH: dialled}


async def _answer(asked: Asked, arrival: Arrival, render: Render) -> Reply:
    w, line = asked.w, asked.line
    now, began = asked.now(), time.perf_counter()
    simulation, caller = asked.simulation, asked.form.get("From")
    if carried := asked.query("s"):
        arrival = altered(arrival, carried=voice.read_carried(carried))
    if w.stop.is_due() or _is_wordy(asked, arrival):
        await longer
    if w.stop.known().on and not goes_on(w.conversation, arrival, line, now):
        event("turn.stopped", channel=arrival.channel)
        metrics.count("signpost_turns_stopped_total", channel=arrival.channel)
        medium: Medium = "voice" if arrival.channel == "voice" else "text"
        return Reply(w.stop.answer(line, medium, in_distress(w.conversation, arrival, line, now)))
    if not simulation and arrival.channel == "voice":
        arrival = altered(arrival, can_be_texted=w.texts.reaches(caller))
    with w.overdue.watching(asked.environ, partial(_from_memory, asked, arrival, now, render)):
        return await _turned(asked, arrival, now, render, began)


def _is_wordy(asked: Asked, arrival: Arrival) -> bool:
    """Whether what they mean has to be understood, which takes longer than all the rest."""
    inbound = arrival.inbound
    return isinstance(inbound, Said | Spoken) and not is_common(
        asked.w.conversation.flows[asked.line.flow], inbound
    )


def _from_memory(asked: Asked, arrival: Arrival, now: datetime, render: Render) -> str:
    """Answer without the database and without the request, which has not come back."""
    if asked.w.store.stuck:
        asked.w.breaker.trip()
    metrics.count("signpost_turns_from_memory_total", channel=arrival.channel)
    return asked.w.standby.take_turn(arrival, asked.line, now, render).body


async def _turned(asked: Asked, arrival: Arrival, now: datetime, render: Render, began: float) -> Reply:
    w, line = asked.w, asked.line
    simulation, caller = asked.simulation, asked.form.get("From")
    compose = None if simulation else w.texts.composer(line, caller, now)
    try:
        with w.breaker.passing():
            answered = await take_turn(w.conversation, arrival, line, now, render, compose=compose)
    except (StoreError, BehindError) as error:
        name = "store.behind" if isinstance(error, BehindError) else "store.unusable"
        event(name, logging.ERROR, error=error)
        metrics.count("signpost_turns_from_memory_total", channel=arrival.channel)
        await longer
        answered = w.standby.take_turn(arrival, line, now, render)
    if simulation:
        simulation.seen.append(answered.node)
    elif arrival.channel != "voice" and caller:
        w.ranges.note(caller, now)
    event(
        "turn.taken",
        channel=arrival.channel,
        node=answered.node,
        inbound=type(arrival.inbound).__name__,
        replayed=answered.replayed,
    )
    _count(arrival, answered, time.perf_counter() - began)
    if not await _is_kept(asked, arrival, answered, now):
        turn = arrival.turn and f"{arrival.turn}|text-failed"
        again = altered(arrival, turn=turn, inbound=TextFailed())
        answered = await take_turn(w.conversation, again, line, now, render)
    tidies = answered.text_service or w.texts.is_due(w.clock()) or w.sweeper.is_due(w.clock())
    return Reply(answered.body, partial(_tidy, w, asked=bool(answered.text_service)) if tidies else None)


def _count(arrival: Arrival, answer: Answer, seconds: float) -> None:
    kind, replayed = type(arrival.inbound).__name__, "yes" if answer.replayed else "no"
    metrics.count("signpost_turns_total", channel=arrival.channel, inbound=kind, replayed=replayed)
    metrics.observe("signpost_turn_seconds", seconds, channel=arrival.channel)
    if answer.node == HELD_BACK:
        metrics.count("signpost_held_back_total", channel=arrival.channel)
    if answer.service:
        metrics.count("signpost_routings_total", channel=arrival.channel, service=answer.service)


def _tidy(w: Wiring, *, asked: bool) -> None:
    """Do what is left for after the answer."""
    w.texts.nudge(w.clock(), asked=asked)
    w.sweeper.sweep(w.clock())


async def _is_kept(asked: Asked, arrival: Arrival, answered: Answer, now: datetime) -> bool:
    """Say whether a text that the answer promises will be tried; True when it promises none."""
    if arrival.channel != "voice" or not (answered.text_service or answered.replayed):
        return True
    if asked.simulation is None:
        await longer
        return asked.w.texts.promised(answered, asked.form.get("From"), now)
    return not answered.text_service or _show(asked, asked.simulation, answered, now)


def _show(asked: Asked, simulation: Simulation, answered: Answer, now: datetime) -> bool:
    """Show a text on the simulated phone, at once; False when it is not for that phone."""
    w, line = asked.w, asked.line
    body = words(w.catalogue, line, answered.text_service or "", answered.language, now)
    try:
        simulation.texter.send(
            to=asked.form.get("From", ""),
            from_=line.text_number,
            body=body,
            status_url=f"{w.settings.public_url}/twilio/status/message",
        )
    except ValueError:
        return False
    return True


def _voice_render(asked: Asked) -> Render:
    w, line = asked.w, asked.line
    return lambda turn, carried: voice.render(turn, line, w.displays, w.base, carried)
