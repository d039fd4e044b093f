"""Who is asking, whether they may, and the log of what they looked at.

A page says who may see it, and then records that it was seen:

    @bp.get("/routings")
    @allowed("partner", "auditor")
    def routings() -> str:
        record_access("routings.listed", filters=...)
        return render_template("portal/routings.html", ...)

What is recorded is written when the answer is ready and before it leaves; when it can't be
written, the answer does not leave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar
from urllib.parse import urlencode

from flask import Response, abort, g, has_request_context, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.account import Role
from bot.store import accesses, logins, tokens
from bot.web.portal import cookies
from bot.web.portal.keys import hashed, is_api_token
from bot.web.wiring import wiring

API = "/api/v1"
UNAUTHORIZED, FORBIDDEN = 401, 403

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
Fact = str | int | bool | None


@dataclass(frozen=True)
class Viewer:
    """Whoever is asking. `partner` is "" for auditor and operator; `account_id` is 0 for an API token."""

    account_id: int
    name: str
    role: Role
    partner: str


def viewer() -> Viewer:
    """Whoever asks in this request. Aborts with 401 when nobody is signed in; `allowed` sees to that."""
    return seen() or abort(UNAUTHORIZED)


def seen() -> Viewer | None:
    """Whoever asks, or None; the database is asked once a request.

    On a page the header is left alone: it may be of a proxy that asks for a password of its own.
    """
    if "portal_viewer" not in g:
        by_token = is_api() and "Authorization" in request.headers
        g.portal_viewer = _of_token() if by_token else _of_login()
    found: Viewer | None = g.portal_viewer
    return found


def login() -> logins.Login | None:
    """The session of the cookie, at whatever stage; None when there is none that lives."""
    if "portal_login" not in g:
        secret = cookies.session_secret()
        g.portal_login = None
        if secret:
            w = wiring()
            with w.store.reading("the session can't be read") as connection:
                kept = logins.find(connection, hashed(secret), w.clock())
            if kept and not (w.settings.production and kept.account.is_demo()):
                g.portal_login = kept
    found: logins.Login | None = g.portal_login
    return found


def allowed(
    *roles: Literal["partner", "auditor", "operator"],
) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer | Response | AnyResponse]]:
    """Let only these roles see a page; no role named means: whoever is signed in."""

    def hold(view: Callable[Arguments, Answer]) -> Callable[Arguments, Answer | Response | AnyResponse]:
        @wraps(view)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer | Response | AnyResponse:
            who = seen()
            if who is None:
                return _sign_in_first()
            if roles and who.role not in roles:
                record_access("refused", page=str(request.endpoint).rpartition(".")[2])
                return _not_for_you()
            return view(*args, **kwargs)

        guarded.allowed_roles = roles  # type: ignore[attr-defined]  # read by the test that walks every route
        return guarded

    return hold


def record_access(what: str, /, **facts: Fact) -> None:
    """Put on record that whoever is asking did this: a name such as `routing.seen`, and its facts.

    Facts never hold anything of a person who called or wrote to the line, nor a secret.
    """
    recorded().append((what, facts))


def recorded() -> list[tuple[str, dict[str, Fact]]]:
    """What this request has put on record and not yet written."""
    if "portal_recorded" not in g:
        g.portal_recorded = []
    entries: list[tuple[str, dict[str, Fact]]] = g.portal_recorded
    return entries


def write_recorded() -> None:
    """Write what was recorded, as one transaction.

    Raises:
        StoreError: it is not written, so the answer must not leave.
    """
    entries = recorded()
    if not entries:
        return
    w, who = wiring(), seen()
    with w.store.writing("the access is not recorded") as connection:
        for what, facts in entries:
            accesses.add(
                connection,
                what,
                at=w.clock(),
                account_id=who.account_id or None if who else None,
                role=who.role if who else "",
                facts={**facts, **_token_fact()},
            )
    entries.clear()


def is_api() -> bool:
    """Say whether a program is asking, which wants JSON and no pages."""
    return has_request_context() and (request.path == API or request.path.startswith(f"{API}/"))


def problem(status: int, title: str, detail: str) -> Response:
    """Say what is wrong to a program (RFC 9457)."""
    answer = jsonify({"type": "about:blank", "title": title, "status": status, "detail": detail})
    answer.status_code, answer.mimetype = status, "application/problem+json"
    if status == UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="signpost"'
    return answer


def _of_login() -> Viewer | None:
    found = login()
    if found is None or found.stage != "in":
        return None
    account = found.account
    return Viewer(account.id, account.name, account.role, account.partner)


def _of_token() -> Viewer | None:
    """Whose token this is, noted as used once a day."""
    kind, _, given = request.headers["Authorization"].partition(" ")
    given = given.strip()
    if kind.lower() != "bearer" or not is_api_token(given):
        return None
    w = wiring()
    today = w.clock().date()
    with w.store.reading("the token can't be read") as connection:
        token = tokens.find(connection, hashed(given))
    if token is None:
        record_access("token.refused")
        return None
    if token.last_used_on != today.isoformat():
        with w.store.writing("the token's use is not recorded") as connection:
            tokens.used(connection, token.id, today)
    g.portal_token = token.id
    return Viewer(0, token.name, "partner", token.partner)


def _token_fact() -> dict[str, Fact]:
    return {"token": g.portal_token} if "portal_token" in g else {}


def _sign_in_first() -> Response | AnyResponse:
    if is_api():
        detail = "send a token that is not revoked: Authorization: Bearer sp_..."
        return problem(UNAUTHORIZED, "Not signed in", detail)
    sign_in = url_for("portal.sign_in")
    if request.method == "GET":
        sign_in += "?" + urlencode({"next": request.script_root + request.full_path.rstrip("?")})
    return redirect(sign_in, 303)


def _not_for_you() -> Response:
    if is_api():
        return problem(FORBIDDEN, "Not allowed", "this account's role may not see this")
    return abort(FORBIDDEN)


def navigation_roles(view: Any) -> tuple[Role, ...]:
    """The roles that `allowed` was given for a view; none for a view that is open to all."""
    roles: tuple[Role, ...] = getattr(view, "allowed_roles", ())
    return roles
