"""A Twilio on this machine whose Messages fail in every way that a network allows, as a test plans it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import parse_qs, parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

from twilio.http.http_client import TwilioHttpClient

from bot.channels.rest import TwilioMessages
from tests.server import serve

SID, TOKEN = "AC" + "0" * 32, "0123456789abcdef0123456789abcdef"
# Shorter than any real one, so that a thousand texts need no minute; a request that it cuts off by mistake,
# on a busy machine, is only one fault more.
TIMEOUT_SECONDS = 0.15

Fault = Literal[
    "refused",  # no connection
    "lost before",  # no answer, and nothing was made
    "lost after",  # no answer, and the message was made
    "reset after",  # the connection breaks off, and the message was made
    "500",  # nothing made
    "500 after",  # made
    "429",
    "malformed",  # made, and the answer can't be read
    "not listed",  # the list can't be had either, once; else like "lost after"
]
FAULTS: tuple[Fault, ...] = (
    *("refused", "lost before", "lost after", "reset after", "500"),
    *("500 after", "429", "malformed", "not listed"),
)


@dataclass
class FaultyTwilio:
    """The messages of an account, and for each number the faults that its next requests meet.

    `refusals` are numbers that are refused for good, with Twilio's code. `clock` is Twilio's own.
    """

    clock: Any
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    messages: list[dict[str, str]] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as Twilio does, or not."""
        if environ["REQUEST_METHOD"] == "GET":
            return self._list(parse_qs(environ["QUERY_STRING"]), start_response)
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        form = dict(parse_qsl(body))
        to = form["To"]
        if to in self.refusals:
            return _answer(start_response, "400 Bad Request", {"code": self.refusals[to], "message": "no"})
        fault = self._next(to)
        if fault in ("lost before", "500", "429"):
            self._hold(fault)
            status = "429 Too Many Requests" if fault == "429" else "500 Internal Server Error"
            return _answer(start_response, status, {"code": 20429, "message": "later"})
        made = self._make(form)
        self._hold(fault)
        if fault == "malformed":
            start_response("201 Created", [("Content-Type", "application/json")])
            return [b'{"sid": "SM']
        if fault == "500 after":
            return _answer(start_response, "500 Internal Server Error", {"code": 20500, "message": "oh"})
        if fault == "reset after":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return _answer(start_response, "201 Created", made)

    def plan(self, to: str, *faults: Fault, times: int = 1) -> None:
        """Let the next requests that create a message to this number meet these faults, in turn."""
        self.faults[to] = list(faults) * times

    def to(self, number: str) -> list[dict[str, str]]:
        """The messages to one number."""
        return [one for one in self.messages if one["to"] == number]

    def meets_no_connection(self, to: str) -> bool:
        """Whether the next request for this number finds nobody; it has met its fault then."""
        with self.lock:
            planned = self.faults.get(to, [])
            if planned[:1] != ["refused"]:
                return False
            self.met[planned.pop(0)] += 1
            return True

    def _next(self, to: str) -> Fault | None:
        with self.lock:
            planned = self.faults.get(to, [])
            fault = planned[0] if planned else None
            if fault and fault != "not listed":  # that one is over when the list has been asked for, too
                self.met[planned.pop(0)] += 1
            return fault

    def _hold(self, fault: Fault | None) -> None:
        if fault in ("lost before", "lost after", "not listed"):
            time.sleep(2 * TIMEOUT_SECONDS)

    def _make(self, form: dict[str, str]) -> dict[str, str]:
        with self.lock:
            made = {
                "sid": f"SM{len(self.messages):032x}",
                "to": form["To"],
                "from": form["From"],
                "body": form["Body"],
                "status": "queued",
                "date_created": format_datetime(self.clock()),
                "callback": form.get("StatusCallback", ""),
            }
            self.messages.append(made)
            return made

    def _list(self, asked: dict[str, list[str]], start_response: StartResponse) -> Iterable[bytes]:
        [to], [from_] = asked["To"], asked["From"]
        with self.lock:
            if self.faults.get(to, [])[:1] == ["not listed"]:
                self.met[self.faults[to].pop(0)] += 1
                return _answer(start_response, "503 Service Unavailable", {"code": 20503, "message": "oh"})
            found = [one for one in self.messages if (one["to"], one["from"]) == (to, from_)]
        return _answer(start_response, "200 OK", {"messages": found[::-1], "next_page_uri": None})


class _Here(TwilioHttpClient):  # type: ignore[misc]  # twilio has no types
    """Twilio's own client; what is for api.twilio.com goes to this machine, or to a port where nobody is."""

    def __init__(self, base: str, twilio: FaultyTwilio) -> None:
        super().__init__(timeout=TIMEOUT_SECONDS)
        self.base, self.twilio = base, twilio
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"

    def request(self, method: str, url: str, **given: Any) -> Any:
        """Ask this machine."""
        to = (given.get("data") or {}).get("To", "")
        base = self.nobody if to and self.twilio.meets_no_connection(to) else self.base
        return super().request(method, url.replace("https://api.twilio.com", base), **given)


@contextmanager
def faulty_twilio(clock: Any = lambda: datetime.now(UTC)) -> Iterator[tuple[FaultyTwilio, TwilioMessages]]:
    """Run a faulty Twilio, and give it with a client that speaks to it over sockets."""
    twilio = FaultyTwilio(clock)
    with serve(twilio) as base:
        yield twilio, TwilioMessages(SID, TOKEN, _Here(base, twilio))


def _answer(start_response: StartResponse, status: str, found: dict[str, Any]) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]
