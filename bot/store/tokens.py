"""API tokens of partners, inside a transaction that somebody else begins. Only their hashes are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from bot.core.account import ApiToken
from bot.store.account_tables import api_tokens

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection, RowMapping

_TOKEN = (
    api_tokens.c.id,
    api_tokens.c.partner,
    api_tokens.c.name,
    api_tokens.c.hint,
    api_tokens.c.created_on,
    api_tokens.c.last_used_on,
    api_tokens.c.revoked,
)


def add(connection: Connection, token: ApiToken, hashed: str) -> int:
    """Keep a new token, whatever its id says, and give the id it got."""
    values = {column.name: getattr(token, column.name) for column in _TOKEN if column.name != "id"}
    made = insert(api_tokens).values(**values, token=hashed).returning(api_tokens.c.id)
    return int(connection.execute(made).scalar_one())


def find(connection: Connection, hashed: str) -> ApiToken | None:
    """Find a token that has not been revoked."""
    live = (api_tokens.c.token == hashed) & api_tokens.c.revoked.is_(False)
    row = connection.execute(select(*_TOKEN).where(live)).mappings().one_or_none()
    return _read(row) if row else None


def used(connection: Connection, token_id: int, today: date) -> None:
    """Note the day on which a token was last used."""
    change = update(api_tokens).where(api_tokens.c.id == token_id).values(last_used_on=today.isoformat())
    connection.execute(change)


def revoke(connection: Connection, token_id: int, partner: str | None = None) -> bool:
    """End a token, where `partner` is given only if it is theirs; False when there is none to end."""
    wanted = (api_tokens.c.id == token_id) & api_tokens.c.revoked.is_(False)
    if partner is not None:
        wanted &= api_tokens.c.partner == partner
    return connection.execute(update(api_tokens).where(wanted).values(revoked=True)).rowcount == 1


def of_partner(connection: Connection, partner: str | None = None) -> list[ApiToken]:
    """Give the tokens of one partner, or of all, newest first."""
    wanted = [] if partner is None else [api_tokens.c.partner == partner]
    newest_first = select(*_TOKEN).where(*wanted).order_by(api_tokens.c.id.desc())
    rows = connection.execute(newest_first).mappings()
    return [_read(row) for row in rows]


def _read(row: RowMapping) -> ApiToken:
    return ApiToken(**row)
