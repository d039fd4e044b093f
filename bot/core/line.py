"""A line: the numbers that people use, with its script, languages and voices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """Who speaks a language on calls, by Twilio's names ("Polly.Amy-Neural", "en-GB")."""

    voice: str
    language: str


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

    @property
    def numbers(self) -> tuple[str, ...]:
        """Everything that a person may text or ring."""
        return tuple(n for n in (self.short_code, self.text_number, self.voice_number) if n)
