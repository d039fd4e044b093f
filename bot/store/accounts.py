"""Accounts, their invitations and their recovery codes, inside a transaction that somebody else begins.

Secrets arrive as hashes or sealed: what is stored lets nobody in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from bot.core.account import Account
from bot.store.account_tables import accounts, logins, recovery_codes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

_ACCOUNT = (
    accounts.c.id,
    accounts.c.email,
    accounts.c.name,
    accounts.c.role,
    accounts.c.partner,
    accounts.c.enabled,
    accounts.c.password,
    accounts.c.code_key,
)


def add(connection: Connection, account: Account, now: datetime) -> int:
    """Keep a new account, whatever its id says, and give the id it got.

    The e-mail address is in use at most once: ask `by_email` first, in the same transaction.
    """
    values = {column.name: getattr(account, column.name) for column in _ACCOUNT if column.name != "id"}
    made = insert(accounts).values(**values, code_step=0, created_at=now).returning(accounts.c.id)
    return int(connection.execute(made).scalar_one())


def by_email(connection: Connection, email: str) -> Account | None:
    """Find an account by its address, as `bot.web.portal.forms` writes it: in small letters."""
    return _one(connection, accounts.c.email == email)


def by_id(connection: Connection, account_id: int) -> Account | None:
    """Find an account by its number."""
    return _one(connection, accounts.c.id == account_id)


def by_invitation(connection: Connection, hashed: str, now: datetime) -> Account | None:
    """Find the account whose set-up link this is, while the link holds and the account is enabled."""
    holds = (accounts.c.invitation == hashed) & (accounts.c.invited_until > now) & accounts.c.enabled
    return _one(connection, holds)


def everybody(connection: Connection) -> list[Account]:
    """Give every account, by address."""
    rows = connection.execute(select(*_ACCOUNT).order_by(accounts.c.email)).mappings()
    return [_read(row) for row in rows]


def invite(connection: Connection, account_id: int, hashed: str, until: datetime) -> None:
    """Let a set-up link count until then; an earlier link of this account no longer does."""
    _change(connection, account_id, invitation=hashed, invited_until=until)


def forget_secrets(connection: Connection, account_id: int) -> None:
    """Take password, code app and recovery codes away, for whoever is to set them anew."""
    _change(connection, account_id, password="", code_key="", code_step=0)  # none  # nosec B106
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))


def set_password(connection: Connection, account_id: int, hashed: str) -> None:
    """Keep a new password's hash; an invitation is used up by it."""
    _change(connection, account_id, password=hashed, invitation=None, invited_until=None)


def set_enabled(connection: Connection, account_id: int, enabled: bool) -> None:
    """Let an account in, or keep it out and end its sessions and its invitation."""
    _change(connection, account_id, enabled=enabled)
    if not enabled:
        _change(connection, account_id, invitation=None, invited_until=None)
        connection.execute(delete(logins).where(logins.c.account_id == account_id))


def set_code_key(connection: Connection, account_id: int, sealed: str, step: int) -> None:
    """Keep the key of a new code app, and the time step of the code that proved it."""
    _change(connection, account_id, code_key=sealed, code_step=step)


def use_step(connection: Connection, account_id: int, step: int) -> bool:
    """Use up a code by its time step; False when this or a later one was used before.

    One statement decides, so of two that present the same code at the same time one gets in.
    """
    unused = (accounts.c.id == account_id) & (accounts.c.code_step < step)
    return connection.execute(update(accounts).where(unused).values(code_step=step)).rowcount == 1


def set_recovery_codes(connection: Connection, account_id: int, hashes: Iterable[str]) -> None:
    """Keep new recovery codes; those of before count no longer."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account_id == account_id))
    rows = [{"account_id": account_id, "code": hashed, "used": False} for hashed in hashes]
    connection.execute(insert(recovery_codes), rows)


def use_recovery_code(connection: Connection, account_id: int, hashed: str) -> bool:
    """Use up a recovery code; False when it is none, or was used before."""
    code = recovery_codes.c
    unused = (code.account_id == account_id) & (code.code == hashed) & code.used.is_(False)
    return connection.execute(update(recovery_codes).where(unused).values(used=True)).rowcount == 1


def recovery_codes_left(connection: Connection, account_id: int) -> int:
    """Count the recovery codes that can still be used."""
    code = recovery_codes.c
    left = (code.account_id == account_id) & code.used.is_(False)
    return int(connection.execute(select(func.count()).where(left)).scalar_one())


def _change(connection: Connection, account_id: int, **values: Any) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(**values))


def _one(connection: Connection, wanted: ColumnElement[bool]) -> Account | None:
    row = connection.execute(select(*_ACCOUNT).where(wanted)).mappings().one_or_none()
    return _read(row) if row else None


def _read(row: RowMapping) -> Account:
    return Account(**row)
