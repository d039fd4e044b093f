"""`signpost fallback`: what is answered while the app itself is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from bot.carrier import TwimlError, read_twiml
from bot.cli.common import catalogue
from bot.errors import CatalogueError
from bot.web.safe import TIMES, safe_answer


@click.group()
def fallback() -> None:
    """Prepare what people are answered when this program can't be reached."""


@fallback.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Write one file of TwiML for each line, language and channel into FOLDER.

    Each says that something is wrong, and every number. Paste a file into a TwiML Bin in Twilio's
    console, or put it on any web server that is not this one, and enter its address as the
    number's fallback URL. Write them again after every change of a number or the words.
    """
    known = catalogue()
    folder.mkdir(parents=True, exist_ok=True)
    for line in known.lines.values():
        for language in line.languages:
            for medium in TIMES:
                document = safe_answer(known, line, language, medium, datetime.now(UTC))
                path = folder / f"{line.id}.{language}.{medium}.xml"
                try:
                    read_twiml(document.encode(), "text/xml", "voice" if medium == "voice" else "messaging")
                except TwimlError as error:
                    raise CatalogueError(f"{path.name} would be refused by Twilio: {error}") from error
                path.write_text(document, "utf-8")
                click.echo(f"Written: {path}")
