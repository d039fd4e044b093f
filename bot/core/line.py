"""A line: the numbers that people use, with its script, languages and voices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """Who speaks a language on calls, by Twilio's names ("Polly.Amy-Neural", "en-GB").

    `recogniser` is the language that Twilio is to hear ("en-GB"), "" where it can't and keys alone
    count; `speech_model` is Twilio's name of one, "" where Twilio is to choose.
    """

    voice: str
    language: str
    recogniser: str = ""
    speech_model: str = ""


@dataclass(frozen=True)
class Line:
    """One line; numbers are E.164, the short code is digits; "" where the line has none."""

    id: str
    name: str
    flow: str
    languages: tuple[str, ...]
    keywords: tuple[str, ...]
    short_code: str
    text_number: str
    voice_number: str
    example: bool
    voices: Mapping[str, Voice]

    def hears(self, language: str) -> bool:
        """Whether speech in this language is understood on calls."""
        voice = self.voices.get(language)
        return bool(voice and voice.recogniser)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Everything that a person may text or ring."""
        return tuple(n for n in (self.short_code, self.text_number, self.voice_number) if n)
