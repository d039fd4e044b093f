"""`signpost bench`: the line against the smallest app that answers a webhook at all."""

from __future__ import annotations

import runpy
import sys

import click

from bot.errors import SignpostError
from bot.settings import ROOT


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def bench(options: tuple[str, ...]) -> None:
    """Measure what an answer costs, against the least that any answer could.

    OPTIONS are those of `python -m tests.bench`: --seconds, --rounds, --connections, --workers, --json,
    --svg.
    """
    if not (ROOT / "tests" / "bench").is_dir():
        cure = "run it in a copy of the project with its tests, after make install-dev"
        raise SignpostError(f"tests/bench: the folder\n    found: nothing\n    cure:  {cure}")
    sys.argv = ["signpost bench", *options]
    runpy.run_module("tests.bench", run_name="__main__")
