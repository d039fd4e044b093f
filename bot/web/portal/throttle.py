"""How often somebody may guess, counted in the database and so across processes and machines.

What is counted is whose account was tried, known or not, and from where; as keyed hashes, for a
quarter of an hour. A stranger who keeps guessing can close an account to strangers alone: a browser
that its owner has signed in with before is counted by itself ("device cookies",
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from flask import request

from bot.store import logins
from bot.web.portal import cookies
from bot.web.portal.keys import keyed, new_secret
from bot.web.wiring import wiring

WINDOW = timedelta(minutes=15)
MOST_PASSWORDS = 10
MOST_CODES = 5
MOST_FROM_ONE_ADDRESS = 40  # a whole office may share one
IPV6_SITE_BITS = 64


@dataclass(frozen=True)
class Attempt:
    """One guess that may be looked at; its rows are taken back when it was right."""

    numbers: tuple[int, ...]


class TooManyError(Exception):
    """Too many guesses; says how long to wait."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many guesses")
        self.wait_seconds = max(1, int(wait.total_seconds()))


def begin(kind: str, email: str, most: int) -> Attempt:
    """Count a guess at an account's password or code, before anybody looks at it.

    Raises:
        TooManyError: this one is not to be looked at; it does not count, so the wait ends.
    """
    w = wiring()
    now = w.clock()
    subjects = _subjects(kind, email, most)
    # Whoever has to wait already is told so without a write: callers' turns are waiting to be written.
    _refuse_above({subject: most - 1 for subject, most in subjects.items()}, now)
    with w.store.writing("the sign-in is not counted") as connection:
        numbers = logins.count_attempt(connection, subjects, now, WINDOW)
    attempt = Attempt(tuple(numbers))
    try:
        _refuse_above(subjects, now)
    except TooManyError:
        forget(attempt)
        raise
    return attempt


def forget(attempt: Attempt) -> None:
    """Take back a guess that was right, or that nobody could look at."""
    with wiring().store.writing("the sign-in is not counted") as connection:
        logins.forget_attempts(connection, list(attempt.numbers))


def device(email: str) -> str:
    """Make the mark of a browser that this account has signed in with."""
    mark = new_secret()
    return f"{mark}.{_seal(mark, email)}"


def _refuse_above(subjects: Mapping[str, int], now: datetime) -> None:
    with wiring().store.reading("the sign-ins can't be counted") as connection:
        wait = logins.wait(connection, subjects, now)
    if wait is not None:
        raise TooManyError(wait)


def _subjects(kind: str, email: str, most: int) -> Mapping[str, int]:
    secret = wiring().settings.secret_key
    mark, _, seal = cookies.read(cookies.DEVICE).partition(".")
    known = bool(mark) and hmac.compare_digest(seal.encode(), _seal(mark, email).encode())
    whose = f"{kind} {email} {mark if known else ''}"
    return {
        keyed(secret, "account", whose): most,
        keyed(secret, "address", _site()): MOST_FROM_ONE_ADDRESS,
    }


def _seal(mark: str, email: str) -> str:
    return keyed(wiring().settings.secret_key, "device", f"{mark} {email}")


def _site() -> str:
    """The address, or for IPv6 the network that one customer gets, all of whose addresses are theirs."""
    given = request.remote_addr or ""
    try:
        address = ip_address(given)
    except ValueError:
        return given
    if isinstance(address, IPv6Address):
        return str(int(address) >> (128 - IPV6_SITE_BITS))
    return given
