"""Training gives the same bytes each time; a report counts as it should; the commands say what they do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.understand import understand as understand_command
from bot.cli.understand import understanding as understanding_command
from bot.core.intent import Intent, Label
from bot.errors import SignpostError
from bot.understanding.model import Model, fingerprint, read_model
from bot.understanding.phrases import Phrase, read_all
from bot.understanding.report import judge, read, render
from bot.understanding.train import train
from bot.understanding.understanding import FLOWS, MODEL_FILE

FEW = [
    Phrase("he is not breathing", "emergency", "sms", "en"),
    Phrase("i want to stop drinking", "recovery", "sms", "en"),
    Phrase("what is the menu", "menu", "speech", "en"),
    Phrase("pizza please", "unknown", "sms", "en"),
]


def test_the_same_phrases_make_the_same_bytes() -> None:
    phrases = read_all(FLOWS)[0][::90]
    assert (
        train(FLOWS, phrases=phrases, epochs=2).render() == train(FLOWS, phrases=phrases, epochs=2).render()
    )


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    model = train(FLOWS, phrases=FEW, epochs=3)
    path = tmp_path / MODEL_FILE
    path.write_text(model.render(), "ascii")
    known = read_model(path)
    assert known is not None
    assert (known.weights, known.render()) == (model.weights, model.render())


@pytest.mark.parametrize("text", ["", "{}", "{}\n!", '{"form": "other"}\neJwDAAAAAAE='])
def test_a_file_that_is_no_model_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / MODEL_FILE
    path.write_text(text, "ascii")
    assert read_model(path) is None


def test_the_shipped_model_names_what_it_was_made_of() -> None:
    model = read_model(FLOWS / MODEL_FILE)
    assert isinstance(model, Model)
    assert model.made_of == fingerprint(FLOWS)
    assert (FLOWS / MODEL_FILE).stat().st_size < 3_000_000


def test_every_label_has_phrases_in_every_language() -> None:
    phrases, faults = read_all(FLOWS)
    assert not faults
    for language in ("en", "lt", "pl", "pt", "ro", "ru", "uk"):
        labels = {phrase.label for phrase in phrases if phrase.language == language}
        assert len(labels) == 10, language
        assert any(phrase.lookalike for phrase in phrases if phrase.language == language)


ROWS = [
    {"id": "a", "text": "one", "label": "emergency", "channel": "sms", "lang": "en"},
    {"id": "b", "text": "two", "label": "emergency", "channel": "speech", "lang": "pl"},
    {"id": "c", "text": "three", "label": "police", "lang": "en", "also_ok": ["anonymous"]},
    {"id": "d", "text": "four", "label": "unknown", "lang": "en", "lookalike": True},
    {"id": "e", "text": "five", "label": "young", "lang": "en"},
]
ANSWERS: dict[str, Label] = {
    "one": "emergency",
    "two": "distress",
    "three": "anonymous",
    "four": "emergency",
    "five": "recovery",
}


def test_a_report_counts_what_was_found_missed_and_wrong(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS), "utf-8")
    told = render(judge(read(path), lambda text, channel: Intent(ANSWERS[text], "test", 0.5, "en")))
    assert "right label: 2 of 5 (40.0%)" in told
    assert "emergencies found: 1 of 2 (50.0%)" in told
    assert "emergencies found, pl speech: 0 of 1 (0.0%)" in told
    assert "false alarms: 1 of 3 (33.3%)" in told
    assert "false alarms on look-alikes: 1 of 1 (100.0%)" in told
    assert "young sent to recovery: 1 of 1 (100.0%)" in told
    assert "b pl speech emergency -> distress by test (0.50) two" in told


def test_look_alikes_may_be_named_in_a_file_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(json.dumps(ROWS[2]), "utf-8")
    assert read(path, frozenset({"c"}))[0].lookalike


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "x"}', "3"])
def test_a_line_that_cannot_be_read_is_named_without_its_words(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(line, "utf-8")
    with pytest.raises(SignpostError, match="line 1"):
        read(path)


def test_the_command_shows_label_rule_and_score() -> None:
    result = CliRunner().invoke(understand_command, ["he is not breathing"])
    assert result.exit_code == 0
    assert "label     emergency" in result.output
    assert "rule      en.breathing.stopped" in result.output


def test_lines_are_answered_in_order_with_their_ids() -> None:
    rows = [{"id": "1", "text": "STOP"}, {"id": 2, "text": "он не дышит", "channel": "speech"}]
    lines = "\n\n".join(json.dumps(row) for row in rows)
    result = CliRunner().invoke(understand_command, ["--jsonl"], input=lines)
    told = [json.loads(line) for line in result.output.splitlines()]
    assert [(one["id"], one["label"]) for one in told] == [("1", "stop"), (2, "emergency")]
    assert set(told[0]) == {"id", "label", "rule", "score", "language"}
    assert told[1]["language"] == "ru"


def test_a_line_that_is_no_json_stops_with_its_number() -> None:
    result = CliRunner().invoke(understand_command, ["--jsonl"], input="secret words\n")
    assert isinstance(result.exception, SignpostError)
    assert "line 1" in str(result.exception)
    assert "secret" not in str(result.exception)


def test_the_report_command_can_leave_the_messages_out(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(json.dumps({"text": "STOP", "label": "recovery"}), "utf-8")
    shown = CliRunner().invoke(understanding_command, ["report", str(path)])
    hidden = CliRunner().invoke(understanding_command, ["report", "--no-texts", str(path)])
    assert "recovery -> stop by stop.word (1.00) STOP" in shown.output
    assert "STOP" not in hidden.output
