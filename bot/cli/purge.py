"""`signpost purge`: delete what has expired, as the worker does by itself."""

from __future__ import annotations

import click

from bot.cli.common import settings


@click.command()
def purge() -> None:
    """Delete sessions that have expired, and records older than RETENTION_MONTHS.

    The audited log keeps its leaves, gets one more that says how many records went, and still
    verifies. The worker does all this by itself, every day.
    """
    from bot import custody  # noqa: PLC0415 - `--help` can do without
    from bot.catalogue import load  # noqa: PLC0415 - as above
    from bot.cli.worker import integrator, present  # noqa: PLC0415 - as above
    from bot.core.retention import kept_since  # noqa: PLC0415 - as above
    from bot.errors import LedgerError  # noqa: PLC0415 - as above
    from bot.ledger.signing import refuse_another_tree  # noqa: PLC0415 - as above
    from bot.store import open_store  # noqa: PLC0415 - as above

    chosen, now = settings(), present()
    store = open_store(chosen.database_url, pool_size=1)
    click.echo(f"{store.purge(now)} sessions and answers have expired and are deleted.")
    before, total = kept_since(now, chosen.retention_months), 0
    grows = integrator(load(chosen.flows_dir, chosen.config_dir), store)
    with store.ledger().holding() as alone:
        if not alone:
            raise LedgerError("a worker is at it just now and deletes old records by itself; try again")
        refuse_another_tree(store.ledger(), chosen.ledger_origin, custody.guard(chosen))
        while count := grows.purge(now, before):
            total += count
    click.echo(f"{total} records from before {before:%Y-%m-%d} are deleted; the log says so.")
