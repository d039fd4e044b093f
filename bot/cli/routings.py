"""`signpost routings`: where people were sent."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import cast

import click

from bot.cli.common import settings
from bot.core.session import OUTCOMES, Channel, Outcome, Routing
from bot.store import open_store
from bot.store.patience import COMMAND_SECONDS, within

COLUMNS = tuple(field.name for field in fields(Routing))
SHOWN = ("hour", "service", "channel", "language", "chosen_by", "outcome", "id")
DEFAULT_LIMIT = 50
WHEN = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])


@click.command()
@click.option("--service", help="Only this service, by its id in config/services.toml.")
@click.option("--channel", type=click.Choice(["sms", "whatsapp", "rcs", "voice"]), help="Only this channel.")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only this outcome.")
@click.option("--since", type=WHEN, help="From this day or hour on (UTC).")
@click.option("--until", type=WHEN, help="Before this day or hour (UTC).")
@click.option(
    "--limit", type=click.IntRange(1), help=f"At most so many. [{DEFAULT_LIMIT}, or all as csv or jsonl]"
)
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "jsonl"]), default="table", show_default=True
)
def routings(
    form: str, limit: int | None, since: datetime | None, until: datetime | None, **only: str
) -> None:
    """List where people were sent, newest first. A record never says who."""
    store = open_store(settings().database_url)
    found = store.routings(
        service=only["service"],
        channel=cast("Channel | None", only["channel"]),
        outcome=cast("Outcome | None", only["outcome"]),
        since=since and since.replace(tzinfo=UTC),
        until=until and until.replace(tzinfo=UTC),
        limit=limit or (DEFAULT_LIMIT if form == "table" else None),
    )
    with closing(store), within(COMMAND_SECONDS):
        {"table": _table, "csv": _csv, "jsonl": _jsonl}[form](found)


def _csv(found: Iterator[Routing]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    for routing in found:
        writer.writerow(_cells(routing, COLUMNS))


def _jsonl(found: Iterator[Routing]) -> None:
    for routing in found:
        click.echo(json.dumps(asdict(routing) | {"hour": routing.hour.isoformat()}))


def _table(found: Iterator[Routing]) -> None:
    rows = [SHOWN, *(_cells(routing, SHOWN) for routing in found)]
    if len(rows) == 1:
        click.echo("Nobody has been sent anywhere yet.")
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(SHOWN))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cells(routing: Routing, columns: tuple[str, ...]) -> tuple[str, ...]:
    values = asdict(routing) | {"hour": routing.hour.isoformat(timespec="minutes")}
    return tuple(str(values[column]) for column in columns)
