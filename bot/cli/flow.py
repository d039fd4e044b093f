"""`signpost flow`: draw the script."""

from __future__ import annotations

from pathlib import Path

import click

from bot.catalogue import Catalogue
from bot.cli.common import catalogue
from bot.graph import draw_dot, draw_mermaid, draw_svg

FORMS = {"svg": draw_svg, "dot": draw_dot, "mermaid": draw_mermaid}


@click.group()
def flow() -> None:
    """Look at the script."""


@flow.command()
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="svg", show_default=True)
@click.option("--flow", "flow_id", help="Which flow, by its id. [the first line's]")
@click.option("--language", help="In which language. [the first line's]")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
def graph(form: str, flow_id: str | None, language: str | None, output: Path | None) -> None:
    """Draw every menu, service and way between them."""
    known = catalogue()
    drawn = _draw(known, form, flow_id or known.first_line.flow, language or known.first_line.languages[0])
    if output:
        output.write_text(drawn, "utf-8")
        click.echo(f"Drawn: {output}")
    else:
        click.echo(drawn)


def _draw(known: Catalogue, form: str, flow_id: str, language: str) -> str:
    if flow_id not in known.flows:
        raise click.BadParameter(f"no flow is called {flow_id!r}; there is {', '.join(known.flows)}")
    chosen = known.flows[flow_id]
    if language not in chosen.wordings:
        raise click.BadParameter(f"no words in {language!r}; there is {', '.join(chosen.wordings)}")
    return FORMS[form](chosen, known.directory, chosen.wordings[language])
