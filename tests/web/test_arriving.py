"""When a request has arrived whole."""

from __future__ import annotations

import pytest

from bot.web.arriving import whole_length

HEAD = b"POST /twilio/sms HTTP/1.1\r\nHost: line.example\r\n"


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
    ],
)
def test_a_request_is_as_long_as_its_head_says(rest: bytes, length: int | None) -> None:
    assert whole_length(HEAD + rest) == length
