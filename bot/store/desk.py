"""Runs statements on the driver's own cursor.

SQLAlchemy takes longer to say what a turn wants than SQLite takes to do it, and somebody waits for a turn.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, cast

from bot.store.statements import TOGETHER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

Row = dict[str, Any]
Write = tuple[str, Row]


class Cursor(Protocol):
    """The part of a driver's cursor that a turn needs."""

    def execute(self, sql: Any, values: Any, /) -> Any:
        """Run a statement."""

    def executemany(self, sql: Any, values: Any, /) -> Any:
        """Run a statement for each of many rows."""

    def fetchone(self) -> Any:
        """Give the next row of the result, or None."""

    def fetchall(self) -> Any:
        """Give all rows of the result."""


@dataclass(frozen=True)
class Desk:
    """A cursor of the driver, and the dialect it speaks."""

    cursor: Cursor = field(repr=False)
    is_sqlite: bool

    def run(self, sql: str, row: Row) -> Any:
        """Run a statement with what is in the row; moments in it are aware."""
        if self.is_sqlite:
            return self.cursor.execute(sql, row)
        return self.cursor.execute(_for_postgresql(sql), row)

    def run_all(self, writes: Iterable[Write]) -> None:
        """Run all of these statements, those that are alike together: no order is kept between others."""
        alike: dict[str, list[Row]] = {}
        for sql, row in writes:
            alike.setdefault(sql, []).append(row)
        for sql, rows in alike.items():
            if self.is_sqlite:
                self.cursor.executemany(sql, rows)
            elif sql in TOGETHER:
                self.run(TOGETHER[sql], {"rows": json.dumps(rows, default=str)})
            else:
                for row in rows:
                    self.run(sql, row)

    def moment(self, kept: Any) -> datetime:
        """Give a moment that was read, aware, in UTC."""
        if self.is_sqlite:
            return datetime.fromisoformat(kept).replace(tzinfo=UTC)
        return cast("datetime", kept).astimezone(UTC)


def moment_for_sqlite(moment: datetime) -> str:
    """Write an aware moment as `tables.UtcDateTime` keeps it: what SQLite's driver does with one."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


_translated: dict[str, str] = {}


def _for_postgresql(sql: str) -> str:
    known = _translated.get(sql)
    if known is None:
        known = _translated[sql] = re.sub(r":(\w+)", r"%(\1)s", sql)
    return known


def desk_on(connection: Connection) -> Desk:
    """Work within a transaction of SQLAlchemy's."""
    return Desk(connection.connection.cursor(), is_sqlite=connection.dialect.name == "sqlite")
