"""Who may drive the simulator: its own page, and no other site that is open in the same browser."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Request

from bot.settings import Settings

TOKEN_HEADER = "X-Simulator-Token"  # noqa: S105 - the header's name  # nosec B105


def is_own_host(request: Request, settings: Settings) -> bool:
    """Tell whether the browser knows this app under a name of its own.

    A site can point a name of its own at 127.0.0.1 once its page is open, and would then be of
    one origin with the simulator (DNS rebinding). An address can't be pointed elsewhere, and
    `localhost`, HOST and PUBLIC_URL are names that the operator chose.
    """
    name = _hostname(f"//{request.host}")
    if name in {"localhost", settings.host, _hostname(settings.public_url)}:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def is_own_page(request: Request, token: str) -> bool:
    """Tell whether a request comes from the simulator's own page.

    Browsers say where a request comes from, in Sec-Fetch-Site and Origin, and a page can't change
    either; the token is in the page, which no other site can read. JSON is not a type that a form
    of another site could send.
    """
    given = request.headers.get(TOKEN_HEADER, "")
    origin = request.headers.get("Origin")
    return (
        request.mimetype == "application/json"
        and hmac.compare_digest(given.encode(), token.encode())
        and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        and (origin is None or urlsplit(origin).netloc == request.host)
    )


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
