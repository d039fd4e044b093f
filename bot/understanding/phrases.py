"""Reads the phrases that the model learns from: flows/understanding.<language>.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from bot.core.intent import Label
from bot.understanding.reading import RuleFault

KNOWN_LABELS: tuple[str, ...] = get_args(Label)
CHANNELS = {"phrases": "sms", "spoken": "speech"}
LOOKALIKES = "lookalikes"


@dataclass(frozen=True)
class Phrase:
    """One phrase to learn from. `lookalike` says that it sounds like danger and is not."""

    text: str
    label: Label
    channel: str
    language: str
    lookalike: bool = False


def read_phrases(path: Path) -> tuple[tuple[Phrase, ...], tuple[RuleFault, ...]]:
    """Read one language's phrases, and every fault in the file."""
    file, language = f"{path.parent.name}/{path.name}", path.name.split(".")[1]
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return (), (RuleFault(file, "the file", str(error), "TOML in UTF-8", "correct that place"),)
    faults: list[RuleFault] = []
    phrases = tuple(_phrases(data, language, file, faults))
    return phrases, tuple(faults)


def read_all(folder: Path) -> tuple[tuple[Phrase, ...], tuple[RuleFault, ...]]:
    """Read the phrases of all languages in a folder."""
    read = [read_phrases(path) for path in sorted(folder.glob("understanding.*.toml"))]
    return (
        tuple(phrase for phrases, _ in read for phrase in phrases),
        tuple(fault for _, faults in read for fault in faults),
    )


def _phrases(data: dict[str, Any], language: str, file: str, faults: list[RuleFault]) -> Iterator[Phrase]:
    for label, table in data.items():
        if label == LOOKALIKES:
            yield from _lookalikes(table, language, file, faults)
            continue
        if not isinstance(table, dict):
            continue  # a note at the head of the file
        if label not in KNOWN_LABELS:
            faults.append(RuleFault(file, label, f"[{label}]", ", ".join(KNOWN_LABELS), "correct the name"))
            continue
        for key, channel in CHANNELS.items():
            for text in table.get(key, ()):
                yield Phrase(text, label, channel, language)  # type: ignore[arg-type]  # it is one of KNOWN_LABELS


def _lookalikes(table: dict[str, Any], language: str, file: str, faults: list[RuleFault]) -> Iterator[Phrase]:
    for key, channel in CHANNELS.items():
        entries: Sequence[dict[str, str]] = table.get(key, ())
        for number, entry in enumerate(entries, 1):
            label = entry.get("label", "")
            if label not in KNOWN_LABELS or "text" not in entry:
                limit = "{text = …, label = …} with one of the labels"
                faults.append(RuleFault(file, f"{LOOKALIKES}.{key} {number}", label, limit, "correct it"))
                continue
            yield Phrase(entry["text"], label, channel, language, lookalike=True)  # type: ignore[arg-type]  # checked above
