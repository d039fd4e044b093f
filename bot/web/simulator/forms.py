"""What the page sends, read strictly."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bot.core.directory import LONDON
from bot.web.simulator.people import CallerKind, FarEnd

LONGEST_TEXT_CHARS = 1600
MOST_PICTURES = 10  # Twilio's limit of media in one message
MOST_KEYS = 20
LONGEST_SPEECH_CHARS = 500
FIRST_YEAR, LAST_YEAR = 2000, 2100


def _local_time(given: str) -> str:
    if given:
        at = datetime.fromisoformat(given)
        if at.tzinfo is not None or not FIRST_YEAR <= at.year < LAST_YEAR:
            raise ValueError(f"a local time from {FIRST_YEAR} to {LAST_YEAR - 1}, such as 2026-12-25T03:00")
    return given


class Form(BaseModel):
    """Known fields alone, of their own types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ChoicesForm(Form):
    """What can be chosen; a field that is left out stays as it is. `at` is London time, "" for now."""

    line: str | None = None
    caller: CallerKind | None = None
    far_end: FarEnd | None = None
    at: Annotated[str, AfterValidator(_local_time)] | None = None

    @property
    def moment(self) -> datetime | None:
        """The chosen time, aware; in the hour that comes twice in October, the first of the two."""
        return datetime.fromisoformat(self.at).replace(tzinfo=LONDON) if self.at else None


class TextForm(Form):
    """A text that is sent."""

    body: str = Field(max_length=LONGEST_TEXT_CHARS)
    pictures: int = Field(0, ge=0, le=MOST_PICTURES)

    @model_validator(mode="after")
    def something(self) -> TextForm:
        """Refuse a message of nothing, which no phone sends."""
        if not self.body.strip() and not self.pictures:
            raise ValueError("words or a picture")
        return self


class KeysForm(Form):
    """Keys that are pressed."""

    keys: str = Field(pattern=r"^[0-9*#]+$", max_length=MOST_KEYS)


class SpeechForm(Form):
    """What is said on a call, and how well the recogniser hears it (0 to 1)."""

    words: str = Field(max_length=LONGEST_SPEECH_CHARS, pattern=r"\S")
    confidence: float = Field(0.9, ge=0, le=1)


class NoForm(Form):
    """Nothing to fill in."""
