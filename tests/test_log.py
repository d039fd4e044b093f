"""Logs: constant names and fields, and never a telephone number, an id or somebody's words."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError, SignpostError
from bot.log import Formatter, configure, event, redact, request_id

SID = "CA" + "0123456789abcdef" * 2
NUMBERS = [
    *("+447700900123", "07700900123", "+44 7700 900123", "07700 900 123", "(01603) 514-096", "01603-514-096"),
    *(
        "00447700900123",
        "0044 7700 900123",
        "%2B447700900123",
        "447700900123",
        "+1 (415) 555-2671",
        "0800 555 111",
    ),
    *("whatsapp:+447700900123", "tel:07700900123", "From=%2B447700900123", "+266696687"),
]
OURS = logging.getLogger("signpost")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Send every log to a text that the test can read, and put the root logger back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    text = io.StringIO()
    configure("INFO", "json", text)
    yield text
    root.handlers, root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Every line, parsed."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail(error: BaseException) -> BaseException:
    """Raise and catch, so that the error has frames."""
    with pytest.raises(type(error)):
        raise error
    return error


def record(message: str, *args: object, name: str = "library") -> logging.LogRecord:
    """Make what a library would log."""
    return logging.LogRecord(name, logging.INFO, __file__, 1, message, args, None)


def test_an_event_is_one_json_line_with_its_fields(stream: io.StringIO) -> None:
    event("turn.taken", channel="sms", node="main", parts=2, late=False, service=None)
    (line,) = lines(stream)
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "info",
        "event": "turn.taken",
        "channel": "sms",
        "node": "main",
        "parts": 2,
        "late": False,
        "service": None,
    }


def test_a_line_break_in_a_field_does_not_begin_a_new_line(stream: io.StringIO) -> None:
    event("turn.taken", node='main\n{"event": "forged"}')
    logging.getLogger("library").warning("one\ntwo")
    assert [line["event"] for line in lines(stream)] == ["turn.taken", "one\ntwo"]


def test_a_line_break_in_a_plain_line_does_not_begin_a_new_line() -> None:
    shown = Formatter("plain").format(record("one\ntwo"))
    assert len(shown.splitlines()) == 1


def test_a_library_is_named_and_our_own_events_are_not(stream: io.StringIO) -> None:
    logging.getLogger("gunicorn.error").warning("Booting %s", "worker")
    event("started")
    first, second = lines(stream)
    assert (first["logger"], first["event"]) == ("gunicorn.error", "Booting worker")
    assert "logger" not in second


@pytest.mark.parametrize("number", NUMBERS)
def test_a_telephone_number_is_in_no_message_field_or_error(stream: io.StringIO, number: str) -> None:
    event("turn.taken", person=number)
    event(f"turn {number}", error=fail(SignpostError(f"{number} rang")))
    logging.getLogger("library").warning("from %s", number)
    logging.getLogger("library").warning(f"from {number}")  # noqa: G004 - as careless libraries do
    digits = "".join(character for character in number if character.isdigit())[-6:]
    shown = stream.getvalue()
    for line in lines(stream):
        line.pop("at")
        assert digits not in "".join(character for character in json.dumps(line) if character.isdigit())
    assert shown.count("[number]") == 5


@pytest.mark.parametrize("prefix", ["CA", "SM", "MM", "AC", "WA"])
def test_an_id_of_twilio_is_in_no_message_field_or_error(stream: io.StringIO, prefix: str) -> None:
    sid = prefix + SID[2:]
    event("text.sent", sid=sid, path=f"/2010-04-01/Accounts/{sid}.json")
    logging.getLogger("library").warning("%s", {"sid": sid}, exc_info=fail(SignpostError(sid)))
    assert sid not in stream.getvalue()
    assert SID[2:] not in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    ["node=main", "port 8000", "999", "101", "18001", "12:30:00", "60163", "3 of 12", ""],
)
def test_what_is_no_telephone_number_is_kept(text: str) -> None:
    assert redact(text) == text


def test_a_number_given_as_a_number_is_redacted_too(stream: io.StringIO) -> None:
    event("turn.taken", person=447700900123)
    assert "447700900123" not in stream.getvalue()


def test_the_name_of_a_field_cannot_replace_the_head_of_a_line(stream: io.StringIO) -> None:
    event("turn.taken", event="other", at="never")
    (line,) = lines(stream)
    assert line["event"] == "turn.taken"
    assert line["at"] != "never"


def test_a_foreign_exception_keeps_its_frames_and_loses_its_message(stream: io.StringIO) -> None:
    event("turn.failed", logging.ERROR, error=fail(ValueError("my brother is hurt, ring 07700 900123")))
    (line,) = lines(stream)
    assert line["error"] == "ValueError"
    assert "test_log.py:" in line["where"]
    assert "why" not in line
    assert "brother" not in stream.getvalue()
    assert "900123" not in stream.getvalue()


def test_an_exception_that_caused_ours_keeps_quiet_too(stream: io.StringIO) -> None:
    ours = SettingsError("PORT is not a number")
    ours.__cause__ = fail(ValueError("secret words"))
    event("start.failed", error=fail(ours))
    (line,) = lines(stream)
    assert line["why"] == "PORT is not a number"
    assert "secret words" not in stream.getvalue()


def test_a_library_that_logs_an_exception_loses_its_message_too(stream: io.StringIO) -> None:
    try:
        dict[str, str]()["words that somebody wrote"]
    except KeyError:
        logging.getLogger("library").exception("Exception on /sms")
    (line,) = lines(stream)
    assert line["error"] == "KeyError"
    assert "somebody" not in stream.getvalue()


def test_a_stack_that_a_library_asks_for_shows_no_words(stream: io.StringIO) -> None:
    logging.getLogger("library").warning("slow", stack_info=True)
    assert len(lines(stream)) == 1


@pytest.mark.parametrize("name", ["alembic", "twilio", "urllib3", "werkzeug"])
@pytest.mark.usefixtures("stream")
def test_talkative_libraries_are_heard_from_warning_up(name: str) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    assert logging.getLogger(name).isEnabledFor(logging.WARNING)


def test_the_level_is_kept(stream: io.StringIO) -> None:
    event("detail", logging.DEBUG)
    event("warned", logging.WARNING)
    assert [line["event"] for line in lines(stream)] == ["warned"]


def test_plain_lines_are_for_reading_and_redacted_too() -> None:
    one = record("turn.taken", name="signpost")
    one.fields = {"channel": "sms", "person": "+447700900123"}
    shown = Formatter("plain").format(one)
    assert shown.endswith("info    turn.taken channel=sms person=[number]")


@given(st.text(max_size=200), st.dictionaries(st.text(max_size=10), st.text(max_size=60), max_size=4))
def test_every_line_parses_whatever_is_in_it(message: str, fields: dict[str, str]) -> None:
    one = record("%s", message)
    one.fields = fields
    shown = Formatter("json").format(one)
    assert "\n" not in shown
    assert isinstance(json.loads(shown), dict)
    shown.encode()  # a lone surrogate must not stop the log


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("style", ["json", "plain"])
def test_a_lone_surrogate_does_not_stop_the_log(style: Any) -> None:
    Formatter(style).format(record("%s", "\ud83d")).encode()


def test_lines_of_one_request_have_its_id_in_common() -> None:
    stream = io.StringIO()
    configure("INFO", "json", stream)
    token = request_id.set("0a1b2c3d4e5f")
    try:
        event("turn.taken", node="main")
    finally:
        request_id.reset(token)
    event("turn.taken", node="main")
    inside, outside = (json.loads(line) for line in stream.getvalue().splitlines())
    assert inside["request"] == "0a1b2c3d4e5f"
    assert "request" not in outside
