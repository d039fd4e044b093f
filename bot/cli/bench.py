"""`signpost bench`: the line against the smallest app that answers a webhook at all."""

from __future__ import annotations

import subprocess
import sys

import click

from bot.errors import SignpostError
from bot.settings import ROOT

UNKNOWN = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


@click.command(context_settings=UNKNOWN)
@click.pass_context
def bench(context: click.Context) -> None:
    """Measure what an answer costs, against the least that any answer could; --help lists the options."""
    if not (ROOT / "tests" / "bench").is_dir():
        cure = "run it in a copy of the project with its tests, after make install-dev"
        raise SignpostError(f"tests/bench: the folder\n    found: nothing\n    cure:  {cure}")
    command = [sys.executable, "-m", "tests.bench", *context.args]
    done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - what the operator typed, to our own
    sys.exit(done.returncode)
