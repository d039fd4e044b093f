"""Floods, loops, opt-outs and spending, through the door that Twilio uses."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.core.limits import Limits
from tests.line import MOBILE, SHORT_CODE, PlayedLine, play, sqlite_url

if TYPE_CHECKING:
    from pathlib import Path

    from bot.carrier import Texting

OTHER = "+447700900124"
DANGER = "he has taken loads of pills and his lips are blue"


@pytest.fixture
def line(tmp_path: Path) -> PlayedLine:
    """A line that answers five texts of one sender in ten minutes."""
    return play(sqlite_url(tmp_path), limits=Limits(texts=5))


def told(texting: Texting, words: str) -> str:
    """What the answer to these words says, "" for none."""
    return "\n".join(reply.body for reply in texting.send(words))


def chosen(line: PlayedLine) -> str:
    """What a caller hears who chooses Crimestoppers."""
    call = line.call()
    call.start()
    call.press("2")
    return "\n".join(call.heard)


def test_a_flood_gets_one_polite_text_and_then_none(line: PlayedLine) -> None:
    sender = line.texting()
    answered = [told(sender, f"question {number}") for number in range(5)]
    assert all(answered)
    over = told(sender, "question 5")
    assert "lot of texts" in over
    assert "999" in over
    assert [told(sender, f"question {number}") for number in (6, 7)] == ["", ""]
    assert told(line.texting(OTHER), "MENU")
    assert not sender.errors


def test_an_emergency_in_a_flood_is_answered_and_routed(line: PlayedLine) -> None:
    sender = line.texting()
    for number in range(9):
        told(sender, f"question {number}")
    assert "999" in told(sender, DANGER)
    assert [routing.service for routing in line.routings()] == ["emergency"]


def test_a_flood_costs_the_database_nothing_once_its_sender_was_told(line: PlayedLine) -> None:
    sender = line.texting()
    for number in range(8):
        told(sender, f"question {number}")
    line.lose_database()
    assert told(sender, "question 8") == ""
    assert "999" in told(sender, DANGER)


def test_start_is_not_answered_where_the_carrier_answers_it(line: PlayedLine) -> None:
    sender = line.texting()
    told(sender, "STOP")
    assert told(sender, "hello there") == ""
    assert told(sender, "START") == ""
    assert "Crimestoppers" in told(sender, "MENU")


def test_a_flood_is_over_when_its_minutes_are(line: PlayedLine) -> None:
    sender = line.texting()
    for number in range(9):
        told(sender, f"question {number}")
    line.pass_time(11)
    assert "Crimestoppers" in told(sender, "MENU")


def test_a_machine_that_answers_our_answers_is_left_alone(line: PlayedLine) -> None:
    sender = line.texting()
    answers = [told(sender, "I am driving. I will reply later.") for _ in range(5)]
    assert [bool(answer) for answer in answers] == [True, True, True, False, False]


def test_stop_on_a_short_code_is_confirmed_once_and_kept(line: PlayedLine) -> None:
    sender = line.texting(to=SHORT_CODE)
    assert "no more texts" in told(sender, "STOP")
    again = told(sender, "where is my parcel")
    assert "START" in again
    assert "999" in again
    assert told(sender, "hello there") == ""
    assert "999" in told(sender, DANGER)
    assert "machine" in told(sender, "HELP")
    line.pass_time(24 * 60)
    line.wiring.sweeper.sweep(line.now)
    assert "START" in told(sender, "hello there")
    assert "MENU" in told(sender, "START")
    assert "Crimestoppers" in told(sender, "MENU")
    line.pass_time(24 * 60)
    line.wiring.sweeper.sweep(line.now)
    assert "Crimestoppers" in told(sender, "MENU")


@pytest.mark.parametrize(
    "words", ["tell him to stop", "stop him", "i cant stop using", "i want to quit drinking"]
)
def test_words_with_stop_in_them_are_no_opt_out(line: PlayedLine, words: str) -> None:
    sender = line.texting(to=SHORT_CODE)
    told(sender, words)
    assert "Crimestoppers" in told(sender, "MENU")


def test_a_call_texts_nobody_who_has_opted_out(line: PlayedLine) -> None:
    told(line.texting(), "STOP")
    line.wiring.sweeper.sweep(line.now + timedelta(minutes=2))
    assert line.wiring.texts.rules.opted_out(MOBILE)
    assert not line.wiring.texts.rules.opted_out(OTHER)


def test_a_line_that_has_spent_enough_tells_numbers_and_puts_nobody_through(tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path), limits=Limits(day_texts=3))
    assert "put through now" in chosen(line)
    for number in range(3):
        told(line.texting(f"+4477009001{number:02d}"), "MENU")
    line.pass_time(2)
    line.wiring.sweeper.sweep(line.now)
    frugal = chosen(line)
    assert "0800" in frugal
    assert "put through now" not in frugal
