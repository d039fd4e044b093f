"""API tokens of a partner: for programs that read what the portal shows."""

from __future__ import annotations

from datetime import datetime

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.account import ApiToken
from bot.store import tokens as kept
from bot.web.portal import entry
from bot.web.portal.access import allowed, record_access, viewer
from bot.web.portal.blueprint import bp
from bot.web.portal.keys import hashed, new_api_token
from bot.web.portal.sign_in import REFUSED
from bot.web.wiring import wiring

LONGEST_NAME_CHARS = 60
MOST_LIVE = 20
HINT_CHARS = 8


@bp.get("/tokens")
@allowed("partner")
def tokens() -> str:
    """List the partner's tokens."""
    record_access("tokens.seen")
    return _page()


@bp.post("/tokens")
@allowed("partner")
def make_token() -> str | tuple[str, int]:
    """Make a token and show it, this once."""
    name = entry.field("name").strip()
    if not name or len(name) > LONGEST_NAME_CHARS or not name.isprintable():
        return _page(fault=f"Give the token a name of at most {LONGEST_NAME_CHARS} characters."), REFUSED
    with wiring().store.writing("the token is not stored") as connection:
        whose = viewer().partner
        live = sum(not token.revoked for token in kept.of_partner(connection, whose))
        if live >= MOST_LIVE:
            return _page(fault=f"There are {live} live tokens. Revoke one that nobody uses first."), REFUSED
        secret = new_api_token()
        number = kept.add(connection, fresh(whose, name, secret, wiring().clock()), hashed(secret))
    record_access("token.made", token=number)
    return _page(secret=secret)


@bp.post("/tokens/<int:number>/revoke")
@allowed("partner")
def revoke_token(number: int) -> AnyResponse:
    """End a token of the partner's own."""
    with wiring().store.writing("the token is not revoked") as connection:
        revoked = kept.revoke(connection, number, viewer().partner)
    if revoked:
        record_access("token.revoked", token=number)
    return redirect(url_for("portal.tokens"), 303)


def fresh(partner: str, name: str, secret: str, now: datetime) -> ApiToken:
    """A token as it is kept: by its first letters it is told from others in the list."""
    today = now.date().isoformat()
    return ApiToken(0, partner, name, secret[:HINT_CHARS], today, last_used_on="", revoked=False)


def _page(fault: str = "", secret: str = "") -> str:  # none is shown  # nosec B107
    with wiring().store.reading("the tokens can't be read") as connection:
        found = kept.of_partner(connection, viewer().partner)
    return render_template("portal/tokens.html", tokens=found, fault=fault, secret=secret)
