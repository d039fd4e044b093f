"""What was looked at, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "fault"]
LEVELS: tuple[Level, ...] = ("ok", "warning", "fault")
# How this project's sentences end: "...; cure: do this", or "...; do this".
_CURE = re.compile(r"; (?:cure: *)?(?=[^;]*$)", re.DOTALL)
_BLOCK = re.compile(r"^(\w+)\n +found: (.*)\n +limit: (.*)\n +cure: +(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Examined:
    """One thing that was looked at. Something that is as it should be has no cure."""

    level: Level
    item: str
    found: str
    limit: str = ""
    cure: str = ""


def worst(all_of_it: Iterable[Examined]) -> Level:
    """Give the worst of several."""
    return max((one.level for one in all_of_it), key=LEVELS.index, default="ok")


def of_sentence(level: Level, item: str, sentence: str, limit: str) -> Examined:
    """Take a sentence apart that says what was found and ends with its cure."""
    found, *cure = _CURE.split(sentence, maxsplit=1)
    return Examined(level, item, found, limit, cure[0] if cure else "")


def of_blocks(text: str) -> list[Examined]:
    """Read the faults that the settings tell, each as name, found, limit and cure."""
    return [Examined("fault", *match) for match in _BLOCK.findall(text)]
