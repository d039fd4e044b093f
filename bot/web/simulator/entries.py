"""What the page shows of a phone: messages, captions and exchanges, as they happened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from bot.carrier import events
from bot.channels.twiml import DIALLING_CODE
from bot.core.segments import not_gsm, segments

By = Literal["person", "line", "note"]

# What a developer looks for first; the rest of Twilio's forty fields never varies here.
TELLING = (
    "From",
    "To",
    "Body",
    "NumMedia",
    "Digits",
    "SpeechResult",
    "Confidence",
    "CallStatus",
    "DialCallStatus",
    "DialCallDuration",
    "MessageStatus",
)


@dataclass(frozen=True)
class Message:
    """One bubble of the conversation by text, or a note between two."""

    id: int
    by: By
    text: str
    pictures: int = 0
    label: str = ""
    size: str = ""


@dataclass(frozen=True)
class Caption:
    """One thing heard or done on a call; `spoken` is for a voice that would add up digits."""

    id: int
    by: By
    text: str
    spoken: str = ""
    language: str = ""


@dataclass(frozen=True)
class Exchange:
    """One webhook with its answer."""

    id: int
    method: str
    path: str
    status: int
    body: str
    milliseconds: int
    purpose: str
    sent: tuple[tuple[str, str], ...]


def size_of(text: str) -> str:
    """Say how long a text is and in how many parts it is sent."""
    cut = segments(text)
    characters = "1 character" if len(text) == 1 else f"{len(text)} characters"
    parts = "1 part" if cut.parts == 1 else f"{cut.parts} parts"
    costly = not_gsm(text)
    because = f" · shorter parts because of {costly}" if costly else ""
    return f"{characters} · {parts}{because}"


def spoken(text: str, displays: Sequence[str]) -> str:
    """Write telephone numbers so that a voice reads them digit by digit: "101" as "1 0 1".

    Args:
        text: a caption.
        displays: every number of the directory as it is shown, longest first.
    """
    known = [rf"(?<!\d){re.escape(display)}(?!\d)" for display in displays]
    pattern = "|".join([*known, DIALLING_CODE])
    return re.sub(pattern, lambda found: ", ".join(" ".join(g) for g in found[0].split()), text)


def exchange(number: int, fetched: events.Fetched) -> Exchange:
    """Write down one webhook as the page shows it."""
    given = dict(fetched.params)
    return Exchange(
        id=number,
        method=fetched.method,
        path=urlsplit(fetched.url).path,
        status=fetched.status,
        body=fetched.body,
        milliseconds=max(1, round(fetched.elapsed_seconds * 1000)),
        purpose=fetched.purpose,
        sent=tuple((name, given[name]) for name in TELLING if given.get(name)),
    )


def seconds(count: int) -> str:
    """Write a number of seconds."""
    return "1 second" if count == 1 else f"{count} seconds"
