"""Setting an account up: a link that counts once, a password of one's own, and a code app."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.account import Account
from bot.store import accesses, accounts, logins
from bot.web.portal import access, codes, confirm, entry, passwords
from bot.web.portal.blueprint import bp, told
from bot.web.portal.keys import hashed, hashed_recovery_code, new_recovery_codes, seal, unseal
from bot.web.portal.sign_in import BUSY, BUSY_NOW, REFUSED, record_sign_in
from bot.web.wiring import wiring

GONE = 410
NO_SUCH_LINK = (
    "This set-up link does not count: it was used before, is more than three days old, or was replaced by "
    "a newer one. Ask the operator of the line for a new one."
)
WRONG_CODE = (
    "That is not the code that the app shows for this key. Scan the picture again, check that the "
    "telephone's clock is set by itself, and type the next code."
)


@bp.get("/set-up/<invitation>")
def set_up(invitation: str) -> str | tuple[str, int]:
    """Ask for a password. Opening the link uses nothing up: a mail scanner may open it first."""
    account = _invited(invitation)
    return _set_up_page(account, []) if account else told(GONE, "This link does not count", NO_SUCH_LINK)


@bp.post("/set-up/<invitation>")
def choose_password(invitation: str) -> tuple[str, int] | AnyResponse:
    """Keep the password, use the link up, and go on to the code app."""
    account = _invited(invitation)
    if account is None:
        return told(GONE, "This link does not count", NO_SUCH_LINK)
    password = request.form.get("password", "")
    faults = passwords.faults(password, request.form.get("again", ""), account.email)
    if faults:
        return _set_up_page(account, faults), REFUSED
    try:
        kept = passwords.hash_password(password)
    except passwords.BusyError:
        return _set_up_page(account, [BUSY_NOW]), BUSY
    w = wiring()
    with w.store.writing("the password is not stored") as connection:
        # Asked again: of two that hold the link at the same time one sets the password.
        if accounts.by_invitation(connection, hashed(invitation), w.clock()) is None:
            return told(GONE, "This link does not count", NO_SUCH_LINK)
        accounts.set_password(connection, account.id, kept)
        logins.end_all(connection, account.id)
        secret = entry.begin(connection, account, "enrol")
        accesses.add(connection, "account.set_up", at=w.clock(), account_id=account.id, role=account.role)
    return entry.hand_over(redirect(url_for("portal.code_app"), 303), secret, account, signed_in=False)


@bp.get("/code-app")
def code_app() -> str | AnyResponse:
    """Show the key for an authenticator app, as a picture and as text."""
    found = _who_may_enrol()
    return _code_app_page(found) if found else redirect(url_for("portal.sign_in"), 303)


@bp.post("/code-app")
def prove_code_app() -> str | tuple[str, int] | AnyResponse:
    """Keep the key once a code proves that an app has it; show the recovery codes."""
    found = _who_may_enrol()
    if found is None:
        return redirect(url_for("portal.sign_in"), 303)
    if found.stage == "in" and (refusal := confirm.password(found.account)):
        return _code_app_page(found, refusal.why), refusal.status
    w, account = wiring(), found.account
    key = _offered(found)
    step = codes.matching_step(key, entry.field("code"), w.clock()) if key else None
    if key is None or step is None:
        return _code_app_page(found, WRONG_CODE), REFUSED
    shown = new_recovery_codes()
    with w.store.writing("the code app is not stored") as connection:
        accounts.set_code_key(connection, account.id, seal(w.settings.secret_key, account.id, key), step)
        accounts.set_recovery_codes(
            connection, account.id, (hashed_recovery_code(account.id, code) for code in shown)
        )
        accesses.add(connection, "code_app.changed", at=w.clock(), account_id=account.id, role=account.role)
        logins.end_all(connection, account.id, but=found.id)
        secret = entry.begin(connection, account, "in")
        if found.stage == "enrol":
            record_sign_in(connection, account, "code")
    page = entry.page(render_template("portal/recovery_codes.html", codes=shown))
    return entry.hand_over(page, secret, account, signed_in=True)


@bp.post("/code-app/later")
def code_app_later() -> AnyResponse:
    """In development, do without a code app; in production nobody can."""
    found = access.login()
    w = wiring()
    if found is None or found.stage != "enrol" or w.settings.production:
        return redirect(url_for("portal.sign_in"), 303)
    with w.store.writing("the sign-in is not stored") as connection:
        secret = entry.begin(connection, found.account, "in")
        record_sign_in(connection, found.account, "password alone, in development")
    to_overview = redirect(url_for("portal.overview"), 303)
    return entry.hand_over(to_overview, secret, found.account, signed_in=True)


def _invited(invitation: str) -> Account | None:
    w = wiring()
    with w.store.reading("the link can't be read") as connection:
        return accounts.by_invitation(connection, hashed(invitation), w.clock())


def _who_may_enrol() -> logins.Login | None:
    """Somebody who is signed in, or would be but for the code app that they lack."""
    found = access.login()
    return found if found and found.stage in ("enrol", "in") else None


def _offered(found: logins.Login) -> str | None:
    """The key that this session was shown."""
    secret_key = wiring().settings.secret_key
    return unseal(secret_key, found.account.id, found.offered_key) if found.offered_key else None


def _set_up_page(account: Account, faults: list[str]) -> str:
    shortest = passwords.SHORTEST_CHARS
    return render_template("portal/set_up.html", account=account, faults=faults, shortest=shortest)


def _code_app_page(found: logins.Login, fault: str = "") -> str:
    """Show the key, the same at each try, so that what was scanned stays right."""
    w, account = wiring(), found.account
    key = _offered(found)
    if key is None:
        key = codes.new_key()
        with w.store.writing("the key is not stored") as connection:
            logins.offer_key(connection, found.id, seal(w.settings.secret_key, account.id, key))
    return render_template(
        "portal/code_app.html",
        fault=fault,
        email=account.email,
        picture=codes.picture(key, account.email),
        key=codes.grouped(key),
        signed_in=found.stage == "in",
        may_wait=found.stage == "enrol" and not w.settings.production,
    )
