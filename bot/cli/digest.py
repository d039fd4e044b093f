"""`signpost digest`: what partners are sent each day."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from bot.cli.common import settings
from bot.errors import CatalogueError

if TYPE_CHECKING:
    from bot.digests import Digests
    from bot.settings import Settings

MOST_SHOWN = 30


@click.command()
@click.option("--preview", metavar="PARTNER", help="Print what this partner would be sent; send nothing.")
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="With --preview: another day (UTC) than yesterday."
)
def digest(preview: str | None, day: datetime | None) -> None:
    """Show how the newest digests stand, or what one says. `signpost worker` sends them."""
    sends = build(settings())
    if preview is None:
        _show(sends)
        return
    partner = next((one for one in sends.partners if one.id == preview), None)
    if partner is None:
        known = ", ".join(one.id for one in sends.partners)
        raise CatalogueError(f"there is no partner {preview!r}; cure: one of {known}")
    from bot.core.digest import as_json, as_text, subject  # noqa: PLC0415 - `--help` can do without

    now = datetime.now(UTC)
    made = sends.compose(partner, day.date() if day else now.date() - timedelta(days=1))
    if partner.digest is None:
        click.echo("This partner is sent no digest; config/partners.toml would say where to.\n", err=True)
    if partner.digest is not None and partner.digest.way == "webhook":
        click.echo(json.dumps(json.loads(as_json(made, now)), indent=2, ensure_ascii=False))
    else:
        click.echo(f"Subject: {subject(made)}\n\n{as_text(made)}", nl=False)


def build(chosen: Settings) -> Digests:
    """Put together who is sent digests.

    Raises:
        SignpostError: the data files or SMTP_URL are not fit to be used.
    """
    from bot.catalogue import load  # noqa: PLC0415 - as above
    from bot.delivery.mail import read_mail_server  # noqa: PLC0415 - as above
    from bot.delivery.webhook import Webhooks  # noqa: PLC0415 - as above
    from bot.digests import Digests, Ways  # noqa: PLC0415 - as above
    from bot.store import open_store  # noqa: PLC0415 - as above

    catalogue = load(chosen.flows_dir, chosen.config_dir)
    return Digests(
        store=open_store(chosen.database_url, pool_size=1),
        partners=tuple(catalogue.partners.values()),
        directory=catalogue.directory,
        hour=chosen.digest_hour,
        ways=Ways(
            secrets=os.environ,
            webhooks=Webhooks(local=not chosen.production),
            mail=read_mail_server(chosen.smtp_url) if chosen.smtp_url else None,
            sender=chosen.digest_from,
        ),
        clock=lambda: datetime.now(UTC),
    )


def _show(sends: Digests) -> None:
    from bot.store import digests  # noqa: PLC0415 - as above

    for one in sends.partners:
        way = one.digest.way if one.digest else "none"
        click.echo(f"{one.id}: {way}")
    with sends.store.reading("the digests can't be shown") as connection:
        rows = digests.newest(connection, MOST_SHOWN)
    for row in rows:
        tries = "1 try" if row.tries == 1 else f"{row.tries} tries"
        why = f" ({row.reason})" if row.reason else ""
        click.echo(f"{row.day}  {row.partner}: {row.state}, {tries}{why}")
