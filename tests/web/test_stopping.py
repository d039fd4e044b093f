"""While the line is stopped everybody is told 999, why and every number; an emergency gets its own answer."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import CliRunner, Result

from bot.catalogue import load
from bot.cli import signpost
from bot.core.segments import MOST_PARTS, segments
from bot.core.switch import OFF, Switch
from bot.errors import StoreError
from bot.settings import ROOT
from bot.store import switches
from bot.web.safe import distress_answer
from bot.web.stopping import LONGEST_WAIT_SECONDS, PlannedStop
from tests.line import MOBILE, SHORT_CODE, TEXTS, PlayedLine, play, sqlite_url
from tests.test_metrics import value

OTHER = "+447700900555"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
WHY = "We are back at 6pm today."
ALL_NUMBERS = ("999", "101", "0800 555 111", "0300 7900 227")


@pytest.fixture
def line(tmp_path: Path) -> PlayedLine:
    return play(sqlite_url(tmp_path))


def told(line: PlayedLine, words: str, person: str = MOBILE, to: str = TEXTS) -> str:
    """Text the line, and give the one answer."""
    [reply] = line.texting(person, to).send(words)
    return reply.body


def turn(line: PlayedLine, *, on: bool, message: str = "") -> None:
    """Put the switch behind the line's back, and let it notice."""
    with line.wiring.store.writing("nothing") as connection:
        switches.keep(connection, Switch(on=on, message=message, changed_at=line.now))
    line.pass_time(1)


def test_a_text_is_answered_with_999_first_then_why_then_every_number(line: PlayedLine) -> None:
    turn(line, on=True, message=WHY)
    answer = told(line, "GRAVITY")
    first, said, *numbers = answer.splitlines()
    assert (first, said) == ("Danger now? Call 999.", WHY)
    assert [number for number in ALL_NUMBERS if number in "\n".join(numbers)] == list(ALL_NUMBERS)
    assert len(numbers) == len(ALL_NUMBERS)
    assert told(line, "1") == answer
    assert line.routings() == []


def test_a_call_hears_the_same_and_every_number_twice(line: PlayedLine) -> None:
    turn(line, on=True, message=WHY)
    call = line.call()
    call.start()
    heard = " ".join(call.heard)
    assert heard.index("999") < heard.index(WHY) < heard.index("Crimestoppers")
    assert heard.count("Crimestoppers") == 2
    assert call.ended


def test_a_call_that_was_under_way_ends_with_every_number(line: PlayedLine) -> None:
    call = line.call()
    call.start()
    turn(line, on=True, message=WHY)
    call.press("2")
    assert WHY in " ".join(call.heard)
    assert call.ended
    assert line.routings() == []


@pytest.mark.parametrize(
    "words", ["he wont wake up and his lips are blue", "hes got a knife and hes coming in"]
)
def test_an_emergency_gets_its_own_answer(line: PlayedLine, words: str) -> None:
    usual = told(line, words, OTHER)
    turn(line, on=True, message=WHY)
    assert told(line, words) == usual
    assert "Call 999 now." in usual


def test_somebody_in_distress_gets_the_words_and_numbers_for_them(line: PlayedLine) -> None:
    words = "i feel so low and cant cope"
    usual = told(line, words, OTHER)
    turn(line, on=True, message=WHY)
    first, *numbers = told(line, words).partition("Who to talk to:")
    assert usual.startswith(first)
    assert "call 999" in first
    for number in ("111", "116 123", "0800 1111"):
        assert number in "".join(numbers)
    assert "0300 7900 227" not in "".join(numbers)
    assert line.routings() == []


def test_they_get_them_in_their_language(line: PlayedLine) -> None:
    turn(line, on=True, message=WHY)
    answer = told(line, "czuje sie bardzo samotna, nie daje rady")
    assert "116 123" in answer
    assert "You do not have to face this" not in answer
    assert WHY not in answer


def test_they_are_told_on_a_call_as_well(line: PlayedLine) -> None:
    call = line.call()
    call.start()
    turn(line, on=True, message=WHY)
    call.say("i feel so low and i cant cope")
    heard = " ".join(call.heard)
    assert "You do not have to face this on your own" in heard
    assert heard.count("Samaritans") == 2
    assert call.ended
    assert not call.errors


