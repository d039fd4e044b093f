"""The two legs of a call as Twilio reports them: the caller's, and the one that a Dial makes.

Sources: https://www.twilio.com/docs/voice/twiml#request-parameters,
/docs/voice/api/call-resource#statuscallback and /docs/voice/twiml/number#statuscallback
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from bot.carrier.account import API_VERSION, Account, Line, country
from bot.carrier.dialling import BRIDGED, Dial, Outcome
from bot.carrier.events import Params
from bot.carrier.webhook import Method

_PLACE = ("City", "State", "Zip")


@dataclass(frozen=True, slots=True)
class Report:
    """One status callback that is to be sent."""

    method: Method
    url: str
    params: Params


def moment(started_at: datetime, elapsed_seconds: int) -> datetime:
    """Give the simulated time so long after the beginning."""
    return started_at + timedelta(seconds=elapsed_seconds)


def method_of(value: str) -> Method:
    """Read a method attribute; POST is Twilio's default."""
    return "GET" if value == "GET" else "POST"


def caller_params(account: Account, line: Line, caller: str, sid: str, status: str) -> Params:
    """Give what every request about an incoming call carries, empty places included."""
    pairs = [
        ("CallSid", sid),
        ("AccountSid", account.sid),
        ("From", caller),
        ("To", line.number),
        ("Caller", caller),
        ("Called", line.number),
        ("CallStatus", status),
        ("Direction", "inbound"),
        ("ApiVersion", API_VERSION),
    ]
    for side, number in (("From", caller), ("Caller", caller), ("To", line.number), ("Called", line.number)):
        name = country(number)
        if name is not None:
            pairs += [(f"{side}Country", name), *((f"{side}{place}", "") for place in _PLACE)]
    return tuple(pairs)


def progress_params(now: datetime, sequence: int, seconds: int | None) -> Params:
    """Give what a status callback adds; ``seconds`` is the length of a finished call."""
    pairs = [
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(sequence)),
        ("Timestamp", format_datetime(now)),
    ]
    if seconds is not None:
        # Duration is in minutes begun, as billed; CallDuration is in seconds.
        pairs += [("Duration", str(math.ceil(seconds / 60))), ("CallDuration", str(seconds))]
    return tuple(pairs)


def dial_report(
    dial: Dial, event: str, account: Account, parent_sid: str, outcome: Outcome | None = None
) -> Report | None:
    """Give the callback that a Number asked for about this event, without its time; None where it did not."""
    number = dial.number
    if number is None or not number.get("statusCallback"):
        return None
    if event not in number.get("statusCallbackEvent", "completed").split(" "):
        return None
    status = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}.get(event)
    if outcome is not None:
        status = "completed" if outcome.status in BRIDGED else outcome.status
    params = (
        ("CallSid", dial.dialling.sid),
        ("ParentCallSid", parent_sid),
        ("AccountSid", account.sid),
        ("From", dial.dialling.caller_id),
        ("To", dial.dialling.number),
        ("Caller", dial.dialling.caller_id),
        ("Called", dial.dialling.number),
        ("CallStatus", status or "completed"),
        ("Direction", "outbound-dial"),
        ("ApiVersion", API_VERSION),
    )
    return Report(method_of(number.get("statusCallbackMethod")), number.get("statusCallback"), params)
