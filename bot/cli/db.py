"""`signpost db`: prepare the database."""

from __future__ import annotations

import click

from bot.cli.common import settings
from bot.store import upgrade


@click.group()
def db() -> None:
    """Prepare the database that DATABASE_URL names."""


@db.command("upgrade")
def upgrade_command() -> None:
    """Make the tables, or bring them up to date. Safe to run again; keeps every record."""
    upgrade(settings().database_url)
    click.echo("The database is up to date.")
