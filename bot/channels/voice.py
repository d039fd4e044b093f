"""Calls: Twilio's voice webhooks in, voice TwiML out.

Sources: https://www.twilio.com/docs/voice/twiml, .../twiml/gather, .../twiml/dial
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from functools import lru_cache
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
# People in distress stop in the middle of a sentence; two seconds let them go on.
SPEECH_TIMEOUT_SECONDS = 2
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
    given = form.get("DialCallDuration", "")
    seconds = int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0  # noqa: PLR2004 - a day has five digits
    ended = DialEnded(known, caller_left=form.get("CallStatus") in ENDED, seconds=seconds)
    return _arrival(form, line, turn, ended)


def read_status(form: Mapping[str, str], line: Line) -> Arrival | None:
    """Read a call's status callback; None while the call goes on."""
    if form.get("CallStatus") not in ENDED:
        return None
    return _arrival(form, line, -1, HungUp())


def render(turn: Turn, line: Line, displays: tuple[str, ...], base: str, carried: str = "") -> str:
    """Say what is to be said, and ask, connect or hang up.

    Args:
        turn: what was decided.
        line: whose voice speaks and whose number a transfer shows.
        displays: every number of the directory as it is shown, longest first.
        base: the path under which the app is reached from outside, "" for the root.
        carried: the state that the next step's address has to bring back, should the database be gone.
    """
    language = turn.language or line.languages[0]
    if turn.session is None:
        return last_words(turn.says, line, language, displays)
    spoken = twiml.says(turn.says, lambda other: voice_of(line, other or language), displays)
    step = f"{turn.session.turns}{_query(carried)}"
    match turn.then:
        case Ask():
            listens = _listening(turn.then, voice_of(line, language))
            return twiml.response(twiml.element("Gather", spoken, listens, action=f"{base}{STEP_PATH}{step}"))
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


def read_carried(query: str) -> str:
    """Read the state that an address carried; "" when it is none."""
    try:
        return base64.urlsafe_b64decode(f"{query}==").decode()
    except ValueError:
        return ""


def _query(carried: str) -> str:
    """Write the state into an address, without = signs: nobody on the way shall want to escape them."""
    return f"?s={base64.urlsafe_b64encode(carried.encode()).decode().rstrip('=')}" if carried else ""


def last_words(says: Iterable[Speech], line: Line, language: str, displays: tuple[str, ...]) -> str:
    """Say these things and hang up."""
    spoken = twiml.says(says, lambda other: voice_of(line, other or language), displays)
    return twiml.response(spoken, twiml.element("Hangup"))


@lru_cache(maxsize=256)  # a few hundred hints for each menu, always the same
def _listening(ask: Ask, voice: Voice) -> str:
    """What a Gather takes, as attributes: keys always, and speech where Twilio hears the language.

    Without a speechModel Twilio chooses one for the language, and another one when that is down;
    with one, speechTimeout may not be "auto" (13335), so it is always a number.
    """
    listening: dict[str, str | int] = {"input": "dtmf"}
    if voice.recogniser:
        listening = {
            "input": "dtmf speech",
            "language": voice.recogniser,
            "speechTimeout": SPEECH_TIMEOUT_SECONDS,
        }
        if voice.speech_model:
            listening["speechModel"] = voice.speech_model
        if ask.hints:
            listening["hints"] = ",".join(ask.hints)
    return twiml.attributes(
        **listening,
        numDigits=1,
        finishOnKey="",  # so that * and # arrive as keys
        timeout=ask.timeout_seconds,
        actionOnEmptyResult="true",
    )


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
        sid=sid,
    )
