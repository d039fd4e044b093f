"""`signpost outbox`: what became of the texts that callers asked for."""

from __future__ import annotations

import click

from bot.cli.common import settings


@click.command()
def outbox() -> None:
    """Count the texts of the last day by what became of them, and say why those did not go that did not.

    A number beside a reason is Twilio's code: twilio.com/docs/api/errors. No telephone number is shown,
    and none is kept once a text has been handed over or given up.
    """
    from bot.cli.worker import present  # noqa: PLC0415 - `--help` can do without
    from bot.store import open_store  # noqa: PLC0415 - as above

    standing = open_store(settings().database_url, pool_size=1).outbox().standing()
    if not standing.counts:
        click.echo("Nobody has asked for a text within a day.")
        return
    for (status, reason), count in sorted(standing.counts.items()):
        click.echo(f"{count:6}  {status:12}{reason}".rstrip())
    if standing.oldest is not None:
        minutes = (present() - standing.oldest).total_seconds() / 60
        click.echo(f"The oldest that waits was asked for {minutes:.0f} minutes ago.")
