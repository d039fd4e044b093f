"""config/lines.toml."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StrictStr, model_validator

from bot.catalogue.models.base import Model, Number, Words


class VoiceModel(Model):
    """The voice that speaks a language on calls, and what hears it, by Twilio's names."""

    voice: StrictStr
    language: StrictStr
    recogniser: StrictStr = ""
    speech_model: StrictStr = ""


class LineModel(Model):
    """A line: its numbers, its script and its voices."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=60)]
    flow: StrictStr
    languages: Annotated[list[StrictStr], Field(min_length=1)]
    keywords: Words = []
    short_code: Annotated[StrictStr, Field(pattern=r"^(\d{5,6})?$")] = ""
    text_number: Literal[""] | Number = ""
    voice_number: Literal[""] | Number = ""
    example: bool = False
    voices: dict[str, VoiceModel]

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.short_code or self.text_number or self.voice_number):
            raise ValueError("a line has a number or a short code; cure: give at least one")
        for language in self.languages:
            if self.voice_number and language not in self.voices:
                raise ValueError(f"no voice speaks {language!r}; cure: add [lines.<id>.voices.{language}]")
        return self


class LinesModel(Model):
    """config/lines.toml."""

    lines: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")], LineModel], Field(min_length=1)
    ]
