"""Messages by other authors, that nothing was trained on: understanding them may get better, not worse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.core.intent import Intent
from bot.understanding import understand

FILE = Path(__file__).parent / "held-out.jsonl"
Judged = list[tuple[dict[str, object], Intent]]


@pytest.fixture(scope="module")
def judged() -> Judged:
    rows = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
    return [(row, understand(row["text"], row["channel"])) for row in rows]


def accepted(row: dict[str, object]) -> set[object]:
    also = row["also_ok"]
    return {row["label"], *(also if isinstance(also, list) else [])}


def share(hits: list[bool]) -> float:
    return sum(hits) / len(hits)


def test_emergencies_are_found(judged: Judged) -> None:
    assert (
        share([intent.label == "emergency" for row, intent in judged if row["label"] == "emergency"]) >= 0.965
    )


def test_the_right_label_is_found(judged: Judged) -> None:
    assert share([intent.label in accepted(row) for row, intent in judged]) >= 0.925


def test_false_alarms_stay_few(judged: Judged) -> None:
    others = [(row, intent) for row, intent in judged if "emergency" not in accepted(row)]
    assert share([intent.label == "emergency" for _, intent in others]) <= 0.035


def test_few_of_those_that_only_sound_like_danger_are_taken_for_it(judged: Judged) -> None:
    alike = [(row, intent) for row, intent in judged if row["lookalike"] and "emergency" not in accepted(row)]
    assert share([intent.label == "emergency" for _, intent in alike]) <= 0.08


def test_hardly_anybody_young_is_taken_for_an_adult_who_wants_help(judged: Judged) -> None:
    wrong = [intent for row, intent in judged if row["label"] == "young" and intent.label == "recovery"]
    assert len(wrong) == 0
