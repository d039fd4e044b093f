"""Who looked at what: the portal's own log, inside a transaction that somebody else begins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from bot.store.account_tables import accesses, accounts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

KEPT_DAYS = 396  # thirteen months, as routings are


@dataclass(frozen=True)
class Access:
    """One line of the log. `email` is "" where no account is known, or none that still exists."""

    id: int
    at: datetime
    account_id: int | None
    email: str
    role: str
    what: str
    facts: Mapping[str, str | int | bool | None]


@dataclass(frozen=True)
class Wanted:
    """Which lines: each filter may be left out. `since` is in, `until` and `before_id` are out."""

    account_id: int | None = None
    role: str = ""
    whats: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


def add(  # noqa: PLR0913 - a row's values, most of them named
    connection: Connection,
    what: str,
    *,
    at: datetime,
    account_id: int | None = None,
    role: str = "",
    facts: Mapping[str, str | int | bool | None] | None = None,
) -> None:
    """Add a line."""
    told = json.dumps(facts or {}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    values = {"at": at, "account_id": account_id, "role": role, "what": what, "facts": told}
    connection.execute(insert(accesses).inline().values(values))


def newest(connection: Connection, wanted: Wanted, limit: int) -> Sequence[Access]:
    """Give the newest lines that pass every filter; the next page is `before_id` of the last."""
    line = accesses.c
    equal = {line.account_id: wanted.account_id, line.role: wanted.role or None}
    filters = [column == value for column, value in equal.items() if value is not None]
    if wanted.whats:
        filters.append(line.what.in_(wanted.whats))
    if wanted.since is not None:
        filters.append(line.at >= wanted.since)
    if wanted.until is not None:
        filters.append(line.at < wanted.until)
    if wanted.before_id is not None:
        filters.append(line.id < wanted.before_id)
    with_account = accesses.outerjoin(accounts, accounts.c.id == line.account_id)
    rows = connection.execute(
        select(line.id, line.at, line.account_id, accounts.c.email, line.role, line.what, line.facts)
        .select_from(with_account)
        .where(*filters)
        .order_by(line.id.desc())
        .limit(limit)
    )
    return [_read(row) for row in rows.mappings()]


def purge(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` of the lines from before a moment; give how many went."""
    some = select(accesses.c.id).where(accesses.c.at < before).limit(limit)
    ids = connection.execute(some).scalars().all()
    if ids:
        connection.execute(delete(accesses).where(accesses.c.id.in_(ids)))
    return len(ids)


def _read(row: RowMapping) -> Access:
    return Access(**{**row, "email": row["email"] or "", "facts": json.loads(row["facts"])})
