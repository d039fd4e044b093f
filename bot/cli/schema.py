"""`signpost schema`: JSON Schemas of the data files."""

from __future__ import annotations

import json

import click

from bot.catalogue import models

MODELS: dict[str, type[models.Model]] = {
    "services": models.DirectoryModel,
    "lines": models.LinesModel,
    "partners": models.PartnersModel,
    "flow": models.FlowModel,
    "translation": models.TranslationModel,
}


@click.command()
@click.argument("file", type=click.Choice(list(MODELS)))
def schema(file: str) -> None:
    """Print the JSON Schema of a data FILE, so that an editor completes and checks it.

    \b
    services      config/services.toml
    lines         config/lines.toml
    partners      config/partners.toml
    flow          flows/helpline.toml
    translation   flows/helpline.<language>.toml
    """
    shown = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | MODELS[file].model_json_schema()
    click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
