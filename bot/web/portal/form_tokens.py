"""Each form carries a token that only a page of ours can know.

The token is a keyed hash of the secret in the session's cookie; before anybody has signed in, of a
cookie that exists for this alone. Another site can have a browser send the cookie but can't read
it, so it can't give the token. Flask-WTF's would need Flask's signed session beside the server's
own, which outlives a sign-out; this one ends with the session that it is bound to.
"""

from __future__ import annotations

import hmac

from flask import g, request
from werkzeug.wrappers import Response as AnyResponse

from bot.web.portal import access, cookies
from bot.web.portal.keys import keyed, new_secret
from bot.web.wiring import wiring

FIELD = "form_token"


def give() -> str:
    """The token for a form on this page."""
    return _token(_secret() or _new_secret())


def is_own() -> bool:
    """Say whether this request comes from a form on a page of ours."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    secret = _secret()
    given = request.form.get(FIELD, "")
    return bool(secret) and hmac.compare_digest(_token(secret).encode(), given.encode("utf-8", "replace"))


def keep(response: AnyResponse) -> None:
    """Send the cookie that a form of this page needs."""
    if "portal_form_secret" in g:
        cookies.put(response, cookies.FORM, g.portal_form_secret)


def _secret() -> str:
    if access.login() is not None:
        return cookies.session_secret()
    return cookies.read(cookies.FORM)


def _new_secret() -> str:
    if "portal_form_secret" not in g:
        g.portal_form_secret = new_secret()
    secret: str = g.portal_form_secret
    return secret


def _token(secret: str) -> str:
    return keyed(wiring().settings.secret_key, "form", secret)
