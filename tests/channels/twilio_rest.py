"""A Twilio to read and change: its REST addresses on this machine, with what they hold in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

from twilio.http.http_client import TwilioHttpClient

SID = "AC" + "0" * 32
TOKEN = "0123456789abcdef0123456789abcdef"


class Redirected(TwilioHttpClient):  # type: ignore[misc]  # twilio has no types
    """Twilio's own client, but https://api.twilio.com/… is asked at http://127.0.0.1:…/api.twilio.com/…"""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=5)
        self.base = base

    def request(self, method: str, url: str, **given: Any) -> Any:
        """Ask this machine."""
        return super().request(method, url.replace("https://", f"{self.base}/"), **given)


@dataclass
class Rest:
    """The account's things, and every change that was asked for."""

    numbers: list[dict[str, Any]] = field(default_factory=list)
    short_codes: list[dict[str, Any]] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    countries: list[str] = field(default_factory=lambda: ["GB"])
    texts_to: list[str] = field(default_factory=lambda: ["GB"])
    account: dict[str, Any] = field(default_factory=lambda: {"status": "active", "type": "Full"})
    refuses: bool = False
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as Twilio does."""
        path = environ["PATH_INFO"].removeprefix("/")
        if self.refuses:
            return self._answer(
                start_response, "401 Unauthorized", {"code": 20003, "message": "Authenticate"}
            )
        if environ["REQUEST_METHOD"] == "POST":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
            self.asked.append((path, dict(parse_qsl(body, keep_blank_values=True))))
            return self._answer(start_response, "200 OK", {"sid": path})
        return self._answer(start_response, "200 OK", self._page(path))

    def _page(self, path: str) -> Mapping[str, Any]:
        pages: dict[str, Callable[[], Mapping[str, Any]]] = {
            "IncomingPhoneNumbers.json": lambda: {"incoming_phone_numbers": self.numbers},
            "SMS/ShortCodes.json": lambda: {"short_codes": self.short_codes},
            "/PhoneNumbers": lambda: _listed("phone_numbers", [{"phone_number": n} for n in self.senders]),
            "/ShortCodes": lambda: _listed("short_codes", []),
            "v1/Services": lambda: _listed("services", self.services),
            "Countries": lambda: _listed("content", [{"iso_code": code} for code in self.countries]),
            "GeoPermissions": lambda: {
                "permissions": [{"country_code": code, "enabled": True} for code in self.texts_to]
            },
            f"{SID}.json": lambda: self.account,
        }
        return next(make() for end, make in pages.items() if path.endswith(end))

    def _answer(
        self, start_response: StartResponse, status: str, found: Mapping[str, Any]
    ) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(found).encode()]


def _listed(key: str, ones: list[dict[str, Any]]) -> Mapping[str, Any]:
    return {key: ones, "meta": {"key": key, "next_page_url": None}}
