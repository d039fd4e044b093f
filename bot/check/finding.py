"""What a check has found, told so that somebody who does not program can mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.core.segments import Encoding

Level = Literal["fault", "warning", "note"]
LEVELS: tuple[Level, ...] = ("fault", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing to mend (a fault), to look at (a warning) or to know (a note)."""

    level: Level
    file: str
    item: str
    found: str
    limit: str
    cure: str


@dataclass(frozen=True)
class TextSize:
    """One whole text message that the line may send, and what it becomes on the air.

    `state` says in which state of its hours a service was measured; `forced_by` holds the
    characters that force UCS-2.
    """

    language: str
    item: str
    state: str
    chars: int
    parts: int
    encoding: Encoding
    forced_by: str


@dataclass(frozen=True)
class SpeechSize:
    """The longest Speech of one kind that a call may hear, and about how long it takes to say."""

    language: str
    item: str
    chars: int
    seconds: int


@dataclass(frozen=True)
class Age:
    """The reading age of one passage of English, in years."""

    item: str
    years: float


@dataclass(frozen=True)
class Explored:
    """How far the engine was walked for one language and medium.

    `silent_turns` is the longest way from any state to the end of a call on silence alone.
    """

    flow: str
    language: str
    medium: str
    states: int
    turns: int
    silent_turns: int


@dataclass(frozen=True)
class Report:
    """Everything found in a catalogue, worst first, and the figures behind it."""

    findings: tuple[Finding, ...]
    texts: tuple[TextSize, ...] = ()
    speeches: tuple[SpeechSize, ...] = ()
    ages: tuple[Age, ...] = ()
    explored: tuple[Explored, ...] = field(default=())

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What must be mended before anybody is served with these files."""
        return self._at("fault")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What a person should look at."""
        return self._at("warning")

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is worth knowing and may stay as it is."""
        return self._at("note")

    def _at(self, level: Level) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == level)
