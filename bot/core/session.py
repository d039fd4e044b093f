"""One person's walk through a flow: what came in, what it caused, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

Channel = Literal["sms", "whatsapp", "rcs", "voice"]
Medium = Literal["text", "voice"]
DialStatus = Literal["completed", "answered", "busy", "no-answer", "failed", "canceled"]
Outcome = Literal[
    "offered", "number_texted", "transfer_started", "connected", "busy", "no_answer", "failed", "abandoned"
]
Stage = Literal["opening", "listening", "announced", "dialling", "returned"]

OUTCOMES: tuple[Outcome, ...] = (
    "offered",
    "number_texted",
    "transfer_started",
    "connected",
    "busy",
    "no_answer",
    "failed",
    "abandoned",
)

# How far each outcome got somebody; of two that are as strong, the later one counts.
_STRENGTH: dict[Outcome, int] = {
    "offered": 0,
    "transfer_started": 1,
    "busy": 2,
    "no_answer": 2,
    "failed": 2,
    "abandoned": 2,
    "number_texted": 3,
    "connected": 4,
}


def hidden_by(outcome: Outcome) -> tuple[Outcome, ...]:
    """Give the outcomes of a routing that a later one replaces: none that is stronger.

    A caller who was connected and then asks for the number by text was connected all the same. A
    text that could not be sent is taken back by "offered", which replaces nothing else: what
    counts again is how a transfer had ended, if there was one.
    """
    if outcome == "offered":
        return ("number_texted",)
    return tuple(one for one in OUTCOMES if _STRENGTH[one] <= _STRENGTH[outcome])


def ways_a_transfer_ends() -> tuple[Outcome, ...]:
    """Give the outcomes that count again when a text that was promised could not be sent."""
    return tuple(one for one in OUTCOMES if 0 < _STRENGTH[one] < _STRENGTH["number_texted"])


@dataclass(frozen=True)
class Rang:
    """A call has just been answered; nothing has been pressed or said yet."""


@dataclass(frozen=True)
class Said:
    """A text message: its words, and how many pictures or recordings came with it.

    `answered` when the carrier has replied itself, as Twilio does to STOP on a long code; `starts` when it
    replies itself to START there.
    """

    text: str
    media: int = 0
    answered: bool = False
    starts: bool = False


@dataclass(frozen=True)
class Spoken:
    """What the recogniser heard on a call; confidence from 0 to 1, or None when it gave none."""

    text: str
    confidence: float | None = None


@dataclass(frozen=True)
class Pressed:
    """Keys pressed on a call: digits, * or #."""

    digits: str


@dataclass(frozen=True)
class Silence:
    """The time to answer ran out on a call with nothing pressed or said."""


@dataclass(frozen=True)
class DialEnded:
    """A transfer is over. `caller_left` when the person rang off before it ended; it lasted `seconds`."""

    status: DialStatus
    caller_left: bool = False
    seconds: int = 0


@dataclass(frozen=True)
class TextFailed:
    """The number that was promised by text could not be handed to the carrier."""


@dataclass(frozen=True)
class HungUp:
    """The call is over."""


Inbound = Rang | Said | Spoken | Pressed | Silence | DialEnded | TextFailed | HungUp


@dataclass(frozen=True)
class Arrival:
    """One delivery of one webhook, read but not yet answered.

    `turn` is the same when the carrier delivers the same thing twice, `person` when the same
    person comes back within a session; both are hashed before they are kept, and neither is
    shown. Either may be "" when the webhook did not say. `carried` is the state of the session that
    the address of a call's step brought, for when the database does not know it. `abroad` when an answer
    goes to a number of another country. `sid` is what the carrier calls the message or the call.
    """

    turn: str = field(repr=False)
    person: str = field(repr=False)
    channel: Channel
    inbound: Inbound
    can_be_texted: bool
    carried: str = field(default="", repr=False)
    abroad: bool = False
    sid: str = field(default="", repr=False)


Record = TypeVar("Record", "Arrival", "Session", "Turn")


def altered(record: Record, /, **changes: object) -> Record:
    """Give a record with some of its fields changed, as `dataclasses.replace` does in a sixth of the time: a
    turn does it a dozen times.
    """
    new = object.__new__(type(record))
    vars(new).update(vars(record), **changes)
    return new


@dataclass(frozen=True)
class Session:
    """What is remembered between two turns; nothing of it says who the person is.

    `id` is a keyed hash that the caller of the engine makes; `trail` is the way back, oldest
    first; `misses` counts silences and wrong answers in a row, `rounds` how often three of them
    led to every number being read without one key since. `offers` are the nodes that "which do you
    mean?" named, in the order of their keys. `stopped` says that they have opted out.
    """

    id: str
    line: str
    channel: Channel
    language: str
    expires_at: datetime
    can_be_texted: bool = False
    node: str = ""
    trail: tuple[str, ...] = ()
    misses: int = 0
    rounds: int = 0
    turns: int = 0
    stage: Stage = "listening"
    routing_id: str = ""
    offers: tuple[str, ...] = ()
    # What `bot.core.limits` counts of somebody who texts; it outlives the walk.
    counted_since: int = 0
    texts: int = 0
    told: bool = False
    alike: int = 0
    words: str = field(default="", repr=False)
    stopped: bool = False

    @property
    def medium(self) -> Medium:
        """Whether prompts are read or heard."""
        return "voice" if self.channel == "voice" else "text"


# Whoever begins is made of this: `altered` takes a sixth of the time.
NOBODYS = Session("", "", "sms", "", datetime.max)  # noqa: DTZ901 - a place to be filled


@dataclass(frozen=True)
class Step:
    """A node that was visited in a turn, and how the person came to it (key, word, back...)."""

    node: str
    how: str


@dataclass(frozen=True)
class Chosen:
    """A service that the person was sent to in this turn, and what decided it."""

    service: str
    how: str


@dataclass(frozen=True)
class Speech:
    """Words to read or hear. A line break is a pause on a call; `slow` is said slowly.

    `language` where it is not the one that the turn is in: a sentence for people who speak another.
    """

    text: str
    slow: bool = False
    language: str = ""


@dataclass(frozen=True)
class Ask:
    """Wait for an answer: on a call, this many seconds after the last word.

    `hints` are words that are likely to be said, for the recogniser.
    """

    timeout_seconds: int
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connect:
    """Ring this number (E.164, from the directory) and join the two."""

    number: str
    timeout_seconds: int


@dataclass(frozen=True)
class End:
    """Nothing more is asked: a call is hung up, a text conversation is left alone."""


@dataclass(frozen=True)
class Turn:
    """One Inbound with all that it caused.

    `session` is None when the walk is over. `outcome` belongs to the routing the session held
    before the turn. `text_service` names the service whose number is to be texted. `language` is
    the one that the turn is told in.
    """

    session: Session | None
    steps: tuple[Step, ...]
    says: tuple[Speech, ...]
    then: Ask | Connect | End
    chosen: Chosen | None = None
    outcome: Outcome | None = None
    text_service: str | None = None
    language: str = ""


@dataclass(frozen=True)
class Routing:
    """The record that somebody was sent to a service; it never says who.

    `hour` is UTC, cut to the hour. `chosen_by` is "key", "word" or the id of the rule that
    understood free text. `partner` is whom the service belongs to. `late` when it was stored more
    than an hour after it happened.
    """

    id: str
    hour: datetime
    channel: Channel
    language: str
    flow_revision: str
    directory_revision: str
    code_version: str
    chosen_by: str
    service: str
    outcome: Outcome = "offered"
    partner: str = ""
    late: bool = False
