"""Sign-ins of accounts: the sessions they begin, and the attempts that are counted against guessing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from sqlalchemy import delete, func, insert, select, update

from bot.store import accounts
from bot.store.account_tables import logins, sign_in_attempts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.core.account import Account

# code: the password was right, the code is missing. enrol: the account has no code app yet. in: signed in.
Stage = Literal["code", "enrol", "in"]


@dataclass(frozen=True)
class Login:
    """A session of an account, found by the hash of the secret in its cookie."""

    id: str
    account: Account
    stage: Stage
    offered_key: str
    expires_at: datetime


def begin(connection: Connection, login: Login, now: datetime) -> None:
    """Keep a new session."""
    values = {
        "id": login.id,
        "account_id": login.account.id,
        "stage": login.stage,
        "offered_key": login.offered_key,
        "created_at": now,
        "expires_at": login.expires_at,
    }
    connection.execute(insert(logins).values(values))


def find(connection: Connection, hashed: str, now: datetime) -> Login | None:
    """Find a session that has not expired and whose account is enabled."""
    live = (logins.c.id == hashed) & (logins.c.expires_at > now)
    row = connection.execute(select(logins).where(live)).one_or_none()
    account = accounts.by_id(connection, row.account_id) if row else None
    if row is None or account is None or not account.enabled:
        return None
    return Login(row.id, account, row.stage, row.offered_key, row.expires_at)


def offer_key(connection: Connection, hashed: str, sealed: str) -> None:
    """Keep the key that the page shows until a code proves that an app has it."""
    connection.execute(update(logins).where(logins.c.id == hashed).values(offered_key=sealed))


def end(connection: Connection, hashed: str) -> bool:
    """End one session; False when it had ended before."""
    return connection.execute(delete(logins).where(logins.c.id == hashed)).rowcount == 1


def end_all(connection: Connection, account_id: int, but: str = "") -> None:
    """End every session of an account, save perhaps one."""
    connection.execute(delete(logins).where(logins.c.account_id == account_id, logins.c.id != but))


def count_attempt(
    connection: Connection, subjects: Mapping[str, int], now: datetime, window: timedelta
) -> list[int]:
    """Put an attempt on record before it is looked at; give the rows' ids.

    It is committed before anybody counts: then of a hundred at the same moment each sees the
    others, and together they are no way around the limit.
    """
    rows = [{"subject": subject, "at": now, "expires_at": now + window} for subject in sorted(subjects)]
    made = connection.execute(insert(sign_in_attempts).returning(sign_in_attempts.c.id), rows)
    return [int(number) for number in made.scalars()]


def wait(connection: Connection, subjects: Mapping[str, int], now: datetime) -> timedelta | None:
    """Say how long to wait, by the subject that has passed its limit; None when none has.

    `subjects` gives for each the number of attempts that its window may hold.
    """
    attempt = sign_in_attempts.c
    longest: timedelta | None = None
    for subject, most in subjects.items():
        live = (attempt.subject == subject) & (attempt.expires_at > now)
        count = connection.execute(select(func.count()).where(live)).scalar_one()
        if count <= most:
            continue
        # The present attempt is in the count: it would be the last allowed once this one has gone.
        newest = select(attempt.expires_at).where(live).order_by(attempt.at.desc(), attempt.id.desc())
        free_at = connection.execute(newest.offset(most).limit(1)).scalar_one()
        longest = max(longest or timedelta(), free_at - now)
    return longest


def forget_attempts(connection: Connection, numbers: list[int]) -> None:
    """Take attempts back: they were right, or were refused unseen."""
    connection.execute(delete(sign_in_attempts).where(sign_in_attempts.c.id.in_(numbers)))
