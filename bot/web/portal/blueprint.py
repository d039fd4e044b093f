"""The portal's blueprint: what every one of its pages goes through, before and after.

A module of pages imports `bp` from here and adds its routes; `bot.web.portal` imports the module.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import StoreError
from bot.log import event
from bot.web.portal import access, cookies, form_tokens, navigation
from bot.web.wiring import wiring

# No script at all, and nothing from anywhere else.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
BAD_REQUEST, UNAVAILABLE = 400, 503

bp = Blueprint(
    "portal",
    "bot.web.portal",
    url_prefix="/partners",
    template_folder="templates",
    static_folder="static",
)


@bp.before_request
def only_text() -> None:
    """Refuse NUL, which PostgreSQL takes in no text and nobody types; also for the API's blueprint."""
    if "\0" in request.path or any("\0" in text for text in request.values.values()):
        abort(BAD_REQUEST)


@bp.before_request
def only_own_forms() -> AnyResponse | tuple[str, int] | None:
    """Refuse what another site had the browser send, or a page that was open for too long."""
    if request.method in ("GET", "HEAD", "OPTIONS") or form_tokens.is_own():
        return None
    if cookies.session_secret() and access.login() is None:
        return redirect(url_for("portal.sign_in"), 303)
    why = "This form was open too long, or is not from this site. Go back, load the page again, and repeat."
    return told(BAD_REQUEST, "Not sent", why)


@bp.context_processor
def for_every_page() -> dict[str, Any]:
    """What the base template needs; while the database is down, nothing that is in it."""
    who = None if "portal_unavailable" in g else access.seen()
    partner = wiring().catalogue.partners.get(who.partner) if who else None
    return {
        "viewer": who,
        "viewer_of": partner.name if partner else who.partner or who.role if who else "",
        "navigation": navigation.of(who),
        "form_token": form_tokens.give,
    }


@bp.errorhandler(HTTPException)
def refused(error: HTTPException) -> tuple[str, int] | HTTPException:
    """Say why a page is not shown."""
    whys = {
        400: "What was sent can't be read. Go back, and check what you filled in.",
        403: "Your account's role may not see this page. If it should, ask the operator of the line.",
        404: "There is no page at this address.",
    }
    code = error.code or 500
    if code < BAD_REQUEST:
        return error  # a redirect
    return told(code, error.name, whys.get(code, "Go back, and try again."))


@bp.errorhandler(StoreError)
def unavailable(error: StoreError) -> tuple[str, int]:
    """Say that the database is down; the line itself answers callers all the same."""
    event("portal.unavailable", logging.ERROR, error=error)
    g.portal_unavailable = True
    access.recorded().clear()  # of a look that came to nothing
    return told(UNAVAILABLE, "Not available", "The records can't be reached just now. Try again in a minute.")


def told(code: int, title: str, why: str) -> tuple[str, int]:
    """Answer with a page that says what is wrong and what can be done."""
    return render_template("portal/refused.html", title=title, why=why), code


@bp.after_request
def finish(response: Response) -> Response:
    """Write the access log, and let nobody keep the page; also for the API's blueprint."""
    try:
        access.write_recorded()
    except StoreError as error:
        # What can't be put on record is not shown.
        if access.is_api():
            event("portal.unavailable", logging.ERROR, error=error)
            response = access.problem(UNAVAILABLE, "Not available", "try again in a minute")
        else:
            response = Response(unavailable(error)[0], UNAVAILABLE)
    if request.method == "POST":  # those who guess fill the tables: what has expired goes, once a minute
        wiring().sweeper.sweep(wiring().clock())
    form_tokens.keep(response)
    response.headers["Content-Security-Policy"] = POLICY
    if request.endpoint != f"{bp.name}.static":
        response.headers["Cache-Control"] = "no-store"
    return response
