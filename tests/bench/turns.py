"""What a turn costs in this process, on one database against another, by turns."""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from bot.store import upgrade
from tests.bench.requests import TOGETHER, webhooks
from tests.line import PlayedLine, assure, play

ROUNDS = 24
AT_ONCE = 50  # people of a round


@dataclass(frozen=True)
class Compared:
    """Medians of a turn in milliseconds, and the median over the rounds of the ratio of one to the other:
    of those medians, and of what the processor spent in this process.
    """

    median_ms: float
    empty_median_ms: float
    ratio: float
    busy_ratio: float


@dataclass(frozen=True)
class Cost:
    """What a turn took at the median, in seconds, and all turns of the processor."""

    median_seconds: float
    busy_seconds: float


def compare(url: str, empty_url: str, many: int = ROUNDS) -> Compared:
    """Take the same turns on either database, by turns, so that what else the machine does hits both."""
    with tempfile.TemporaryDirectory() as folder:
        config = assure(Path(folder) / "config")
        for one in (url, empty_url):
            upgrade(one)
        full, empty = (play(one, config_dir=config) for one in (url, empty_url))
        # Before the first that counts, caches fill and connections open.
        pairs = [(take_turns(full, one), take_turns(empty, one)) for one in islice(rounds(), many + 1)][1:]
        for line in (full, empty):
            line.wiring.store.close()
    return Compared(
        median(one.median_seconds for one, _ in pairs) * 1000,
        median(other.median_seconds for _, other in pairs) * 1000,
        median(one.median_seconds / other.median_seconds for one, other in pairs),
        median(one.busy_seconds / other.busy_seconds for one, other in pairs),
    )


def rounds() -> Iterator[list[bytes]]:
    """Give what AT_ONCE people send who ask for the menu and then choose from it, people after people."""
    while True:
        requests = list(webhooks("text", 2 * TOGETHER))
        for first in range(0, TOGETHER, AT_ONCE):
            last = first + AT_ONCE
            yield requests[first:last] + requests[TOGETHER + first : TOGETHER + last]


def take_turns(line: PlayedLine, requests: Sequence[bytes]) -> Cost:
    """Have requests answered one after the other.

    Raises:
        RuntimeError: one of them was not.
    """
    environs = [environ_of(request) for request in requests]
    taken, busy = [], time.process_time()
    for environ in environs:
        began = time.perf_counter()
        answer(line, environ)
        taken.append(time.perf_counter() - began)
    return Cost(median(taken), time.process_time() - busy)


def answer(line: PlayedLine, environ: dict[str, Any]) -> None:
    """Have one request answered by the app itself, with what it does after the answer."""
    statuses: list[str] = []

    def start(status: str, *_rest: object) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _piece: None

    pieces: Any = line.app.wsgi_app(environ, start)
    body = b"".join(pieces)
    pieces.close()
    if statuses != ["200 OK"] or b"<Message>" not in body:
        raise RuntimeError(f"a turn was answered with {statuses}: {body[:200]!r}")


def environ_of(request: bytes) -> dict[str, Any]:
    """Read a request as it goes over the wire into what a WSGI server hands on."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split()
    headers = dict(line.split(": ", 1) for line in lines)
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "RAW_URI": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": headers["Content-Type"],
        "CONTENT_LENGTH": headers["Content-Length"],
        "HTTP_HOST": headers["Host"],
        "HTTP_X_TWILIO_SIGNATURE": headers["X-Twilio-Signature"],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
