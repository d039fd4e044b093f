"""One Dial: whom it rings, what the other end does, and what is then sent.

Sources: https://www.twilio.com/docs/voice/twiml/dial and /docs/voice/twiml/number
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.carrier.document import Element
from bot.carrier.errors import NotPlayedError, TwimlError
from bot.carrier.events import Dialling, DialStatus, Params
from bot.carrier.values import E164

BAD_CALLER_ID = 13214
DEFAULT_TIMEOUT_SECONDS = 30
DEFAULT_TIME_LIMIT_SECONDS = 14400
BRIDGED = frozenset({"completed", "answered"})

_EXTRA_RING_SECONDS = 5  # Twilio adds a buffer to the timeout
_SHORT_RING_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a Dial ends: ``seconds`` talked, and whether it was the caller who left."""

    status: DialStatus
    seconds: int = 30
    caller_left: bool = False


OtherEnd = Callable[[Dialling], Outcome | None]
"""Decide what the other end does; None keeps the call ringing until it is told."""


def always(status: DialStatus, seconds: int = 30) -> OtherEnd:
    """Make another end that always does the same."""
    return lambda _dialling: Outcome(status, seconds)


@dataclass(slots=True)
class Dial:
    """The state of one Dial."""

    element: Element
    dialling: Dialling
    connected: bool = False

    @property
    def number(self) -> Element | None:
        """The Number element, or None where the number is the Dial's own text."""
        return self.element.children[0] if self.element.children else None

    @property
    def stops_on_star(self) -> bool:
        """Whether the caller's * ends the conversation."""
        return self.element.get("hangupOnStar") == "true"

    @property
    def time_limit_seconds(self) -> int:
        """The longest that the two may talk."""
        return int(self.element.get("timeLimit") or DEFAULT_TIME_LIMIT_SECONDS)

    def rang_seconds(self, outcome: Outcome) -> int:
        """Give how long it rang before this outcome."""
        if outcome.status == "no-answer" and not outcome.caller_left:
            return self.dialling.timeout_seconds + _EXTRA_RING_SECONDS
        return _SHORT_RING_SECONDS

    def result_sent(self, outcome: Outcome) -> Params:
        """Give the parameters of the action: no duration where nobody answered."""
        bridged = outcome.status in BRIDGED
        pairs = [("DialCallStatus", str(outcome.status)), ("DialCallSid", self.dialling.sid)]
        pairs.append(("DialBridged", "true" if bridged else "false"))
        if bridged:
            pairs.append(("DialCallDuration", str(outcome.seconds)))
        return tuple(pairs)


def begin_dial(element: Element, caller: str, allowed: frozenset[str], sid: str) -> Dial:
    """Read a Dial and say what rings.

    ``caller`` is the number of the caller, ``allowed`` the numbers that the account may show. Raises
    TwimlError 13214 where the number shown is neither, and NotPlayedError for what is not one telephone.
    """
    other = [child.name for child in element.children if child.name != "Number"]
    if other:
        raise NotPlayedError(f"Dial: <{other[0]}> is Twilio's but not played here")
    if len(element.children) > 1:
        raise NotPlayedError("Dial: more than one <Number> is Twilio's but not played here")
    number = element.children[0] if element.children else element
    if number.name == "Number" and number.get("url"):
        raise NotPlayedError("Number url: words for the other end are Twilio's but not played here")
    # Left out, the caller's own number is shown: Twilio's default, and why the app must never rely on it.
    shown = element.get("callerId") or caller
    if E164.fullmatch(shown) is None or shown not in allowed | {caller}:
        raise TwimlError(
            BAD_CALLER_ID, "Dial callerId: found a number that is not the account's; allowed: one of its own"
        )
    dialling = Dialling(
        number=number.text,
        caller_id=shown,
        record=element.get("record", "do-not-record"),
        timeout_seconds=int(element.get("timeout") or DEFAULT_TIMEOUT_SECONDS),
        answer_on_bridge=element.get("answerOnBridge") == "true",
        send_digits=number.get("sendDigits"),
        sid=sid,
    )
    return Dial(element, dialling)
