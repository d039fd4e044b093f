"""Twilio's webhooks: verify, read, take the turn, render. The person always gets an answer.

A request that Twilio did not sign is refused with 403 in plain text. A request that it did sign
is answered with HTTP 200 and TwiML whatever happens, because anything else is silence.
"""

from __future__ import annotations

import logging
import re
import time
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import Forbidden, HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from bot import metrics
from bot.channels import signature, sms, voice
from bot.channels.addresses import bare_number, first_values, read_form
from bot.conversation import Answer, take_turn
from bot.core.limits import HELD_BACK
from bot.core.line import Line
from bot.core.session import Arrival, Medium, TextFailed, Turn
from bot.errors import BehindError, StoreError
from bot.log import event
from bot.web.stopping import goes_on
from bot.web.texts import words
from bot.web.wiring import SIMULATION, Simulation, Wiring, wiring


class Render(Protocol):
    """Makes the answer out of a turn, and the state that its next step's address has to carry."""

    def __call__(self, turn: Turn, carried: str, /) -> str: ...


bp = Blueprint("webhooks", __name__, url_prefix="/twilio")

FORM = "application/x-www-form-urlencoded"
CODE = re.compile(r"[1-9][0-9]{4}")  # of Twilio's errors
MOST_FIELDS = 500  # Twilio sends about forty
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@bp.before_request
def verify() -> None:
    """Let nothing through that Twilio did not sign with one of our tokens."""
    g.verified = False
    w = wiring()
    raw = request.get_data(cache=True)
    is_form = request.mimetype == FORM
    pairs: list[tuple[str, str]] = []
    if is_form:
        try:
            pairs = read_form(raw, MOST_FIELDS)
        except ValueError:
            raise RequestEntityTooLarge from None
    origin = w.settings.public_url or request.host_url.rstrip("/")
    url = signature.public_url(origin, request.environ)
    given = request.headers.get("X-Twilio-Signature")
    if not signature.verify(w.settings.auth_tokens, url, pairs, given, None if is_form else raw):
        event("webhook.refused", logging.WARNING, path=request.path, signed=given is not None)
        metrics.count("signpost_webhooks_refused_total")
        raise Forbidden
    if not is_form:
        raise UnsupportedMediaType
    g.verified = True
    g.form = first_values(pairs)


@bp.errorhandler(HTTPException)
def refused(error: HTTPException) -> Response:
    """Refuse in plain text, without a word of why that a stranger could use."""
    return Response(f"{error.code} {error.name}\n", status=error.code, mimetype="text/plain")


@bp.errorhandler(Exception)
def failed(error: Exception) -> Response:
    """Answer with every number when anything at all went wrong behind a good signature."""
    event("webhook.failed", logging.ERROR, error=error, path=request.path)
    if not g.get("verified", False):
        return refused(Forbidden())
    metrics.count("signpost_webhooks_failed_total")
    if request.path.startswith("/twilio/status/"):
        return _twiml(EMPTY)
    medium: Medium = "text" if request.path == "/twilio/sms" else "voice"
    w = wiring()
    line = w.catalogue.line_of(bare_number(g.form.get("To"))) or w.catalogue.first_line
    return _twiml(w.safe[line.id, medium])


@bp.post("/sms")
def text_message() -> Response:
    """A text came in, by SMS, WhatsApp or RCS."""
    line = _line()
    return _answer(sms.read(g.form, line), line, lambda turn, _carried: sms.render(turn))


@bp.post("/voice")
def call() -> Response:
    """A call came in."""
    line = _line()
    return _answer(voice.read_call(g.form, line), line, _voice_render(line))


@bp.post("/voice/step/<int:turn>")
def step(turn: int) -> Response:
    """A Gather ended: keys, words or silence."""
    line = _line()
    return _answer(voice.read_step(g.form, line, turn), line, _voice_render(line))


@bp.post("/voice/dialled/<int:turn>")
def dialled(turn: int) -> Response:
    """A transfer ended."""
    line = _line()
    return _answer(voice.read_dialled(g.form, line, turn), line, _voice_render(line))


@bp.post("/status/call")
def call_status() -> Response:
    """A call changed its state; when it is over, so is its session."""
    line = _line()
    arrival = voice.read_status(g.form, line)
    if arrival:
        _answer(arrival, line, lambda _turn, _carried: EMPTY)
    return _twiml(EMPTY)


@bp.post("/status/message")
def message_status() -> Response:
    """A text that we sent changed its state."""
    status = g.form.get("MessageStatus") or g.form.get("SmsStatus") or ""
    known = {"queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled", "read"}
    event("message.status", status=status if status in known else "other")
    w = wiring()
    sid, code = g.form.get("MessageSid", ""), g.form.get("ErrorCode", "")
    with w.overdue.watching(request.environ, lambda: EMPTY):
        w.texts.report(request.args.get("t", ""), sid, status, code if CODE.fullmatch(code) else "", _now(w))
    return _twiml(EMPTY)


