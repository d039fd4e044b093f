"""Reads as much of HTTP as it takes to know where a request ends, and what a plain webhook says.

What is not plain is left to gunicorn's parser: it is not refused here, nor guessed at.
"""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")
MOST_DIGITS = 15
LONGEST_HEAD_BYTES = 8 * 1024
PLAIN = re.compile(
    r"POST (?P<path>/twilio/[a-z0-9/]*)(?:\?(?P<query>[!\x22$-~]*))? HTTP/1\.1\r\n"
    r"(?P<fields>(?:[A-Za-z0-9-]{1,64}:[ -~]*\r\n)+)"
)
# They say that something more is meant than what stands here.
NOT_PLAIN = ("HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_UPGRADE", "HTTP_TE", "HTTP_TRAILER")
ALWAYS = {
    "REQUEST_METHOD": "POST",
    "SCRIPT_NAME": "",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


def whole_length(begun: bytes) -> int | None:
    """Say how long a request is that begins so; None when that can't be said yet."""
    head, end, body = begun.partition(HEAD_END)
    if not end:
        return None
    head += b"\r\n"
    if CHUNKED.search(head):
        chunks = _chunks_length(body)
        return None if chunks is None else len(head) + 2 + chunks
    stated = LENGTH.search(head)
    digits = stated[1].lstrip(b"0")[: MOST_DIGITS + 1] if stated else b""
    return len(head) + 2 + int(digits or b"0")


def _chunks_length(body: bytes) -> int | None:
    """How long a body in chunks is; all of it when that is no chunk, so that the parser refuses it."""
    at = 0
    while True:
        line, end, _ = body[at:].partition(b"\r\n")
        if not end:
            return None
        chunk = CHUNK.fullmatch(line)
        if chunk is None:
            return len(body)
        size = int(chunk[1], 16)
        if size == 0:
            last = body.find(HEAD_END, at)  # behind the trailers, if there are any
            return None if last < 0 else last + len(HEAD_END)
        at += len(line) + size + 4
        if at > len(body):
            return None


def plain_webhook(request: bytes) -> WSGIEnvironment | None:
    """Read a whole request for the WSGI application; None unless it is a plain POST to a webhook."""
    head, _, body = request.partition(HEAD_END)
    if not head.startswith(b"POST /twilio/") or len(head) > LONGEST_HEAD_BYTES:
        return None
    plain = PLAIN.fullmatch(f"{head.decode('latin-1')}\r\n")
    if plain is None:
        return None
    path, query, fields = plain.groups()
    environ: dict[str, Any] = {
        **ALWAYS,
        "PATH_INFO": path,
        "QUERY_STRING": query or "",
        "RAW_URI": path if query is None else f"{path}?{query}",
        "wsgi.input": io.BytesIO(body),
    }
    for field in fields.split("\r\n")[:-1]:
        name, _, value = field.partition(":")
        key = _key(name)
        if key in environ:
            return None  # twice
        environ[key] = value.strip(" ")
    if environ.get("CONTENT_LENGTH") != str(len(body)) or any(key in environ for key in NOT_PLAIN):
        return None
    return environ


_keys = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def _key(name: str) -> str:
    lower = name.lower()
    return _keys.get(lower) or f"HTTP_{lower.upper().replace('-', '_')}"
