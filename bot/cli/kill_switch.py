"""`signpost kill-switch`: stop the line for a while, without silence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.cli.common import catalogue, settings
from bot.core.switch import Switch

if TYPE_CHECKING:
    from bot.store import Store


@click.group("kill-switch")
def kill_switch() -> None:
    """Stop the line for planned work: everybody is told 999, your message, and every number."""


@kill_switch.command()
@click.option("--message", default="", metavar="TEXT", help="Why, and until when; one line of plain letters.")
def on(message: str) -> None:
    """Stop the line; every process knows within seconds.

    Emergencies are answered as always, and so are opt-outs; calls that are being put through go on.
    """
    from bot.web.stopping import KEPT, refuse_unfit  # noqa: PLC0415 - `--help` can do without

    now = datetime.now(UTC)
    parts = refuse_unfit(message.strip(), catalogue(), now)
    _keep(Switch(on=True, message=message.strip(), changed_at=now))
    for line, count in parts.items():
        click.echo(f"{line}: one text takes {count} part{'' if count == 1 else 's'}.")
    click.echo(f"Stopped. Everybody knows within {KEPT.seconds} seconds; signpost kill-switch off ends it.")


@kill_switch.command()
def off() -> None:
    """Let the line work again."""
    _keep(Switch(on=False, message="", changed_at=datetime.now(UTC)))
    click.echo("The line works again.")


@kill_switch.command()
def show() -> None:
    """Say whether the line is stopped."""
    from bot.web.stopping import read_switch  # noqa: PLC0415 - as above

    switch = read_switch(_store())
    since = f" since {switch.changed_at:%d %B %Y, %H:%M} UTC" if switch.changed_at else ""
    click.echo(f"{'Stopped' if switch.on else 'Not stopped'}{since}. {switch.message}".rstrip())


def _keep(switch: Switch) -> None:
    from bot.store import switches  # noqa: PLC0415 - as above

    with _store().writing("the switch stays as it was") as connection:
        switches.keep(connection, switch)


def _store() -> Store:
    from bot.store import open_store  # noqa: PLC0415 - as above

    return open_store(settings().database_url, pool_size=1)
