"""Sessions of the portal: how they begin, and with which cookie. At each step in, the secret is a new one."""

from __future__ import annotations

from datetime import timedelta

from flask import g, request
from werkzeug.wrappers import Response as AnyResponse

from bot.core.account import Account
from bot.store import Connection, logins
from bot.web.portal import access, cookies, throttle
from bot.web.portal.keys import hashed, new_secret
from bot.web.wiring import wiring

SESSION = timedelta(hours=2)  # from the sign-in on, however busy
HALFWAY = timedelta(minutes=15)  # between password and code
LONGEST_FIELD_CHARS = 400


def begin(connection: Connection, account: Account, stage: logins.Stage) -> str:
    """Begin a session and end the one that this browser had; give the secret for the cookie.

    A secret that somebody planted in the browser beforehand is thus of no use to them.
    """
    now = wiring().clock()
    before = access.login()
    if before is not None:
        logins.end(connection, before.id)
    secret = new_secret()
    until = now + (SESSION if stage == "in" else HALFWAY)
    started = logins.Login(hashed(secret), account, stage, "", until)
    logins.begin(connection, started, now)
    g.portal_login = started
    g.pop("portal_viewer", None)
    return secret


def hand_over(response: AnyResponse, secret: str, account: Account, *, signed_in: bool) -> AnyResponse:
    """Give the browser the session's secret, and the mark of a device that its owner uses."""
    cookies.put(response, cookies.SESSION, secret)
    cookies.drop(response, cookies.FORM)
    if signed_in:
        cookies.put(response, cookies.DEVICE, throttle.device(account.email), cookies.DEVICE_SECONDS)
    return response


def field(name: str) -> str:
    """What was filled in, or ""; more than a person would type is nothing."""
    given = request.form.get(name, "")
    return given if len(given) <= LONGEST_FIELD_CHARS else ""


def email_field() -> str:
    """The e-mail address, as accounts are kept under it."""
    return field("email").strip().lower()


def page(html: str) -> AnyResponse:
    """A page as an answer that cookies can be put on."""
    return AnyResponse(html, mimetype="text/html")
