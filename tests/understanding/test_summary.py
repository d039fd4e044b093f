"""What is kept of a report: counts, and what they were made with."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import signpost
from bot.core.intent import LABELS, Intent, Label
from bot.understanding import load
from bot.understanding.model import LEARNT_FROM
from bot.understanding.reading import UnderstandingError
from bot.understanding.report import Judged, Labelled
from bot.understanding.summary import SUMMARY_FILE, Summary, read_summary, summarise, total
from bot.understanding.understanding import FLOWS

DAY = date(2026, 11, 25)


def judged(
    label: str,
    taken: Label,
    language: str = "en",
    channel: str = "sms",
    also: frozenset[str] = frozenset(),
    *,
    lookalike: bool = False,
) -> Judged:
    message = Labelled("1", "words", label, channel, language, also, lookalike)
    return Judged(message, Intent(taken, "rule", 0.9, language))


def of(*ones: Judged) -> Summary:
    return summarise(ones, file='some "messages".jsonl', file_sha256="ab" * 32, revision="0" * 12, on=DAY)


JUDGED = (
    judged("emergency", "emergency"),
    judged("emergency", "police"),
    judged("police", "emergency", lookalike=True),
    judged("police", "anonymous", also=frozenset({"anonymous"})),
    judged("young", "recovery", channel="speech"),
    judged("distress", "emergency", "pl", also=frozenset({"emergency"})),
)


def test_each_group_is_counted_by_itself() -> None:
    written, spoken, polish = of(*JUDGED).groups
    assert (written.language, written.channel, written.messages, written.right) == ("en", "sms", 4, 2)
    assert (written.emergencies, written.found) == (2, 1)
    assert (written.calm, written.alarms, written.alike, written.alike_alarms) == (2, 1, 1, 1)
    assert (spoken.channel, spoken.young, spoken.young_to_recovery) == ("speech", 1, 1)
    assert (polish.language, polish.calm, polish.alarms, polish.right) == ("pl", 0, 0, 1)
    assert total([written, spoken, polish]).messages == len(JUDGED)


def test_an_accepted_alternative_counts_as_the_label() -> None:
    taken = of(*JUDGED).confusion
    assert dict(zip(LABELS, taken["police"], strict=True))["police"] == 1
    assert dict(zip(LABELS, taken["emergency"], strict=True))["police"] == 1
    assert sum(map(sum, taken.values())) == len(JUDGED)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    (tmp_path / SUMMARY_FILE).write_text(of(*JUDGED).render(), "utf-8")
    assert read_summary(tmp_path / SUMMARY_FILE) == of(*JUDGED)
    assert "words" not in (tmp_path / SUMMARY_FILE).read_text("utf-8")


def test_no_summary_is_no_fault(tmp_path: Path) -> None:
    assert read_summary(tmp_path / SUMMARY_FILE) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("messages = 4", "messages = -4"),
        ("messages = 4", "messages = true"),
        ("on = 2026-11-25", 'on = "today"'),
        ("police = [", "polcie = ["),
        ("police = [1, ", "police = ["),
        ("[[groups]]", "[groups"),
        ('language = "en"\n', ""),
    ],
)
def test_a_broken_summary_says_how_to_make_it_again(tmp_path: Path, old: str, new: str) -> None:
    text = of(*JUDGED).render()
    assert old in text
    (tmp_path / SUMMARY_FILE).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(UnderstandingError, match="signpost understanding report FILE --write"):
        read_summary(tmp_path / SUMMARY_FILE)


def test_the_summary_is_none_of_the_files_that_the_model_learns_from() -> None:
    assert not any(Path(SUMMARY_FILE).match(pattern) for pattern in LEARNT_FROM)


def test_the_command_writes_what_it_prints(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    folder.mkdir()
    for path in FLOWS.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / SUMMARY_FILE).unlink(missing_ok=True)
    monkeypatch.setenv("FLOWS_DIR", str(folder))
    messages = tmp_path / "messages.jsonl"
    rows = [
        {"id": "1", "text": "hes not breathing", "label": "emergency"},
        {"id": "2", "text": "tell the police about a stolen bike", "label": "police"},
    ]
    messages.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    told = CliRunner().invoke(signpost, ["understanding", "report", str(messages), "--write"])
    assert told.exit_code == 0, told.output
    summary = read_summary(folder / SUMMARY_FILE)
    assert summary is not None
    assert summary.revision == load(folder).revision
    assert summary.file == "messages.jsonl"
    assert [group.found for group in summary.groups] == [1]
    assert "emergencies found: 1 of 1 (100.0%)" in told.output


def test_the_summary_that_ships_can_be_read() -> None:
    summary = read_summary(FLOWS / SUMMARY_FILE)
    assert summary is not None
    whole = total(summary.groups)
    assert whole.messages == sum(map(sum, summary.confusion.values()))
    assert 0 < whole.found <= whole.emergencies