def _answer(arrival: Arrival, line: Line, render: Render) -> Response:
    w = wiring()
    now, began = _now(w), time.perf_counter()
    simulation, caller = _simulation(), g.form.get("From")
    arrival = replace(arrival, carried=voice.read_carried(request.args.get("s", "")))
    if w.stop.known().on and not goes_on(w.conversation, arrival, line, now):
        event("turn.stopped", channel=arrival.channel)
        metrics.count("signpost_turns_stopped_total", channel=arrival.channel)
        return _twiml(w.stop.answer(line, "voice" if arrival.channel == "voice" else "text"))
    if not simulation and arrival.channel == "voice":
        arrival = replace(arrival, can_be_texted=w.texts.reaches(caller))
    with w.overdue.watching(request.environ, partial(_from_memory, w, arrival, line, now, render)):
        return _turned(w, arrival, line, now, render, began)


def _from_memory(w: Wiring, arrival: Arrival, line: Line, now: datetime, render: Render) -> str:
    """Answer without the database and without the request, whose thread has not come back."""
    metrics.count("signpost_turns_from_memory_total", channel=arrival.channel)
    return w.standby.take_turn(arrival, line, now, render).body


def _turned(  # noqa: PLR0913, PLR0917 - what `_answer` has put together
    w: Wiring, arrival: Arrival, line: Line, now: datetime, render: Render, began: float
) -> Response:
    simulation, caller = _simulation(), g.form.get("From")
    compose = None if simulation else w.texts.composer(line, caller, now)
    try:
        with w.breaker.passing():
            answer = take_turn(w.conversation, arrival, line, now, render, compose=compose)
    except (StoreError, BehindError) as error:
        name = "store.behind" if isinstance(error, BehindError) else "store.unusable"
        event(name, logging.ERROR, error=error)
        metrics.count("signpost_turns_from_memory_total", channel=arrival.channel)
        answer = w.standby.take_turn(arrival, line, now, render)
    if simulation:
        simulation.seen.append(answer.node)
    elif arrival.channel != "voice" and caller:
        w.ranges.note(caller, now)
    event(
        "turn.taken",
        channel=arrival.channel,
        node=answer.node,
        inbound=type(arrival.inbound).__name__,
        replayed=answer.replayed,
    )
    _count(arrival, answer, time.perf_counter() - began)
    if not _is_kept(w, line, arrival, answer, now):
        turn = arrival.turn and f"{arrival.turn}|text-failed"
        again = replace(arrival, turn=turn, inbound=TextFailed())
        answer = take_turn(w.conversation, again, line, now, render)
    response = _twiml(answer.body)
    response.call_on_close(lambda: _tidy(w, asked=bool(answer.text_service)))
    return response


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


def _is_kept(w: Wiring, line: Line, arrival: Arrival, answer: Answer, now: datetime) -> bool:
    """Say whether a text that the answer promises will be tried; True when it promises none."""
    if arrival.channel != "voice" or not (answer.text_service or answer.replayed):
        return True
    simulation = _simulation()
    if not simulation:
        return w.texts.promised(answer, g.form.get("From"), now)
    return not answer.text_service or _show(simulation, w, line, answer, now)


def _show(simulation: Simulation, w: Wiring, line: Line, answer: Answer, now: datetime) -> bool:
    """Show a text on the simulated phone, at once; False when it is not for that phone."""
    body = words(w.catalogue, line, answer.text_service or "", answer.language, now)
    try:
        simulation.texter.send(
            to=g.form.get("From", ""),
            from_=line.text_number,
            body=body,
            status_url=f"{w.settings.public_url}/twilio/status/message",
        )
    except ValueError:
        return False
    return True


def _voice_render(line: Line) -> Render:
    w = wiring()
    return lambda turn, carried: voice.render(turn, line, w.displays, w.base, carried)


def _line() -> Line:
    """The line that was used, or the first one with a warning."""
    w = wiring()
    line = w.catalogue.line_of(bare_number(g.form.get("To")))
    if line is None:
        event("line.unlisted", logging.WARNING, cure="add the number to config/lines.toml")
        return w.catalogue.first_line
    return line


def _simulation() -> Simulation | None:
    played = request.environ.get(SIMULATION)
    return played if wiring().settings.simulator and isinstance(played, Simulation) else None


def _now(w: Wiring) -> datetime:
    simulation = _simulation()
    return simulation.now if simulation and simulation.now else w.clock()


def _twiml(document: str) -> Response:
    return Response(document, mimetype="text/xml")
