"""A Twilio that keeps messages and calls, as far as deleting them needs, and fails when it is told to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.channels.twilio_rest import SID

NOT_FOUND = ("404 Not Found", {"code": 20404, "message": "not found", "status": 404})
BUSY = ("409 Conflict", {"code": 20009, "message": "the resource is not complete", "status": 409})
BROKEN = ("503 Service Unavailable", {"code": 20503, "message": "try later", "status": 503})
Told = tuple[str, Mapping[str, Any]]


@dataclass
class TwilioWithRecords:
    """The account's messages and calls by id.

    `busy` ids can't be changed yet; the next `failing` requests end in 503; `slow_seconds` delays each.
    `requests` is every one that came, with its method; `emptied` the ids whose words were taken out.
    """

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    failing: int = 0
    slow_seconds: float = 0.0
    requests: list[tuple[str, str]] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    before: Callable[[str, str], None] = lambda _method, _name: None

    def message(self, sid: str, from_: str, to: str, at: datetime, body: str = "words") -> None:
        """Keep a message."""
        moment = format_datetime(at)
        self.messages[sid] = {
            "sid": sid,
            "from": from_,
            "to": to,
            "body": body,
            "date_created": moment,
            "date_sent": moment,
        }

    def call(
        self, sid: str, from_: str, at: datetime, status: str = "completed", parent: str | None = None
    ) -> None:
        """Keep a call, or a leg of one."""
        moment = format_datetime(at)
        self.calls[sid] = {
            "sid": sid,
            "from": from_,
            "status": status,
            "parent_call_sid": parent,
            "date_created": moment,
            "start_time": moment,
            "end_time": moment if status == "completed" else None,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as Twilio does."""
        path = environ["PATH_INFO"].partition(f"/Accounts/{SID}/")[2].removesuffix(".json")
        method, query = environ["REQUEST_METHOD"], parse_qs(environ.get("QUERY_STRING", ""))
        kind, _, sid = path.partition("/")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        self.requests.append((method, path))
        time.sleep(self.slow_seconds)
        self.before(method, path)
        status, found = self._answer(method, kind, sid, query, parse_qs(body, keep_blank_values=True))
        start_response(status, [("Content-Type", "application/json")])
        return [] if status.startswith("204") else [json.dumps(found).encode()]

    def _answer(
        self,
        method: str,
        kind: str,
        sid: str,
        query: Mapping[str, list[str]],
        form: Mapping[str, list[str]],
    ) -> Told:
        if self.failing:
            self.failing -= 1
            return BROKEN
        kept = {"Messages": self.messages, "Calls": self.calls}[kind]
        if not sid:
            return "200 OK", self._listed(kind.lower(), kept, query)
        if sid not in kept:
            return NOT_FOUND
        if method == "GET":
            return "200 OK", kept[sid]
        if sid in self.busy or (kind == "Calls" and kept[sid]["status"] != "completed"):
            return BUSY
        if method == "DELETE":
            del kept[sid]
            return "204 No Content", {}
        assert form["Body"] == [""]
        kept[sid]["body"] = ""
        self.emptied.append(sid)
        return "200 OK", kept[sid]

    def _listed(
        self, name: str, kept: Mapping[str, dict[str, Any]], query: Mapping[str, list[str]]
    ) -> Mapping[str, Any]:
        wanted = {
            key: query[given][0]
            for given, key in (("From", "from"), ("To", "to"), ("ParentCallSid", "parent_call_sid"))
            if given in query
        }
        found = [one for one in kept.values() if all(one.get(key) == want for key, want in wanted.items())]
        return {name: found, "next_page_uri": None, "page": 0, "page_size": 200}
