"""Signing in: a password, then a code; and out again."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.account import Account
from bot.store import Connection, accesses, accounts, logins
from bot.web.portal import access, codes, cookies, entry, passwords, throttle
from bot.web.portal.blueprint import bp
from bot.web.portal.keys import hashed_recovery_code, unseal
from bot.web.wiring import wiring

# Where a sign-in may lead: a page of the portal, by path and plain query, never another site.
OWN_PAGE = re.compile(r"/partners(?:/[A-Za-z0-9_-][A-Za-z0-9_~.-]*)*(?:\?[A-Za-z0-9_~.=&%+:-]*)?")
LONGEST_PAGE_CHARS = 500
REFUSED, TOO_MANY, BUSY = 422, 429, 503
NOT_LET_IN = (
    "That e-mail address and password do not let anybody in. Check both; capital letters count in the "
    "password. If you have forgotten it, ask the operator of the line for a new set-up link."
)
WRONG_CODE = (
    "That code is not right, or has been used. Wait for the next one in your authenticator app, "
    "and check that the telephone's clock is set by itself."
)
UNREADABLE_KEY = (
    "Your authenticator app can't be checked any more, as the line has a new secret key. "
    "Use a recovery code, or ask the operator of the line for a new set-up link."
)
BUSY_NOW = "Many people are signing in at this moment. Wait a few seconds, and try again."


@bp.get("/sign-in")
def sign_in() -> str | AnyResponse:
    """Ask for e-mail address and password."""
    if access.seen():
        return redirect(_wanted_page(), 303)
    return _page("sign_in")


@bp.post("/sign-in")
def check_password() -> tuple[str, int] | tuple[str, int, dict[str, str]] | AnyResponse:
    """Look at the password; whether there is such an account shows neither in words nor in time."""
    email, password = entry.email_field(), entry.field("password")
    try:
        attempt = throttle.begin("password", email, throttle.MOST_PASSWORDS)
    except throttle.TooManyError as error:
        return too_many("sign_in", error)
    w = wiring()
    with w.store.reading("the account can't be read") as connection:
        account = accounts.by_email(connection, email)
    shut = account is None or not account.enabled or (w.settings.production and account.is_demo())
    try:
        right = passwords.is_right("" if account is None or shut else account.password, password)
    except passwords.BusyError:
        throttle.forget(attempt)
        return _page("sign_in", BUSY_NOW), BUSY
    if account is None or not right:
        _record_failure(account, "password")
        return _page("sign_in", NOT_LET_IN), REFUSED
    return _password_was_right(account, password, attempt)


def _password_was_right(account: Account, password: str, attempt: throttle.Attempt) -> AnyResponse:
    w = wiring()
    stage: logins.Stage = "code" if account.code_key else "enrol" if w.settings.production else "in"
    renewed = passwords.hash_password(password) if passwords.is_outdated(account.password) else ""
    with w.store.writing("the sign-in is not stored") as connection:
        logins.forget_attempts(connection, list(attempt.numbers))
        if renewed:
            accounts.set_password(connection, account.id, renewed)
        secret = entry.begin(connection, account, stage)
        if stage == "in":
            record_sign_in(connection, account, "password alone, in development")
    following = {"code": "portal.code", "enrol": "portal.code_app"}.get(stage)
    page = url_for(following) + "?" + urlencode({"next": _wanted_page()}) if following else _wanted_page()
    return entry.hand_over(redirect(page, 303), secret, account, signed_in=stage == "in")


@bp.get("/sign-in/code")
def code() -> str | AnyResponse:
    """Ask for the code."""
    return _page("code") if _halfway() else redirect(url_for("portal.sign_in"), 303)


@bp.post("/sign-in/code")
def check_code() -> tuple[str, int] | tuple[str, int, dict[str, str]] | AnyResponse:
    """Look at the code, from the app or from the list of recovery codes."""
    account = _halfway()
    if account is None:
        return redirect(url_for("portal.sign_in"), 303)
    try:
        attempt = throttle.begin("code", account.email, throttle.MOST_CODES)
    except throttle.TooManyError as error:
        return too_many("code", error)
    w, typed = wiring(), entry.field("code")
    secret = ""  # none yet  # nosec B105
    with w.store.writing("the sign-in is not stored") as connection:
        how = _use(connection, account, typed)
        if how:
            logins.forget_attempts(connection, list(attempt.numbers))
            secret = entry.begin(connection, account, "in")
            record_sign_in(connection, account, how)
    if secret:
        return entry.hand_over(redirect(_wanted_page(), 303), secret, account, signed_in=True)
    _record_failure(account, "code")
    readable = unseal(w.settings.secret_key, account.id, account.code_key)
    return _page("code", WRONG_CODE if readable else UNREADABLE_KEY), REFUSED


@bp.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the session, here and on the server."""
    found = access.login()
    if found is not None:
        w = wiring()
        with w.store.writing("the session is not ended") as connection:
            logins.end(connection, found.id)
            accesses.add(
                connection, "signed_out", at=w.clock(), account_id=found.account.id, role=found.account.role
            )
    response = redirect(url_for("portal.sign_in"), 303)
    cookies.drop(response, cookies.SESSION)
    return response


def record_sign_in(connection: Connection, account: Account, how: str) -> None:
    """Put a sign-in on record, with the session that it began."""
    now = wiring().clock()
    accesses.add(
        connection, "signed_in", at=now, account_id=account.id, role=account.role, facts={"with": how}
    )


def too_many(page: str, error: throttle.TooManyError) -> tuple[str, int, dict[str, str]]:
    """Ask somebody to wait. It says the same whether or not there is such an account."""
    minutes = -(-error.wait_seconds // 60)
    wait = "a minute" if minutes == 1 else f"{minutes} minutes"
    why = f"There have been too many tries. Wait {wait}, then try again; nothing else is needed."
    return _page(page, why), TOO_MANY, {"Retry-After": str(error.wait_seconds)}


def _halfway() -> Account | None:
    """Whoever has given the right password and owes the code."""
    found = access.login()
    return found.account if found and found.stage == "code" else None


def _use(connection: Connection, account: Account, typed: str) -> str:
    """Use up a code; say what it was, "" when it was nothing that counts."""
    w = wiring()
    if any(character.isalpha() for character in typed):
        hashed = hashed_recovery_code(account.id, typed)
        return "recovery code" if accounts.use_recovery_code(connection, account.id, hashed) else ""
    key = unseal(w.settings.secret_key, account.id, account.code_key)
    step = codes.matching_step(key, typed, w.clock()) if key else None
    return "code" if step is not None and accounts.use_step(connection, account.id, step) else ""


def _record_failure(account: Account | None, step: str) -> None:
    """Put a failed sign-in on record: of an account, or of none; never what was typed."""
    w = wiring()
    with w.store.writing("the failed sign-in is not recorded") as connection:
        accesses.add(
            connection,
            "sign_in.failed",
            at=w.clock(),
            account_id=account.id if account else None,
            role=account.role if account else "",
            facts={"step": step},
        )


def _wanted_page() -> str:
    wanted = request.values.get("next", "")
    own = OWN_PAGE.fullmatch(wanted.removeprefix(request.script_root))
    safe = len(wanted) <= LONGEST_PAGE_CHARS and wanted.startswith(request.script_root) and own is not None
    return wanted if safe else url_for("portal.overview")


def _page(name: str, fault: str = "") -> str:
    email = entry.email_field() if name == "sign_in" else ""
    return render_template(f"portal/{name}.html", fault=fault, email=email, next=_wanted_page())
