"""The portal's three cookies: a session's secret, a form's, and a device's.

In production each name begins with __Host-, so that a browser takes it only over https, from this
host, for the whole of it. SameSite is Lax: a link in an e-mail to a page of the portal opens it
(Strict would show the sign-in page to somebody who is signed in), and nothing is changed by GET;
what changes something is a POST, which Lax keeps from other sites and which carries a token too.
"""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from bot.web.wiring import wiring

SESSION, FORM, DEVICE = "signpost_session", "signpost_form", "signpost_device"
LONGEST_CHARS = 512
DEVICE_SECONDS = 180 * 24 * 3600


def read(name: str) -> str:
    """A cookie's value, or ""; one that is too long is nobody's."""
    given = request.cookies.get(_full(name), "")
    return given if len(given) <= LONGEST_CHARS else ""


def session_secret() -> str:
    """The secret of the session, or ""."""
    return read(SESSION)


def put(response: AnyResponse, name: str, value: str, max_age_seconds: int | None = None) -> None:
    """Set a cookie that no script can read."""
    response.set_cookie(
        _full(name),
        value,
        max_age=max_age_seconds,
        path="/",
        secure=wiring().settings.production,
        httponly=True,
        samesite="Lax",
    )


def drop(response: AnyResponse, name: str) -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(
        _full(name), path="/", secure=wiring().settings.production, httponly=True, samesite="Lax"
    )


def _full(name: str) -> str:
    return f"__Host-{name}" if wiring().settings.production else name
