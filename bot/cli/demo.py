"""`signpost demo`: made-up records."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from bot.cli.common import settings
from bot.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from bot.catalogue import Catalogue
    from bot.demo import Place
    from bot.settings import Settings
    from bot.store import Store

ROWS_AT_ONCE = 10_000
LEAVES_TOLD = 250_000


@click.group()
def demo() -> None:
    """Fill a database with made-up records, to try the portal and to measure."""


@demo.command()
@click.option("--routings", type=click.IntRange(1), default=10_000, show_default=True, help="How many.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same records.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Of the year before this day. [today]")
@click.option("--beside-real", is_flag=True, help="Even if the database holds records of real people.")
def seed(routings: int, seed: int, until: datetime | None, beside_real: bool) -> None:
    """Make up a year of records, put them into the database and into its audited log.

    Refused in production, and where there are real records. The log takes them as if its worker had
    run all year; stop a running worker first, or it takes some of them as late.
    """
    from bot.catalogue import load  # noqa: PLC0415 - `--help` can do without
    from bot.memory import settle  # noqa: PLC0415 - as above
    from bot.store import open_store, upgrade  # noqa: PLC0415 - as above
    from bot.store.patience import COMMAND_SECONDS, within  # noqa: PLC0415 - as above

    chosen = settings()
    if chosen.production:
        raise SettingsError(
            "made-up records would be mixed with real ones for ever; ENVIRONMENT is production"
        )
    upgrade(chosen.database_url)
    end = (until or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    catalogue = load(chosen.flows_dir, chosen.config_dir)
    with closing(open_store(chosen.database_url, pool_size=1)) as store, within(COMMAND_SECONDS):
        if store.has_real_routings() and not beside_real:
            raise StoreError(
                "the database holds records that were not made up; name another in DATABASE_URL, "
                "or say --beside-real"
            )
        settle()
        _insert(store, catalogue, routings, seed, end)
        _integrate(chosen, catalogue, store)


def _insert(store: Store, catalogue: Catalogue, count: int, seed: int, end: datetime) -> None:
    from bot.demo import made_up  # noqa: PLC0415 - as above

    began = _now()
    rows = made_up(count, seed, end, _places(catalogue), catalogue.first_line.languages)
    while some := [(one.routing, one.salt, one.went_on) for one in islice(rows, ROWS_AT_ONCE)]:
        store.keep_made_up(some)
    _say(f"{count} routings made up", count, began)


def _integrate(chosen: Settings, catalogue: Catalogue, store: Store) -> None:
    """Grow the log as its worker does, and say how fast each part of it went: that must stay the same."""
    from bot import custody  # noqa: PLC0415 - as above
    from bot.cli.worker import integrator, present  # noqa: PLC0415 - as above

    signing, grows = custody.signing(chosen, store.ledger()), integrator(catalogue, store, paced=True)
    leaves, told, now = 0, 0, present()
    began = told_at = _now()
    with store.ledger().holding() as alone:
        if not alone:
            raise StoreError("a worker is running and takes the records itself, as late ones")
        signing.refuse_another_tree()
        added = grows.batch_leaves
        while added >= grows.batch_leaves:
            added = grows.grow(now)
            leaves += added
            signing.sign(now)
            if leaves - told >= LEAVES_TOLD:
                _say(f"  the {leaves - told} leaves up to {leaves}", leaves - told, told_at)
                told, told_at = leaves, _now()
    _say(f"{leaves} leaves in the log", leaves, began)


def _places(catalogue: Catalogue) -> list[Place]:
    from bot.demo import Place  # noqa: PLC0415 - as above

    services = catalogue.directory.services.values()
    return [
        Place(one.id, catalogue.partner_of(one.id), one.transfer == "offer")
        for one in services
        if one.status == "active"
    ]


def _now() -> tuple[float, float]:
    """The seconds of the clock, and those that this process has computed."""
    return time.monotonic(), time.process_time()


def _say(what: str, count: int, began: tuple[float, float]) -> None:
    seconds, busy = (max(now - then, 0.001) for now, then in zip(_now(), began, strict=True))
    speed = f"{count / seconds:,.0f} a second, {count / busy:,.0f} a second of the processor"
    click.echo(f"{what} in {seconds:.1f} s ({speed})")
