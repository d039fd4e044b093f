"""What would be answered is what the line answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.catalogue import load
from bot.cli.answered import what_is_answered
from bot.core.intent import Intent
from bot.core.session import Session
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
    session = Session("preview", catalogue.first_line.id, "sms", "en", NOW)
    assert what_is_answered(catalogue, session, WORDS, intent) == reply.body


def test_a_preview_of_a_call_is_heard() -> None:
    catalogue = load(ROOT / "flows", ROOT / "config")
    intent = Intent("emergency", "en.weapon", 1.0, "en")
    session = Session("preview", catalogue.first_line.id, "voice", "en", NOW)
    heard = what_is_answered(catalogue, session, WORDS, intent)
    assert heard.startswith("Hang up and call 999 now.")
