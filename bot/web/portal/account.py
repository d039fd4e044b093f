"""One's own account: the last sign-ins, the password, the code app, the recovery codes."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.account import Account
from bot.store import accesses, accounts, logins
from bot.web.portal import access, confirm, entry, passwords
from bot.web.portal.access import allowed, record_access
from bot.web.portal.blueprint import bp
from bot.web.portal.keys import hashed_recovery_code, new_recovery_codes
from bot.web.portal.sign_in import BUSY, BUSY_NOW, REFUSED
from bot.web.wiring import wiring

SHOWN_SIGN_INS = 10
SIGN_INS = ("signed_in", "sign_in.failed")


@bp.get("/account")
@allowed()
def account() -> str:
    """Show what the account is and who has tried to use it."""
    record_access("account.seen")
    return _page(_mine(), [])


@bp.post("/account/password")
@allowed()
def change_password() -> str | tuple[str, int] | AnyResponse:
    """Change the password; every other session of the account ends."""
    mine = _mine()
    if refusal := confirm.password(mine):
        return _page(mine, [refusal.why]), refusal.status
    password = request.form.get("password", "")
    faults = passwords.faults(password, request.form.get("again", ""), mine.email)
    if faults:
        return _page(mine, faults), REFUSED
    try:
        kept = passwords.hash_password(password)
    except passwords.BusyError:
        return _page(mine, [BUSY_NOW]), BUSY
    with wiring().store.writing("the password is not stored") as connection:
        accounts.set_password(connection, mine.id, kept)
        logins.end_all(connection, mine.id)
        secret = entry.begin(connection, mine, "in")
    record_access("password.changed")
    done = redirect(url_for("portal.account", changed="password"), 303)
    return entry.hand_over(done, secret, mine, signed_in=True)


@bp.post("/account/recovery-codes")
@allowed()
def renew_recovery_codes() -> str | tuple[str, int]:
    """Make new recovery codes and show them once; those of before count no longer."""
    mine = _mine()
    if refusal := confirm.password(mine):
        return _page(mine, [refusal.why]), refusal.status
    if not mine.code_key:
        return _page(mine, ["Set up your authenticator app first; recovery codes stand in for it."]), REFUSED
    shown = new_recovery_codes()
    with wiring().store.writing("the recovery codes are not stored") as connection:
        hashes = (hashed_recovery_code(mine.id, code) for code in shown)
        accounts.set_recovery_codes(connection, mine.id, hashes)
    record_access("recovery_codes.made")
    return render_template("portal/recovery_codes.html", codes=shown)


def _mine() -> Account:
    """The account of whoever is signed in; `allowed` has seen to it that somebody is."""
    found = access.login()
    assert found is not None  # noqa: S101 - for the type checker: pages of an account take no API token  # nosec B101
    return found.account


def _page(mine: Account, faults: list[str]) -> str:
    w = wiring()
    with w.store.reading("the account can't be read") as connection:
        left = accounts.recovery_codes_left(connection, mine.id)
        wanted = accesses.Wanted(account_id=mine.id, whats=SIGN_INS)
        sign_ins = accesses.newest(connection, wanted, SHOWN_SIGN_INS)
    return render_template(
        "portal/account.html",
        account=mine,
        faults=faults,
        changed=request.args.get("changed") == "password",
        codes_left=left,
        sign_ins=sign_ins,
        shortest=passwords.SHORTEST_CHARS,
    )
