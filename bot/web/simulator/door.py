"""The carrier's way in: this process's own app, asked at its public address as Twilio would ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask

from bot.carrier import WsgiTransport
from bot.settings import Settings
from bot.web.wiring import KEY

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

# Taken where no PUBLIC_URL is set; the app then takes its origin from the request, which is this.
OWN_ORIGIN = "http://localhost"


def origin_of(settings: Settings) -> str:
    """Give the address in front of every webhook's path, without a slash at its end."""
    return settings.public_url or OWN_ORIGIN


def open_door(app: Flask, environ_extra: Mapping[str, object]) -> WsgiTransport:
    """Make a transport into the app.

    The simulator asks the app from inside a request to the app. Each webhook runs in a context of
    its own, so that neither sees the other's `g`; and where the public address has a path, it is
    taken away as the proxy in front of the app would.
    """
    base = urlsplit(origin_of(app.extensions[KEY].settings)).path.rstrip("/")

    def enter(environ: WSGIEnvironment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        for name in ("PATH_INFO", "RAW_URI", "REQUEST_URI"):
            environ[name] = str(environ[name]).removeprefix(base)
        return Context().run(app.wsgi_app, environ, start_response)

    return WsgiTransport(enter, environ_extra)
