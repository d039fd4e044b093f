"""The webhooks as Twilio meets them: signed or refused, answered once, never silent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from bot.carrier import Outcome, read_twiml
from bot.channels import signature
from bot.errors import StoreError
from tests.line import CALLS, LANDLINE, MOBILE, ORIGIN, TEXTS, TOKEN, PlayedLine, play, sqlite_url

FORM = "application/x-www-form-urlencoded"
WITHHELD = [
    "anonymous",
    "Anonymous",
    "unknown",
    "Restricted",
    "",
    "+266696687",
    "+7378742833",
    "+86282452253",
    "+8656696",
    "+2562533",
]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PlayedLine]:
    played = play(sqlite_url(tmp_path))
    yield played
    played.wiring.store.close()


def post(
    line: PlayedLine, path: str, fields: list[tuple[str, str]], *, token: str = TOKEN, url: str = ""
) -> TestResponse:
    signed = signature.sign(token, url or f"{ORIGIN}{path}", fields)
    headers = {"X-Twilio-Signature": signed}
    return line.app.test_client().post(path, data=urlencode(fields), content_type=FORM, headers=headers)


def a_text(body: str, sid: str = "SM1") -> list[tuple[str, str]]:
    return [("MessageSid", sid), ("From", MOBILE), ("To", TEXTS), ("Body", body), ("NumMedia", "0")]


# -- signed, or refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/twilio/sms", "/twilio/voice", "/twilio/voice/step/1", "/twilio/status/call", "/twilio/status/message"],
)
def test_unsigned_webhook_is_refused_in_plain_text(line: PlayedLine, path: str) -> None:
    answer = line.app.test_client().post(path, data=urlencode(a_text("hi")), content_type=FORM)
    assert (answer.status_code, answer.mimetype, answer.text) == (403, "text/plain", "403 Forbidden\n")


@pytest.mark.parametrize("given_signature", ["", "x", "é", "A" * 28, "\udcff", "0" * 5000])
def test_any_wrong_signature_is_refused(line: PlayedLine, given_signature: str) -> None:
    answer = line.app.test_client().open(
        "/twilio/sms",
        method="POST",
        data=urlencode(a_text("hi")),
        content_type=FORM,
        environ_overrides={
            "HTTP_X_TWILIO_SIGNATURE": given_signature.encode("utf-8", "replace").decode("latin-1")
        },
    )
    assert answer.status_code == 403


def test_changed_field_is_refused(line: PlayedLine) -> None:
    signed = signature.sign(TOKEN, f"{ORIGIN}/twilio/sms", a_text("1"))
    answer = line.app.test_client().post(
        "/twilio/sms",
        data=urlencode(a_text("2")),
        content_type=FORM,
        headers={"X-Twilio-Signature": signed},
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("body", ["{}", '{"Body": "1"}', "", "[" * 1000])
def test_json_without_its_hash_is_refused(line: PlayedLine, body: str) -> None:
    signed = signature.sign(TOKEN, f"{ORIGIN}/twilio/sms?bodySHA256=", [])
    answer = line.app.test_client().post(
        "/twilio/sms?bodySHA256=",
        data=body,
        content_type="application/json",
        headers={"X-Twilio-Signature": signed},
    )
    assert answer.status_code == 403


def test_both_tokens_are_accepted_while_one_is_rotated(tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path), auth_tokens=("n" * 32, TOKEN))
    assert post(line, "/twilio/sms", a_text("hi", "SM1"), token="n" * 32).status_code == 200
    assert post(line, "/twilio/sms", a_text("hi", "SM2"), token=TOKEN).status_code == 200
    assert post(line, "/twilio/sms", a_text("hi", "SM3"), token="o" * 32).status_code == 403


def test_without_a_token_nothing_is_accepted(tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path), auth_tokens=())
    assert post(line, "/twilio/sms", a_text("hi"), token="").status_code == 403


def test_host_header_of_a_stranger_does_not_count(line: PlayedLine) -> None:
    fields = a_text("hi")
    signed = signature.sign(TOKEN, "https://evil.example/twilio/sms", fields)
    answer = line.app.test_client().post(
        "/twilio/sms",
        data=urlencode(fields),
        content_type=FORM,
        headers={"X-Twilio-Signature": signed, "Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("query", ["?a=%27b%27", "?x=1&x=2", "?empty=", "?q=%C3%A9+%20"])
def test_raw_query_is_what_was_signed(line: PlayedLine, query: str) -> None:
    fields = a_text("hi")
    answer = post(line, f"/twilio/sms{query}", fields)
    assert answer.status_code == 200


def test_public_url_with_port_and_path(tmp_path: Path) -> None:
    line = play(sqlite_url(tmp_path), public_url="https://line.example:8443/signpost")
    url = "https://line.example:8443/signpost/twilio/voice"
    fields = [("CallSid", "CA1"), ("From", MOBILE), ("To", CALLS)]
    answer = post(line, "/twilio/voice", fields, url=url)
    assert answer.status_code == 200
    assert 'action="/signpost/twilio/voice/step/1?s=' in answer.text


def test_get_is_not_allowed(line: PlayedLine) -> None:
    signed = signature.sign(TOKEN, f"{ORIGIN}/twilio/sms", [])
    answer = line.app.test_client().get("/twilio/sms", headers={"X-Twilio-Signature": signed})
    assert (answer.status_code, answer.mimetype) == (405, "text/plain")


@pytest.mark.parametrize("path", ["/twilio/", "/twilio/other", "/twilio/voice/step/", "/twilio/voice/step/x"])
def test_an_address_that_is_no_webhook_is_refused_in_plain_text(line: PlayedLine, path: str) -> None:
    answer = line.app.test_client().post(path, data="", content_type=FORM)
    assert (answer.status_code, answer.mimetype, answer.text) == (404, "text/plain", "404 Not Found\n")


def test_a_body_that_ends_too_early_is_refused(line: PlayedLine) -> None:
    answer = line.app.test_client().open(
        "/twilio/sms", method="POST", data="Body=1", environ_overrides={"CONTENT_LENGTH": "100"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(("chars", "status"), [(10, 200), (100_000, 413)])
def test_a_body_in_chunks_is_read_to_its_end_unless_it_is_too_long(
    line: PlayedLine, chars: int, status: int
) -> None:
    fields = a_text("x" * chars)
    signed = signature.sign(TOKEN, f"{ORIGIN}/twilio/sms", fields)
    answer = line.app.test_client().open(
        "/twilio/sms",
        method="POST",
        content_type=FORM,
        headers={"X-Twilio-Signature": signed},
        input_stream=BytesIO(urlencode(fields).encode()),
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert answer.status_code == status


def test_large_body_and_many_fields_are_refused_cheaply(line: PlayedLine) -> None:
    assert post(line, "/twilio/sms", [("Body", "x" * 100_000)]).status_code == 413
    assert post(line, "/twilio/sms", [(f"f{n}", "") for n in range(600)]).status_code == 413


# -- exactly once -------------------------------------------------------------------------------


def test_text_delivered_twice_is_answered_alike_and_routes_once(line: PlayedLine) -> None:
    post(line, "/twilio/sms", a_text("hi", "SM1"))
    first = post(line, "/twilio/sms", a_text("1", "SM2"))
    second = post(line, "/twilio/sms", a_text("1", "SM2"))
    assert first.data == second.data
    assert [routing.service for routing in line.routings()] == ["police-101"]


def test_text_delivered_many_times_at_once_routes_once(line: PlayedLine) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(line, "/twilio/sms", a_text("nrp", "SM9")).data, range(16)))
    assert len(set(answers)) == 1
    assert len(line.routings()) == 1


def test_key_delivered_twice_routes_once_and_a_later_key_goes_on(line: PlayedLine) -> None:
    call = line.call()
    call.start()
    call.webhook.duplicate_next(at_once=True)
    call.press("3")
    assert len(line.routings()) == 1
    call.press("4")
    assert call.heard[-1].startswith("If anyone is in danger now")
    assert not call.errors


def test_number_is_texted_once_when_the_key_is_delivered_twice(line: PlayedLine) -> None:
    call = line.call()
    call.start()
    call.press("2")
    call.webhook.duplicate_next()
    call.press("2")
    assert line.sent.bodies == [(MOBILE, "The number you asked for is 0800 555 111.")]


# -- who is calling -----------------------------------------------------------------------------


@pytest.mark.parametrize("caller", WITHHELD)
def test_withheld_callers_are_served_and_share_nothing(line: PlayedLine, caller: str) -> None:
    first, second = line.call(caller), line.call(caller)
    first.start()
    first.press("3")
    second.start()
    assert second.heard[0].startswith("If anyone is in danger now")
    first.press("2")
    assert "We can't text it to this phone" in first.heard[-3]
    assert line.sent.bodies == []


@pytest.mark.parametrize("person", WITHHELD)
def test_withheld_texts_are_conversations_of_their_own(line: PlayedLine, person: str) -> None:
    first, second = line.texting(person), line.texting(person)
    first.send("hi")
    replies = second.send("1")
    assert replies[0].body.startswith("Automatic line for Norfolk.")


@pytest.mark.parametrize("caller", [LANDLINE, "+33612345678", "+447012345678", "sip:x@example.org"])
def test_only_a_uk_mobile_is_texted(line: PlayedLine, caller: str) -> None:
    call = line.call(caller)
    call.start()
    call.press("2")
    call.press("2")
    assert line.sent.bodies == []
    assert "0800 555 111" in call.heard[-2]


def test_unlisted_number_is_served_by_the_first_line(line: PlayedLine) -> None:
    replies = line.texting(to="+447700900999").send("2")
    assert replies[0].body.startswith("Automatic line for Norfolk.")


# -- how it ends --------------------------------------------------------------------------------


def test_caller_who_leaves_while_it_rings_is_abandoned(line: PlayedLine) -> None:
    call = line.call(other_end=lambda _: None)
    call.start()
    call.press("3")
    call.press("1")
    call.press("1")
    assert [routing.outcome for routing in line.routings()] == ["transfer_started"]
    call.hang_up()
    assert [routing.outcome for routing in line.routings()] == ["abandoned"]


def test_caller_who_leaves_after_talking_was_connected(line: PlayedLine) -> None:
    call = line.call(other_end=lambda _: Outcome("completed", caller_left=True))
    call.start()
    call.press("3")
    call.press("1")
    call.press("1")
    assert [routing.outcome for routing in line.routings()] == ["connected"]


def test_session_ends_with_the_call(line: PlayedLine) -> None:
    call = line.call()
    call.start()
    call.press("3")
    call.hang_up()
    assert line.wiring.store.purge(line.now + timedelta(minutes=1)) == 0
    with sqlite3.connect(str(line.wiring.settings.database_url).removeprefix("sqlite:///")) as database:
        assert database.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
    database.close()


def test_message_status_is_taken(line: PlayedLine) -> None:
    fields = [("MessageSid", "SM1"), ("MessageStatus", "delivered"), ("To", MOBILE), ("From", TEXTS)]
    assert post(line, "/twilio/status/message", fields).status_code == 200


# -- never silent, never telling ----------------------------------------------------------------


ANSWERED = ["/twilio/sms", "/twilio/voice", "/twilio/voice/step/4", "/twilio/voice/dialled/4"]


def break_store(line: PlayedLine, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(line.wiring.store, "deliver", broken)


@pytest.mark.parametrize("path", ANSWERED)
def test_fault_of_any_kind_gives_every_number(
    line: PlayedLine, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_store(line, RuntimeError("nobody thought of this"), monkeypatch)
    answer = post(line, path, [*a_text("hi"), ("CallSid", "CA1")])
    assert answer.status_code == 200
    for number in ("999", "101", "555", "227"):
        assert number in answer.text
    read_twiml(answer.data, answer.content_type, "messaging" if path == "/twilio/sms" else "voice")


@pytest.mark.parametrize("path", ANSWERED)
def test_store_that_can_not_be_used_is_answered_from_memory(
    line: PlayedLine, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_store(line, StoreError("the disk is full"), monkeypatch)
    answer = post(line, path, [*a_text("hi"), ("CallSid", "CA1")])
    assert answer.status_code == 200
    expected = ("999", "101", "555", "227") if path == "/twilio/sms" else ("999", "<Gather", "?s=")
    for words in expected:
        assert words in answer.text
    read_twiml(answer.data, answer.content_type, "messaging" if path == "/twilio/sms" else "voice")


def test_nothing_of_the_person_is_kept_or_logged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = play(sqlite_url(tmp_path), log_level="DEBUG")
    texting = line.texting()
    texting.send("my name is Wilhelmina and he hurt me")
    texting.send("3")
    call = line.call()
    call.start()
    call.say("i am Wilhelmina and my brother sells drugs")
    call.hang_up()
    other = line.call()
    other.start()
    other.press("2")
    line.sent.fails = True
    other.press("2")
    line.wiring.store.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    shown = "".join(capfd.readouterr())
    assert "turn.taken" in shown
    assert "text.ended" in shown
    for secret in (MOBILE, MOBILE[3:], "Wilhelmina", texting.last_sid, call.sid, other.sid):
        assert secret.encode() not in kept
        assert secret not in shown


names = st.sampled_from(
    [
        "Body",
        "From",
        "To",
        "MessageSid",
        "CallSid",
        "Digits",
        "SpeechResult",
        "Confidence",
        "NumMedia",
        "CallStatus",
        "DialCallStatus",
        "OptOutType",
        "ButtonText",
        "SmsSid",
        "AccountSid",
    ]
)
words = st.text(max_size=200) | st.sampled_from(
    [
        "1",
        "#",
        "*",
        "STOP",
        "nrp",
        MOBILE,
        TEXTS,
        CALLS,
        "anonymous",
        "completed",
        "busy",
        "-1",
        "1e999",
        "nan",
    ]
)
fields_of_anything = st.lists(st.tuples(names | st.text(max_size=30), words), max_size=25)
paths = st.sampled_from(["/twilio/voice", "/twilio/voice/step/1", "/twilio/voice/dialled/2"]) | st.integers(
    0, 10**30
).map(lambda turn: f"/twilio/voice/step/{turn}")


def encodable(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A form on the wire is UTF-8; half a surrogate pair can't be sent at all."""
    return [
        (name.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode())
        for name, value in fields
    ]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedLine]:
    played = play(sqlite_url(tmp_path_factory.mktemp("fuzz")))
    yield played
    played.wiring.store.close()


@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(fields=fields_of_anything)
def test_any_signed_text_is_answered(fuzzed: PlayedLine, fields: list[tuple[str, str]]) -> None:
    answer = post(fuzzed, "/twilio/sms", encodable(fields))
    assert answer.status_code == 200
    read_twiml(answer.data, answer.content_type, "messaging")


@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=paths, fields=fields_of_anything)
def test_any_signed_call_is_answered(fuzzed: PlayedLine, path: str, fields: list[tuple[str, str]]) -> None:
    answer = post(fuzzed, path, encodable(fields))
    assert answer.status_code == 200
    read_twiml(answer.data, answer.content_type, "voice")
