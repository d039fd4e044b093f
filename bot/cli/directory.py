"""`signpost directory`: what is known of each listing, who confirmed it, and what took its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

from bot.catalogue import edit
from bot.cli.common import catalogue, settings
from bot.core.directory import Service

FREE = ("0800", "0808", "116")
SAME_AS_AT_HOME = ("01", "02", "03")


@click.group()
def directory() -> None:
    """Keep the listings true: who is in the directory, and who rang them last."""


@directory.command("list")
def list_listings() -> None:
    """List every service with its number, its state and its last assurance."""
    for service in catalogue().directory.services.values():
        number = next((phone.display for phone in service.phones if phone.type == "voice"), "no number")
        click.echo(f"{service.id:15} {number:15} {service.name}")
        click.echo(f"{'':15} {service.status}; {_assurance(service)}")
        if service.successor:
            click.echo(f"{'':15} said to be succeeded by {service.successor}")


@directory.command()
@click.argument("service")
@click.option("--by", required=True, help="Who rang them and confirmed the listing.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day, as 2026-11-24. [today]")
def assure(service: str, by: str, day: datetime | None) -> None:
    """Record that you rang SERVICE and that its listing is right.

    Ask whether the number, the hours, the ages and what is said of the service are right, and
    correct config/services.toml first. Never ring 999 to ask.
    """
    today = datetime.now(UTC).date()
    on = day.date() if day else today
    if on > today:
        raise click.BadParameter(f"{on} is still to come")
    if not by.strip():
        raise click.BadParameter("an assurance has a name", param_hint="--by")
    chosen = settings()
    edit.assure(chosen.flows_dir, chosen.config_dir, service, by.strip(), on)
    click.echo(f"{service}: assured on {on} by {by.strip()}. Start Signpost again for it to count.")


@directory.command()
@click.argument("service")
@click.option("--name", required=True, help="What the new service is called.")
@click.option("--number", required=True, help='Its telephone number, as people read it: "01603 514096".')
@click.option("--id", "new_id", help="A short name for the data files. [made from the name]")
@click.option("--cost", help="What a call costs, in one sentence. [from the number]")
def replace(service: str, name: str, number: str, new_id: str | None, cost: str | None) -> None:
    """Send people to another service instead of SERVICE from now on.

    The old listing stays in the directory as defunct. The new one has to be assured before a
    production start. The lines of the script that still say the old name are listed.
    """
    chosen = settings()
    old = catalogue().directory.services.get(service)
    new_id = new_id or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    successor = edit.Successor(new_id, name, number, cost or _cost(number))
    edit.replace(chosen.flows_dir, chosen.config_dir, service, successor)
    click.echo(f"{service} is defunct; people are sent to {name}, {number} ({new_id}) from the next start.")
    click.echo(f'Ring them, then: signpost directory assure {new_id} --by "your name"')
    names = tuple(filter(None, (old.name if old else "", service.upper())))
    for place in edit.mentions(chosen.flows_dir, names):
        click.echo(f"Still says {' or '.join(names)}: {place}")


def _assurance(service: Service) -> str:
    if service.assured_on is None:
        return "nobody has assured it"
    days = (datetime.now(UTC).date() - service.assured_on).days
    return f"assured by {service.assured_by} on {service.assured_on}, {_ago(days)}"


def _ago(days: int) -> str:
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")


def _cost(number: str) -> str:
    digits = "".join(number.split())
    if digits.startswith(FREE):
        return "It is free."
    if digits.startswith(SAME_AS_AT_HOME):
        return "It costs the same as an 01 or 02 call."
    raise click.UsageError(f"what a call to {number} costs is not known here; say it with --cost")
