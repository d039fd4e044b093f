"""What would be answered is what the line answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.catalogue import load
from bot.cli.answered import what_is_answered, what_is_said
from bot.core.intent import Intent
from tests.line import play, sqlite_url

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
WORDS = "hes gone blue and wont wake up"


def test_a_preview_is_the_answer_of_the_line(tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path))
    catalogue = load(ROOT / "flows", ROOT / "config")
    understand = line.wiring.conversation.understand
    assert understand
    intent = understand(WORDS, "sms", catalogue.first_line.languages)
    (reply,) = line.texting().send(WORDS)
    assert what_is_answered(catalogue, catalogue.first_line, WORDS, intent, NOW) == reply.body


def test_a_preview_of_a_call_is_heard() -> None:
    catalogue = load(ROOT / "flows", ROOT / "config")
    intent = Intent("emergency", "en.weapon", 1.0, "en")
    heard = what_is_said(catalogue, catalogue.first_line, WORDS, intent, NOW)
    assert heard.startswith("Hang up and call 999 now.")
