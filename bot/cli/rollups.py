"""`signpost rollups`: the counts that the portal's figures come from."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from bot.cli.common import settings
from bot.errors import StoreError
from bot.store import open_store, rollups
from bot.store.patience import COMMAND_SECONDS, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.store import Store

SHOWN = 5
HOURS_AT_ONCE = 24


@click.group("rollups")
def rollups_group() -> None:
    """Check or count anew what the portal's figures come from."""


@rollups_group.command()
def check() -> None:
    """Count the routings, and compare: code 1 when an hour or day has another count."""
    with _whole_record() as store, store.reading("the counts can't be checked") as connection:
        wrong = rollups.check(connection)
    if wrong:
        named = ", ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in wrong[:SHOWN])
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise StoreError(f"the counts of {named}{more} are wrong; run `signpost rollups rebuild`")
    click.echo("Every count is what the routings say.")


@rollups_group.command()
def rebuild() -> None:
    """Count every hour anew whose routings are kept; counts of purged hours stay."""
    with _whole_record() as store:
        with store.reading("the hours can't be listed") as connection:
            hours = rollups.kept_hours(connection)
        for start in range(0, len(hours), HOURS_AT_ONCE):  # in steps, so that turns get in between
            with store.writing("the counts can't be made anew") as connection:
                rollups.refresh(connection, hours[start : start + HOURS_AT_ONCE])
    click.echo(f"{len(hours)} hours counted.")


@contextmanager
def _whole_record() -> Iterator[Store]:
    """Open the store, for statements that take as long as they take."""
    with closing(open_store(settings().database_url, pool_size=1)) as store, within(COMMAND_SECONDS):
        yield store
