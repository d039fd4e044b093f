"""Routings as the integrator leaves them, made up, many or few."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from bot.store import rollups
from bot.store.tables import routings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.store import Store

HOUR = datetime(2026, 11, 24, 9, tzinfo=UTC)
VALUES = {
    "channel": ("sms", "sms", "voice", "voice", "whatsapp"),
    "language": ("en", "en", "en", "en", "pl", "lt"),
    "chosen_by": ("key", "key", "word", "en.drugs"),
    "outcome": ("offered", "offered", "connected", "busy", "abandoned"),
}


def made_up(
    count: int, *, partner: str = "crimestoppers", service: str = "crimestoppers", seed: int = 1
) -> list[dict[str, Any]]:
    """Make rows, one or more an hour, oldest first; each has its place in the ledger."""
    chance = Random(seed)  # noqa: S311 - a test's data, the same each time
    found = []
    for number in range(count):
        hour = HOUR - timedelta(hours=(count - number) // 3)
        chosen = {name: chance.choice(options) for name, options in VALUES.items()}
        found.append(
            {
                "id": f"{partner[:4]}-{seed}-{number}",
                "hour": hour,
                "flow_revision": "f1",
                "directory_revision": "d1",
                "code_version": "c1",
                "service": service,
                "partner": partner,
                "salt": f"{chance.getrandbits(256):064x}",
                "late": False,
                "leaf_index": seed * 1_000_000 + number,
                "partner_seq": number + 1,
                **chosen,
            }
        )
    return found


def keep_rows(store: Store, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows and count them, as the integrator does."""
    kept = list(rows)
    with store.writing("a test's rows") as connection:
        connection.execute(insert(routings), kept)
        rollups.refresh(connection, {row["hour"] for row in kept})


def wait_in(store: Store, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows that the log is to take."""
    waiting = [row | {"leaf_index": None, "partner_seq": None} for row in rows]
    with store.writing("a test's rows") as connection:
        connection.execute(insert(routings), waiting)


def placed(store: Store, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give rows with the places that the log gave them."""
    column = routings.c
    with store.reading("a test's rows") as connection:
        found = connection.execute(select(column.id, column.leaf_index, column.partner_seq))
        places = {row.id: {"leaf_index": row.leaf_index, "partner_seq": row.partner_seq} for row in found}
    return [row | places[row["id"]] for row in rows]
