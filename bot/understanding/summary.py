"""What a report on the understanding came to, kept as a small file beside the data that it judged.

Only counts are kept, never a message. `revision` is that of the rules, the phrases and the model which were
judged: a summary with another one is stale.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from bot.core.intent import LABELS, Label
from bot.understanding.reading import UnderstandingError
from bot.understanding.report import Judged, confusion, is_alarm

# With "_": files named understanding.… and understanding-… are what the model learns from.
SUMMARY_FILE = "understanding_report.toml"
COMMAND = "signpost understanding report FILE --write"


@dataclass(frozen=True)
class Group:
    """Counts of the messages in one language by one channel.

    `calm` are those in which nobody is in danger and `alarms` those of them that were taken for an
    emergency; `alike` are the calm ones that only sound like danger.
    """

    language: str
    channel: str
    messages: int
    right: int
    emergencies: int
    found: int
    calm: int
    alarms: int
    alike: int
    alike_alarms: int
    young: int
    young_to_recovery: int


COUNTS = tuple(one.name for one in fields(Group) if one.name not in ("language", "channel"))


def total(groups: Sequence[Group]) -> Group:
    """The counts of several groups together, under no language or channel."""
    return Group("", "", **{name: sum(getattr(one, name) for one in groups) for name in COUNTS})


@dataclass(frozen=True)
class Summary:
    """One report. `confusion` is, by label meant, how many were taken for each label in LABELS' order."""

    on: date
    file: str
    file_sha256: str
    revision: str
    groups: tuple[Group, ...]
    confusion: Mapping[Label, tuple[int, ...]]

    def render(self) -> str:
        """The summary as TOML."""
        lines = [
            f"# Written by `{COMMAND}`. Counts only.",
            f"on = {self.on.isoformat()}",
            f"file = {json.dumps(self.file, ensure_ascii=False)}",
            f'file_sha256 = "{self.file_sha256}"',
            "# Of the rules, the phrases and the model that were judged.",
            f'revision = "{self.revision}"',
            "",
            "# Each label that was meant, and what its messages were taken for, in this order:",
            f"# {', '.join(LABELS)}",
            "[confusion]",
            *(f"{label} = {list(self.confusion[label])}" for label in LABELS),
        ]
        for group in self.groups:
            lines += ["", "[[groups]]", *_fields(group)]
        return "\n".join([*lines, ""])


def _fields(group: Group) -> Iterator[str]:
    for name, value in asdict(group).items():
        yield f"{name} = {json.dumps(value, ensure_ascii=False)}"


def summarise(judged: Sequence[Judged], *, file: str, file_sha256: str, revision: str, on: date) -> Summary:
    """Count what was judged."""
    names = sorted({(one.message.language, one.message.channel) for one in judged})
    groups = tuple(
        _group(name, [one for one in judged if (one.message.language, one.message.channel) == name])
        for name in names
    )
    pairs = confusion(judged)
    taken = {label: tuple(pairs[label, other] for other in LABELS) for label in LABELS}
    return Summary(on, file, file_sha256, revision, groups, taken)


def _group(name: tuple[str, str], judged: Sequence[Judged]) -> Group:
    danger = [one for one in judged if one.message.label == "emergency"]
    calm = [one for one in judged if "emergency" not in one.message.right]
    alike = [one for one in calm if one.message.lookalike]
    young = [one for one in judged if one.message.label == "young"]
    return Group(
        *name,
        messages=len(judged),
        right=sum(one.right for one in judged),
        emergencies=len(danger),
        found=sum(map(is_alarm, danger)),
        calm=len(calm),
        alarms=sum(map(is_alarm, calm)),
        alike=len(alike),
        alike_alarms=sum(map(is_alarm, alike)),
        young=len(young),
        young_to_recovery=sum(one.intent.label == "recovery" for one in young),
    )


def read_summary(path: Path) -> Summary | None:
    """Read the summary in a folder of data files; None where there is none.

    Raises:
        UnderstandingError: it can't be read.
    """
    try:
        return _summary(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        file, cure = f"{path.parent.name}/{path.name}", f"run `{COMMAND}`"
        raise UnderstandingError(f"{file}: the file\n    found: no summary\n    cure:  {cure}") from error


def _summary(data: Mapping[str, Any]) -> Summary:
    taken = {label: tuple(map(_count, data["confusion"][label])) for label in LABELS}
    if any(len(row) != len(LABELS) for row in taken.values()) or type(data["on"]) is not date:
        raise ValueError
    groups = tuple(
        Group(str(table["language"]), str(table["channel"]), **{name: _count(table[name]) for name in COUNTS})
        for table in data["groups"]
    )
    told = (str(data["file"]), str(data["file_sha256"]), str(data["revision"]))
    return Summary(data["on"], *told, groups, taken)


def _count(value: object) -> int:
    """A count; TOML has other things too."""
    if type(value) is int and value >= 0:
        return value
    raise TypeError
