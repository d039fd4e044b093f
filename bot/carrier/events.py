"""What happened on a call or in an exchange of texts, one frozen object each, for transcripts and screens."""

from dataclasses import dataclass
from typing import Literal

Params = tuple[tuple[str, str], ...]
DialStatus = Literal["completed", "answered", "busy", "no-answer", "failed", "canceled"]
Purpose = Literal["document", "fallback", "status", "duplicate"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The carrier asked the app and was answered; ``status`` is 0 when no answer came."""

    method: str
    url: str
    params: Params
    status: int
    body: str
    elapsed_seconds: float
    purpose: Purpose = "document"


@dataclass(frozen=True, slots=True)
class Errored:
    """Twilio's debugger would show this; ``code`` is Twilio's."""

    code: int
    message: str
    url: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller heard words (Say: ``text``) or a recording (Play: ``url``, or the tones in ``text``).

    ``times`` is 0 when it is repeated until something stops it. ``in_gather`` tells that a key cuts it short.
    """

    text: str
    voice: str = ""
    language: str = ""
    verb: Literal["Say", "Play"] = "Say"
    url: str | None = None
    times: int = 1
    in_gather: bool = False


@dataclass(frozen=True, slots=True)
class Paused:
    """Silence that the app asked for."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Listening:
    """A Gather waits; the call stands still until the caller does something."""

    input: str
    timeout_seconds: int
    num_digits: int | None
    finish_on_key: str
    action_on_empty_result: bool
    language: str
    hints: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed a key; ``taken`` is False where nothing listened for it."""

    key: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Spoke:
    """The caller spoke; ``taken`` is False where nothing listened for speech."""

    words: str
    confidence: float | None
    taken: bool


@dataclass(frozen=True, slots=True)
class Silent:
    """The caller did nothing until the time limit."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Redirected:
    """The document sent the call or the message on to another address."""

    url: str


@dataclass(frozen=True, slots=True)
class Dialling:
    """Another telephone rings; ``caller_id`` is the number it shows."""

    number: str
    caller_id: str
    record: str
    timeout_seconds: int
    answer_on_bridge: bool
    send_digits: str
    sid: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The other telephone was answered."""

    number: str


@dataclass(frozen=True, slots=True)
class DialEnded:
    """The Dial is over; ``seconds`` is None where nobody answered."""

    status: DialStatus
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The call was turned away; unbilled only where Reject came first."""

    reason: Literal["rejected", "busy"]
    billed: bool


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call ended; ``by`` the caller, by the app's document, or by the carrier after a fault."""

    by: Literal["caller", "app", "carrier"]


@dataclass(frozen=True, slots=True)
class Texted:
    """The person sent a message."""

    body: str
    media: int = 0


@dataclass(frozen=True, slots=True)
class Replied:
    """The app's document sent a message; ``status_url`` is where its progress is to be reported."""

    sid: str
    to: str
    sender: str
    body: str
    media: tuple[str, ...] = ()
    status_url: str | None = None


Event = (
    Fetched | Errored | Heard | Paused | Listening | Pressed | Spoke | Silent | Redirected | Dialling
    | Connected | DialEnded | Rejected | HungUp | Texted | Replied
)  # fmt: skip
