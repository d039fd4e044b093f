"""`signpost check`: prove that the data files are fit to use."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from bot.check import check as check_catalogue
from bot.check import render
from bot.check.emergencies import of_understanding
from bot.cli.common import catalogue, settings


@click.command()
@click.option("--production", is_flag=True, help="As strict as a production start.")
def check(*, production: bool) -> None:
    """Prove that every choice leads to a service or a goodbye, in every language and channel.

    Reads flows/ and config/, tries every emergency rule on its examples, and ends with code 1 when
    something must be mended. Warnings do not stop the line, but each names what to do about it.
    """
    understood = tuple(of_understanding(settings().flows_dir))
    report = check_catalogue(catalogue(), datetime.now(UTC).date(), production=production, more=understood)
    click.echo(render(report))
    sys.exit(1 if report.faults else 0)
