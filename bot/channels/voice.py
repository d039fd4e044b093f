"""Calls: Twilio's voice webhooks in, voice TwiML out.

Sources: https://www.twilio.com/docs/voice/twiml, .../twiml/gather, .../twiml/dial
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from bot.channels import twiml
from bot.channels.callers import caller_from
from bot.core.line import Line, Voice
from bot.core.session import (
    Arrival,
    Ask,
    Connect,
    DialEnded,
    DialStatus,
    HungUp,
    Inbound,
    Pressed,
    Rang,
    Silence,
    Speech,
    Spoken,
    Turn,
)

ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
DIALLED = frozenset({"completed", "answered", "busy", "no-answer", "failed", "canceled"})
STEP_PATH = "/twilio/voice/step/"
DIALLED_PATH = "/twilio/voice/dialled/"


def read_call(form: Mapping[str, str], line: Line) -> Arrival:
    """Read the webhook of a call that has just come in."""
    return _arrival(form, line, 0, Rang())


def read_step(form: Mapping[str, str], line: Line, turn: int) -> Arrival:
    """Read what a Gather brought: keys, words or silence."""
    return _arrival(form, line, turn, _gathered(form))


def read_dialled(form: Mapping[str, str], line: Line, turn: int) -> Arrival:
    """Read how a transfer ended. The caller is gone when the call itself is over."""
    status = form.get("DialCallStatus", "")
    known = cast("DialStatus", status if status in DIALLED else "failed")
    return _arrival(form, line, turn, DialEnded(known, caller_left=form.get("CallStatus") in ENDED))


def read_status(form: Mapping[str, str], line: Line) -> Arrival | None:
    """Read a call's status callback; None while the call goes on."""
    if form.get("CallStatus") not in ENDED:
        return None
    return _arrival(form, line, -1, HungUp())


def render(turn: Turn, line: Line, displays: tuple[str, ...], base: str) -> str:
    """Say what is to be said, and ask, connect or hang up.

    Args:
        turn: what was decided.
        line: whose voice speaks and whose number a transfer shows.
        displays: every number of the directory as it is shown, longest first.
        base: the path under which the app is reached from outside, "" for the root.
    """
    if turn.session is None:
        return last_words(turn.says, voice_of(line, line.languages[0]), displays)
    voice = voice_of(line, turn.session.language)
    spoken = twiml.says(turn.says, voice, displays)
    step = turn.session.turns
    match turn.then:
        case Ask(timeout_seconds):
            return twiml.response(
                twiml.element(
                    "Gather",
                    spoken,
                    input="dtmf",
                    numDigits=1,
                    finishOnKey="",  # so that * and # arrive as keys
                    timeout=timeout_seconds,
                    actionOnEmptyResult="true",
                    action=f"{base}{STEP_PATH}{step}",
                )
            )
        case Connect(number, timeout_seconds):
            return twiml.response(
                spoken,
                twiml.element(
                    "Dial",
                    twiml.element("Number", number),
                    action=f"{base}{DIALLED_PATH}{step}",
                    # Left out, the callerId would be the caller's own number.
                    callerId=line.voice_number or line.text_number,
                    timeout=timeout_seconds,
                    answerOnBridge="true",
                    record="do-not-record",
                ),
            )
        case _:
            return twiml.response(spoken, twiml.element("Hangup"))


def last_words(says: Iterable[Speech], voice: Voice, displays: tuple[str, ...]) -> str:
    """Say these things and hang up."""
    return twiml.response(twiml.says(says, voice, displays), twiml.element("Hangup"))


def voice_of(line: Line, language: str) -> Voice:
    """The line's voice for a language, or its first."""
    return line.voices.get(language) or next(iter(line.voices.values()))


def _gathered(form: Mapping[str, str]) -> Inbound:
    if digits := form.get("Digits", ""):
        return Pressed(digits)
    if words := form.get("SpeechResult", "").strip():
        return Spoken(words, _confidence(form.get("Confidence")))
    return Silence()


def _confidence(given: str | None) -> float | None:
    try:
        value = float(given or "")
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _arrival(form: Mapping[str, str], line: Line, turn: int, inbound: Inbound) -> Arrival:
    sid = form.get("CallSid", "")
    caller = caller_from(form.get("From"))
    return Arrival(
        turn=f"{sid}|{turn}" if sid else "",
        person=sid and f"{line.id}|{sid}",
        channel="voice",
        inbound=inbound,
        can_be_texted=caller.can_be_texted and bool(line.text_number),
    )
