"""Writes TwiML. Small on purpose: text is escaped in one place, and the carrier checks the result."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr  # escapes; parses nothing  # nosec B406

from bot.core.line import Voice
from bot.core.session import Speech

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
PAUSE = ' <break time="400ms"/> '
GROUP_PAUSE = ' <break time="250ms"/> '
# XML 1.0 has no place for these characters, escaped or not (https://www.w3.org/TR/xml/#charsets).
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# "01 or 02" in a cost: digits that begin with a nought are a dialling code, never a quantity.
DIALLING_CODE = r"\b0\d+\b"


def response(*verbs: str) -> str:
    """A whole document."""
    return f"{DECLARATION}<Response>{''.join(verbs)}</Response>"


def element(name: str, content: str = "", first: str = "", /, **given: str | int) -> str:
    """A verb or noun; `content` is markup already, and so are the attributes that stand `first`."""
    told = f"{first}{attributes(**given)}"
    return f"<{name}{told}>{content}</{name}>" if content else f"<{name}{told}/>"


def attributes(**given: str | int) -> str:
    """Attributes, in the order they are given in, with a space before each."""
    return "".join(f" {key.rstrip('_')}={quoteattr(str(value))}" for key, value in given.items())


@lru_cache(maxsize=1024)  # the line says the same things all the time, and nothing that anybody wrote
def text(words: str) -> str:
    """Words as character data."""
    return escape(FORBIDDEN.sub("", words))


@lru_cache(maxsize=1024)
def say(speech: Speech, voice: Voice, displays: tuple[str, ...]) -> str:
    """Speak: a line break pauses, a telephone number is read digit by digit, group by group.

    Args:
        speech: the words.
        voice: who speaks them.
        displays: every number of the directory as it is shown, longest first.
    """
    spoken = PAUSE.join(_line(line, voice, displays) for line in speech.text.splitlines() if line.strip())
    if speech.slow:
        spoken = f'<prosody rate="slow">{spoken}</prosody>'
    return element("Say", spoken, voice=voice.voice, language=voice.language)


def says(speeches: Iterable[Speech], voice_of: Callable[[str], Voice], displays: tuple[str, ...]) -> str:
    """Speak several things, with a second between them; but the offers of other languages, each in its
    own voice, follow at once: all of them together are to take no more than a few seconds.

    Args:
        speeches: what is said.
        voice_of: the voice of a language, "" for the one that the call is in.
        displays: every number of the directory as it is shown, longest first.
    """
    spoken: list[str] = []
    before: Speech | None = None
    for speech in speeches:
        if before and not (before.language or speech.language):
            spoken.append(element("Pause", length=1))
        spoken.append(say(speech, voice_of(speech.language), displays))
        before = speech
    return "".join(spoken)


def _line(line: str, voice: Voice, displays: tuple[str, ...]) -> str:
    spoken, last = [], 0
    for match in _numbers(displays).finditer(line):
        spoken += [text(line[last : match.start()]), _digits(match.group(), voice)]
        last = match.end()
    return "".join([*spoken, text(line[last:])])


def _digits(number: str, voice: Voice) -> str:
    # Left alone, "101" is a hundred and one and "0800 555 111" three sums. Polly spells with
    # "digits"; Google's voices do not know that word and spell with "characters".
    how = "characters" if voice.voice.startswith("Google.") else "digits"
    return GROUP_PAUSE.join(f'<say-as interpret-as="{how}">{group}</say-as>' for group in number.split())


@lru_cache(maxsize=8)
def _numbers(displays: tuple[str, ...]) -> re.Pattern[str]:
    known = [rf"(?<!\d){re.escape(display)}(?!\d)" for display in displays]
    return re.compile("|".join([*known, DIALLING_CODE]))
