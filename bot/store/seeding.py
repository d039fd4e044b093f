"""Puts made-up records into a database, thousands at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, insert, select

from bot.store import tables
from bot.store.rows import write_routing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from bot.core.session import Outcome, Routing

_KEEP_ROUTINGS = insert(tables.routings).inline()
_KEEP_OUTCOMES = insert(tables.outcomes).inline()


def keep_rows(
    connection: Connection, rows: Iterable[tuple[Routing, str, Iterable[tuple[Outcome, str]]]]
) -> None:
    """Keep routings, each with its salt and with what happened next and the salts of that."""
    routings: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    for routing, salt, went_on in rows:
        routings.append({**write_routing(routing), "salt": salt})
        own = {"routing_id": routing.id, "hour": routing.hour, "partner": routing.partner, "late": False}
        outcomes += [{**own, "outcome": outcome, "salt": one} for outcome, one in went_on]
    if routings:
        connection.execute(_KEEP_ROUTINGS, routings)
    if outcomes:
        connection.execute(_KEEP_OUTCOMES, outcomes)


def has_others(connection: Connection, code_version: str) -> bool:
    """Say whether there are routings that another version of the program wrote."""
    others = exists().where(tables.routings.c.code_version != code_version)
    return bool(connection.execute(select(others)).scalar_one())
