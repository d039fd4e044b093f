"""Messages by other authors, that nothing was trained on: understanding them may get better, not worse."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.intent import Intent
from bot.understanding import understand

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Bars:
    """What has been reached: at least of emergencies and of right labels; at most of false alarms, of all
    other messages and of those that only sound like danger.
    """

    found: float
    right: float
    alarms: float
    alike: float


# Written to be hard, and written as people might.
BARS = {
    "held-out.jsonl": Bars(0.965, 0.925, 0.035, 0.08),
    "held-out-plain.jsonl": Bars(1.0, 0.96, 0.023, 0.034),
}


@dataclass(frozen=True)
class Judged:
    """A file's messages with what was made of each, and its bars."""

    rows: list[tuple[dict[str, object], Intent]]
    bars: Bars

    @property
    def others(self) -> list[tuple[dict[str, object], Intent]]:
        """Those for which an emergency would be wrong."""
        return [(row, intent) for row, intent in self.rows if "emergency" not in accepted(row)]


@pytest.fixture(scope="module", params=BARS)
def judged(request: pytest.FixtureRequest) -> Judged:
    rows = [json.loads(line) for line in (FOLDER / request.param).read_text("utf-8").splitlines()]
    return Judged([(row, understand(row["text"], row["channel"])) for row in rows], BARS[request.param])


def accepted(row: dict[str, object]) -> set[object]:
    also = row["also_ok"]
    return {row["label"], *(also if isinstance(also, list) else [])}


def share(hits: list[bool]) -> float:
    return sum(hits) / len(hits)


def test_emergencies_are_found(judged: Judged) -> None:
    found = [intent.label == "emergency" for row, intent in judged.rows if row["label"] == "emergency"]
    assert share(found) >= judged.bars.found


def test_the_right_label_is_found(judged: Judged) -> None:
    assert share([intent.label in accepted(row) for row, intent in judged.rows]) >= judged.bars.right


def test_false_alarms_stay_few(judged: Judged) -> None:
    assert share([intent.label == "emergency" for _, intent in judged.others]) <= judged.bars.alarms


def test_few_of_those_that_only_sound_like_danger_are_taken_for_it(judged: Judged) -> None:
    alike = [intent.label == "emergency" for row, intent in judged.others if row["lookalike"]]
    assert share(alike) <= judged.bars.alike


def test_hardly_anybody_young_is_taken_for_an_adult_who_wants_help(judged: Judged) -> None:
    wrong = [intent for row, intent in judged.rows if row["label"] == "young" and intent.label == "recovery"]
    assert len(wrong) == 0
