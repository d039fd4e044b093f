"""What is read of HTTP here is what gunicorn's own parser reads, or nothing."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import get_parser
from gunicorn.http.wsgi import create
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.web.heads import HEAD_END, plain_webhook, whole_length

HEAD = b"POST /twilio/sms HTTP/1.1\r\nHost: line.example\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
SERVER = ("127.0.0.1", 8080)
# Only the connection or the server itself says these.
NOT_COMPARED = {"gunicorn.socket", "wsgi.errors", "wsgi.input", "wsgi.file_wrapper", "wsgi.early_hints"}
NOT_COMPARED |= {"wsgi.input_terminated", "wsgi.multithread", "wsgi.multiprocess", "SERVER_SOFTWARE"}
NOT_COMPARED |= {"REMOTE_ADDR", "REMOTE_PORT", "SERVER_NAME", "SERVER_PORT"}


def gunicorns(request: bytes) -> tuple[dict[str, Any], bytes] | None:
    """What gunicorn makes of a request: the environment and the body; None when it refuses it."""
    config, ours = Config(), socket.socketpair()
    try:
        ours[1].sendall(request)
        ours[1].shutdown(socket.SHUT_WR)
        try:
            parsed = next(get_parser(config, ours[0], ("203.0.113.7", 1234)))
            _, environ = create(parsed, ours[0], ("203.0.113.7", 1234), SERVER, config)
        except Exception:  # noqa: BLE001 - whatever it raises, it refuses
            return None
        return environ, environ["wsgi.input"].read()
    finally:
        for one in ours:
            one.close()


def compared(environ: dict[str, Any]) -> dict[str, Any]:
    """What the application sees of the request itself."""
    return {name: value for name, value in environ.items() if name not in NOT_COMPARED}


NAMES = st.sampled_from(
    [
        *(b"Host", b"X-Twilio-Signature", b"content-type", b"Content-Length", b"CONTENT-LENGTH", b"Expect"),
        *(
            b"Transfer-Encoding",
            b"Connection",
            b"X_Twilio_Signature",
            b"X-Forwarded-Proto",
            b"X-Forwarded-For",
        ),
        *(b"I-Twilio-Idempotency-Token", b"Accept", b"Forwarded", b"Upgrade", b"X Y", b"", b"Cookie", b"TE"),
    ]
)
VALUES = st.sampled_from(
    [
        *(b"line.example", b"5", b"+5", b"05", b"5, 5", b"chunked", b"identity", b"100-continue", b"close"),
        *(b"https", b"a=b; c=d", b"\xc3\xb3", b"", b"  spaces  ", b"\t7\t", b"x\x00y", b"keep-alive", b"h2c"),
        *(b"127.0.0.1", b"application/x-www-form-urlencoded; charset=utf-8", b"a\rb"),
    ]
)
FIELDS = st.lists(st.tuples(NAMES, st.sampled_from([b":", b": ", b" :", b":  ", b""]), VALUES), max_size=3)
PLAIN = [b"POST /twilio/sms HTTP/1.1", b"POST /twilio/voice/step/3?s=a.b-c_%41 HTTP/1.1"]
FIRSTS = st.sampled_from(
    [
        *(PLAIN * 8),
        *(
            b"GET / HTTP/1.1",
            b"POST /twilio/sms HTTP/1.0",
            b"POST /twilio/sms? HTTP/1.1",
            b"POST  /twilio/sms HTTP/1.1",
        ),
        *(b"POST /twilio/%73ms HTTP/1.1", b"POST http://line.example/twilio/sms HTTP/1.1"),
        *(b"post /twilio/sms HTTP/1.1", b"POST /twilio/sms#a HTTP/1.1", b"POST /twilio/sms?a#b HTTP/1.1"),
        *(b"POST /twilio//sms HTTP/1.1", b"POST /twilio/sms?a=? HTTP/1.1", b"POST /twilio/sms HTTP/1.1 x"),
    ]
)


@settings(max_examples=400)
@given(FIRSTS, FIELDS, st.binary(max_size=8), st.booleans())
@example(b"POST /twilio/sms HTTP/1.1", [(b"X-Twilio-Signature", b": ", b"5")], b"Body=", True)
def test_a_webhook_that_is_taken_for_plain_is_what_gunicorn_reads(
    first: bytes,
    fields: list[tuple[bytes, bytes, bytes]],
    body: bytes,
    states: bool,
) -> None:
    lines = [first, *(name + sign + value for name, sign, value in fields)]
    lines += [b"Content-Length: %d" % len(body)] if states else []
    request = b"\r\n".join(lines) + HEAD_END + body
    environ = plain_webhook(request)
    if environ is None:
        return
    theirs = gunicorns(request)
    assert theirs is not None
    assert environ["wsgi.input"].read() == theirs[1]
    assert compared(environ) == compared(theirs[0])


def test_a_webhook_as_twilio_and_a_proxy_send_it_is_plain() -> None:
    fields = (
        b"X-Twilio-Signature: c2lnbmF0dXJl\r\nAccept: */*\r\nUser-Agent: TwilioProxy/1.1\r\n"
        b"I-Twilio-Idempotency-Token: 53d9\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"
        b"X-Forwarded-Host: line.example\r\nVia: 1.1 Caddy\r\nContent-Length: 6\r\n"
    )
    request = HEAD + FORM + fields + b"\r\nBody=1"
    environ = plain_webhook(request)
    theirs = gunicorns(request)
    assert environ is not None
    assert theirs is not None
    assert compared(environ) == compared(theirs[0])
    assert environ["HTTP_X_TWILIO_SIGNATURE"] == "c2lnbmF0dXJl"
    assert environ["CONTENT_TYPE"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + b"Content-Length: 6\r\nContent-Length: 6\r\n\r\nBody=1",
        HEAD + b"Content-Length: 5\r\n\r\nBody=1",
        HEAD + b"\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"X: " + b"a" * 9000 + b"\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"X_Twilio-Signature: a\r\nContent-Length: 0\r\n\r\n",
        b"GET /twilio/sms HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_is_not_plain_is_left_to_gunicorn(request_: bytes) -> None:
    assert plain_webhook(request_) is None


@pytest.mark.parametrize("cut", range(len(HEAD + b"\r\n")))
def test_a_head_that_is_cut_off_says_nothing(cut: int) -> None:
    assert whole_length((HEAD + b"\r\n")[:cut]) is None


@pytest.mark.parametrize(
    ("rest", "length"),
    [
        (b"\r\n", len(HEAD) + 2),
        (b"Content-Length: 5\r\n\r\nBo", len(HEAD) + 21 + 5),
        (b"content-length:5\r\nAccept: */*\r\n\r\nBody=", len(HEAD) + 33 + 5),
        (b"CONTENT-LENGTH: \t5 \r\n\r\nBody=more", len(HEAD) + 23 + 5),
        (b"X-Content-Length: 5\r\n\r\n", len(HEAD) + 23),
        (b"\r\nContent-Length: 5\r\n\r\n", len(HEAD) + 2),  # in a body
        (b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", None),
        (b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", len(HEAD) + 30 + 11),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", len(HEAD) + 30 + 5),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n1\r\na", None),
        (b"Transfer-Encoding: chunked\r\n\r\nB;x=y\r\n0\r\n\r\n6789ab\r\n0\r\n\r\nPOST", len(HEAD) + 30 + 25),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n", None),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\nPOST", len(HEAD) + 30 + 11),
        (b"Content-Length: 0005\r\n\r\n", len(HEAD) + 24 + 5),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", len(HEAD) + 5020 + 9999999999999999),
        (b"Transfer-Encoding: chunked\r\n\r\n123456789\r\nPOST", len(HEAD) + 30 + 15),
        (b"Transfer-Encoding: chunked\r\n\r\nrubbish\r\nPOST", len(HEAD) + 30 + 13),
    ],
)
def test_a_request_is_as_long_as_its_head_says(rest: bytes, length: int | None) -> None:
    assert whole_length(HEAD + rest) == length
