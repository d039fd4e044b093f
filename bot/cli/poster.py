"""`signpost poster`: something to put on a wall."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.common import catalogue
from bot.poster import draw_poster, spaced


@click.command()
@click.option("--line", "line_id", help="Which line, by its id. [the first]")
@click.option("--language", help="In which language. [the line's first]")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
def poster(line_id: str | None, language: str | None, output: Path | None) -> None:
    """Draw an A4 poster as SVG, with the word to text, the number to ring and a QR code.

    Open the file in a browser to print it or to keep it as a PDF. Scan the code yourself before you
    print many.
    """
    known = catalogue()
    line = known.lines.get(line_id) if line_id else known.first_line
    if line is None:
        raise click.BadParameter(f"no line is called {line_id!r}; there is {', '.join(known.lines)}")
    language = language or line.languages[0]
    wordings = known.flows[line.flow].wordings
    if language not in wordings:
        raise click.BadParameter(f"no words in {language!r}; there is {', '.join(wordings)}")
    if line.example:
        click.echo("These are example numbers: do not put this poster up.", err=True)
    if wordings[language].status == "draft":
        click.echo(f"The words in {language!r} are a draft that nobody has approved.", err=True)
    drawn = draw_poster(line, wordings[language], spaced(line.voice_number))
    if output:
        output.write_text(drawn, "utf-8")
        click.echo(f"Drawn: {output}")
    else:
        click.echo(drawn, nl=False)
