"""Measures the understanding against labelled messages: recall, false alarms, a confusion table, misses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.intent import LABELS, Intent
from bot.errors import SignpostError

HOME = "en"
SHOWN_CHARS = 110


@dataclass(frozen=True)
class Labelled:
    """A message with what it means; `also_ok` are labels that are right as well."""

    id: str
    text: str
    label: str
    channel: str
    language: str
    also_ok: frozenset[str]
    lookalike: bool

    @property
    def right(self) -> frozenset[str]:
        """Every label that is right."""
        return self.also_ok | {self.label}


@dataclass(frozen=True)
class Judged:
    """A message and what was made of it."""

    message: Labelled
    intent: Intent

    @property
    def right(self) -> bool:
        """Whether the label is right."""
        return self.intent.label in self.message.right


def read(path: Path, lookalikes: frozenset[str] = frozenset()) -> list[Labelled]:
    """Read labelled messages, one JSON object a line.

    Raises:
        SignpostError: names the line that cannot be read.
    """
    messages = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            messages.append(_labelled(json.loads(line), str(number), lookalikes))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            limit = 'an object with "text" and "label"'
            raise SignpostError(f"{path.name}: line {number}\n    limit: {limit}") from error
    return messages


def _labelled(row: dict[str, Any], number: str, lookalikes: frozenset[str]) -> Labelled:
    name = str(row.get("id", number))
    return Labelled(
        name,
        str(row["text"]),
        str(row["label"]),
        str(row.get("channel", "sms")),
        str(row.get("lang", HOME)),
        frozenset(row.get("also_ok") or ()),
        bool(row.get("lookalike")) or name in lookalikes,
    )


def judge(messages: Sequence[Labelled], understand: Callable[[str, str], Intent]) -> list[Judged]:
    """Understand each message."""
    return [Judged(one, understand(one.text, one.channel)) for one in messages]


def render(judged: Sequence[Judged], *, texts: bool = True) -> str:
    """The whole report as text; without the messages themselves where `texts` is false."""
    return "\n".join([*_shares(judged), "", *_confusion(judged), "", *_misses(judged, texts=texts)])


def _share(judged: Sequence[Judged], hit: Callable[[Judged], bool]) -> str:
    count = sum(map(hit, judged))
    return f"{count} of {len(judged)} ({100 * count / len(judged):.1f}%)" if judged else "none to judge"


def _shares(judged: Sequence[Judged]) -> Iterator[str]:
    danger = [one for one in judged if one.message.label == "emergency"]
    calm = [one for one in judged if "emergency" not in one.message.right]
    young = [one for one in judged if one.message.label == "young"]
    yield f"right label: {_share(judged, lambda one: one.right)}"
    yield from _by_group("right label", judged, lambda one: one.right)
    yield f"emergencies found: {_share(danger, is_alarm)}"
    yield from _by_group("emergencies found", danger, is_alarm)
    yield f"false alarms: {_share(calm, is_alarm)}"
    alike = [one for one in calm if one.message.lookalike]
    yield f"false alarms on look-alikes: {_share(alike, is_alarm)}"
    yield f"young sent to recovery: {_share(young, lambda one: one.intent.label == 'recovery')}"


def is_alarm(one: Judged) -> bool:
    """Whether a message was answered as an emergency."""
    return one.intent.label == "emergency"


def _by_group(title: str, judged: Sequence[Judged], hit: Callable[[Judged], bool]) -> Iterator[str]:
    others = [one for one in judged if one.message.language != HOME]
    if others and len(others) < len(judged):
        yield f"  {title}, not English: {_share(others, hit)}"
    for language, channel in sorted({(one.message.language, one.message.channel) for one in judged}):
        some = [one for one in judged if (one.message.language, one.message.channel) == (language, channel)]
        yield f"  {title}, {language} {channel}: {_share(some, hit)}"


def confusion(judged: Sequence[Judged]) -> Counter[tuple[str, str]]:
    """How often each label was taken for each; an accepted alternative counts as the label."""
    return Counter(
        (one.message.label, one.message.label if one.right else one.intent.label) for one in judged
    )


def _confusion(judged: Sequence[Judged]) -> Iterator[str]:
    """What each label (down) was taken for (across)."""
    pairs = confusion(judged)
    yield f"{'meant / taken for':<18}" + "".join(f"{label[:6]:>8}" for label in LABELS)
    for label in LABELS:
        yield f"{label:<18}" + "".join(f"{pairs[label, taken] or '.':>8}" for taken in LABELS)


def _misses(judged: Sequence[Judged], *, texts: bool) -> Iterator[str]:
    yield "wrong:"
    for one in sorted(judged, key=lambda one: (one.message.label != "emergency", not is_alarm(one))):
        if not one.right:
            message, intent = one.message, one.intent
            told = f"  {message.id} {message.language} {message.channel} {message.label} -> {intent.label}"
            shown = " ".join(message.text.split())[:SHOWN_CHARS] if texts else ""
            yield f"{told} by {intent.rule} ({intent.score:.2f}) {shown}".rstrip()
