"""Ask somebody who is signed in for the password again, before what a borrowed browser must not do."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.account import Account
from bot.store import logins
from bot.web.portal import entry, passwords, throttle
from bot.web.wiring import wiring

REFUSED, TOO_MANY, BUSY = 422, 429, 503


@dataclass(frozen=True)
class Refusal:
    """Why not, and the status to say it with."""

    why: str
    status: int


def password(account: Account) -> Refusal | None:
    """Look at the present password in the form; None when it is right."""
    try:
        attempt = throttle.begin("confirm", account.email, throttle.MOST_PASSWORDS)
    except throttle.TooManyError as error:
        minutes = -(-error.wait_seconds // 60)
        return Refusal(f"There have been too many tries. Wait {minutes} min, then try again.", TOO_MANY)
    try:
        right = passwords.is_right(account.password, entry.field("present"))
    except passwords.BusyError:
        throttle.forget(attempt)
        return Refusal("Wait a few seconds, and try again.", BUSY)
    if not right:
        return Refusal("Your present password is not right. Check it, and send the form again.", REFUSED)
    with wiring().store.writing("the sign-in is not counted") as connection:
        logins.forget_attempts(connection, list(attempt.numbers))
    return None
