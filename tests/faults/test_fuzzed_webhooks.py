"""Whatever is sent to a webhook, with a good signature: it is answered or refused, and nothing breaks."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from bot.carrier import read_twiml
from bot.channels import signature
from bot.core.session import Session
from tests.line import CALLS, MOBILE, ORIGIN, TEXTS, TOKEN, PlayedLine, play, sqlite_url
from tests.test_metrics import value

FORM = "application/x-www-form-urlencoded"
PATHS = (
    "/twilio/sms",
    "/twilio/voice",
    "/twilio/voice/step/1",
    "/twilio/voice/step/99999999999999999999",
    "/twilio/voice/dialled/2",
    "/twilio/status/call",
    "/twilio/status/message",
)
NAMES = (
    *("Body", "From", "To", "MessageSid", "CallSid", "Digits", "SpeechResult", "Confidence", "NumMedia"),
    *("CallStatus", "DialCallStatus", "OptOutType", "ButtonText", "SmsSid", "MessageStatus", "WaId"),
)
WORDS = (
    *("1", "#", "STOP", "nrp", MOBILE, TEXTS, CALLS, "anonymous", "completed", "busy", "nan"),
    *("\0", "\x1b", "\u202e"),
)
STATE_FIELDS = tuple(field.name for field in fields(Session))
STATE_VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.sampled_from(["main", "young", "police", "en", "pl", "voice", "sms", "dialling", "announced", "x"])
    | st.text(max_size=20)
    | st.lists(st.sampled_from(["main", "x"]) | st.none() | st.lists(st.integers(), max_size=1), max_size=3)
    | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
)
text = st.text(max_size=60)
forms = st.lists(st.tuples(st.sampled_from(NAMES) | text, st.sampled_from(WORDS) | text), max_size=20)
states = st.dictionaries(st.sampled_from(STATE_FIELDS) | text, STATE_VALUES, max_size=14)
whole_states = st.fixed_dictionaries(dict.fromkeys(STATE_FIELDS, STATE_VALUES))
effort = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedLine]:
    folder = tmp_path_factory.mktemp("fuzz")
    played = play(sqlite_url(folder), journal_path=folder / "journal", log_level="CRITICAL")
    yield played
    played.wiring.store.close()


def ask(line: PlayedLine, method: str, target: str, body: bytes, kind: str) -> TestResponse:
    """Send something as Twilio would, with the signature that it would have."""
    pairs: list[tuple[str, str]] = []
    if kind == FORM:
        pairs = decoded(body)
    signed = signature.sign(TOKEN, f"{ORIGIN}{target}", pairs)
    return line.app.test_client().open(
        target,
        method=method,
        data=body,
        content_type=kind,
        headers={"X-Twilio-Signature": signed},
        environ_overrides={"RAW_URI": target},
    )


def decoded(body: bytes) -> list[tuple[str, str]]:
    """Read a form as the line does, to sign what it will see."""
    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def failures(line: PlayedLine) -> float:
    """How many webhooks ended in the answer for when nothing else works."""
    return value(line.app.test_client().get("/metrics").text, "signpost_webhooks_failed_total")


def is_right(path: str, answer: TestResponse) -> None:
    """Fail unless it is a refusal in plain text or an answer that the carrier takes."""
    assert answer.status_code in (200, 403, 405, 413, 415), answer.status_code
    if answer.status_code == 200:
        read_twiml(answer.data, answer.content_type, "messaging" if path.endswith("sms") else "voice")
    else:
        assert answer.mimetype == "text/plain"


@effort
@given(path=st.sampled_from(PATHS), form=forms, query=st.lists(st.tuples(text, text), max_size=4))
def test_any_form_and_query(
    line: PlayedLine, path: str, form: list[tuple[str, str]], query: list[tuple[str, str]]
) -> None:
    before = failures(line)
    asked = urlencode(query, errors="replace")
    body = urlencode(form, errors="replace").encode()
    answer = ask(line, "POST", f"{path}?{asked}" if asked else path, body, FORM)
    is_right(path, answer)
    assert failures(line) == before


@effort
@given(path=st.sampled_from(PATHS), state=states | whole_states | st.lists(st.integers(), max_size=2) | text)
def test_any_state_in_an_address(line: PlayedLine, path: str, state: object) -> None:
    before = failures(line)
    written = base64.urlsafe_b64encode(json.dumps(state).encode("utf-8", "replace")).decode()
    fresh = hashlib.sha256(written.encode()).hexdigest()[:32]  # or an earlier turn's answer would come
    form = [("CallSid", f"CA{fresh}"), ("MessageSid", f"SM{fresh}"), ("From", MOBILE), ("Digits", "1")]
    answer = ask(line, "POST", f"{path}?s={written}", urlencode(form).encode(), FORM)
    is_right(path, answer)
    assert answer.status_code == 200
    assert failures(line) == before


@effort
@given(
    path=st.sampled_from(PATHS),
    method=st.sampled_from(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]),
)
def test_any_method(line: PlayedLine, path: str, method: str) -> None:
    answer = ask(line, method, path, b"", FORM)
    assert answer.status_code in (200, 403, 405)
    if answer.status_code == 200:  # OPTIONS says what is allowed, HEAD nothing
        assert method in ("OPTIONS", "HEAD")


@effort
@given(
    path=st.sampled_from(PATHS),
    body=st.binary(max_size=200),
    kind=st.sampled_from(
        [FORM, "application/json", "multipart/form-data; boundary=x", "text/xml", "", "x" * 99]
    ),
)
def test_any_body(line: PlayedLine, path: str, body: bytes, kind: str) -> None:
    before = failures(line)
    is_right(path, ask(line, "POST", path, body, kind))
    assert failures(line) == before


@pytest.mark.parametrize("path", PATHS)
def test_json_that_is_signed_in_full_is_refused_in_plain_text(line: PlayedLine, path: str) -> None:
    body = b'{"Body": "1"}'
    target = f"{path}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    answer = ask(line, "POST", target, body, "application/json")
    assert (answer.status_code, answer.mimetype) == (415, "text/plain")