def test_what_they_are_told_fits_in_every_language(line: PlayedLine) -> None:
    catalogue = line.wiring.catalogue
    for one in catalogue.lines.values():
        for language in one.languages:
            body = distress_answer(catalogue, one, language, "text", NOW)
            text = fromstring(body).findtext("Message") or ""  # noqa: S314 - our own answer
            became = segments(text)
            assert became.parts <= MOST_PARTS[became.encoding], (language, became.parts)
            assert "999" in text


def test_an_opt_out_counts_as_always(line: PlayedLine) -> None:
    usual = told(line, "STOP", OTHER, SHORT_CODE)
    turn(line, on=True, message=WHY)
    assert told(line, "STOP", MOBILE, SHORT_CODE) == usual


def test_off_the_line_works_again(line: PlayedLine) -> None:
    turn(line, on=True)
    assert "Sorry, something is wrong at our end" in told(line, "hi")
    turn(line, on=False)
    assert "1 Police, not urgent" in told(line, "hi")


def test_without_the_database_the_last_that_was_known_counts(line: PlayedLine, tmp_path: Path) -> None:
    turn(line, on=True, message=WHY)
    line.texting().send("hi")
    for path in tmp_path.glob("line.db*"):
        path.write_bytes(b"no database")
    line.wiring.store.close()
    line.pass_time(10)
    assert WHY in told(line, "hi")


def test_a_process_that_never_saw_the_switch_works() -> None:
    def gone() -> Switch:
        raise StoreError("no database")

    assert PlannedStop(gone, load(ROOT / "flows", ROOT / "config"), lambda: NOW).known() == OFF


def test_a_database_that_says_nothing_keeps_nobody_waiting() -> None:
    silent = Event()

    def wait() -> Switch:
        silent.wait(20)
        return Switch(on=True)

    stop = PlannedStop(wait, load(ROOT / "flows", ROOT / "config"), lambda: NOW)
    began = datetime.now(UTC)
    assert stop.known() == OFF
    waited = (datetime.now(UTC) - began).total_seconds()
    silent.set()
    assert LONGEST_WAIT_SECONDS <= waited < 10


def test_a_new_process_knows_it_at_once(line: PlayedLine) -> None:
    turn(line, on=True, message=WHY)
    again = play(line.wiring.settings.database_url)
    assert WHY in told(again, "hi")


def test_readiness_and_metrics_say_it_and_the_line_stays_ready(line: PlayedLine) -> None:
    client = line.app.test_client()
    before = client.get("/metrics").text
    turn(line, on=True)
    line.texting().send("hi")
    ready, after = client.get("/readyz"), client.get("/metrics").text
    assert ready.status_code == 200
    [reason] = ready.get_json()["checks"]["stop"]["reasons"]
    assert "signpost kill-switch off" in reason
    assert (value(before, "signpost_stopped"), value(after, "signpost_stopped")) == (0, 1)
    stopped = [value(text, "signpost_turns_stopped_total", channel="sms") for text in (before, after)]
    assert stopped[1] - stopped[0] == 1


class TestCommand:
    """`signpost kill-switch`."""

    @staticmethod
    def run(line: PlayedLine, *words: str) -> Result:
        where = {"DATABASE_URL": line.wiring.settings.database_url, "ENVIRONMENT": "development"}
        return CliRunner().invoke(signpost, ["kill-switch", *words], env=where)

    def test_on_and_off(self, line: PlayedLine) -> None:
        assert "norfolk: one text takes 1 part." in self.run(line, "on", "--message", WHY).output
        line.pass_time(1)
        assert WHY in told(line, "hi")
        assert self.run(line, "show").output.startswith("Stopped since ")
        self.run(line, "off")
        line.pass_time(1)
        assert WHY not in told(line, "hi")
        assert self.run(line, "show").output.startswith("Not stopped")

    @pytest.mark.parametrize(
        ("message", "told"),
        [
            ("Wrócimy o 18", "GSM-7"),
            ("back soon " * 30, "shorten it"),
            ("ring 01632 960123 instead", "the directory does not have"),
            ("one\nline", "line break"),
        ],
    )
    def test_an_unfit_message_is_refused_and_the_line_works_on(
        self, line: PlayedLine, message: str, told: str
    ) -> None:
        result = self.run(line, "on", "--message", message)
        assert result.exit_code != 0
        assert told in str(result.exception)
        assert self.run(line, "show").output.startswith("Not stopped")

    def test_numbers_of_the_directory_may_be_told(self, line: PlayedLine) -> None:
        assert self.run(line, "on", "--message", "Call 0800 555 111 instead.").exit_code == 0
