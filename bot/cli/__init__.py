"""The command `signpost`. Each command lives in a module of its own and is imported when it is used."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import ClassVar

import click

from bot import __version__
from bot.errors import SignpostError
from bot.memory import loading


class Commands(click.Group):
    """Commands by name, imported late: `--help` must not wait for a database driver."""

    known: ClassVar[dict[str, tuple[str, str]]] = {
        "run": ("bot.cli.run:run", "Start the line (and, in development, its simulator)."),
        "check": (
            "bot.cli.check:check",
            "Prove that the script, the directory and the lines are fit to use.",
        ),
        "directory": ("bot.cli.directory:directory", "Keep the listings true."),
        "talk": ("bot.cli.talk:talk", "Text or ring the line from this terminal."),
        "understand": ("bot.cli.understand:understand", "Say what a message is taken to mean."),
        "understanding": (
            "bot.cli.understand:understanding",
            "Measure and train the understanding of free text.",
        ),
        "flow": ("bot.cli.flow:flow", "Draw the script."),
        "fallback": ("bot.cli.fallback:fallback", "Write what is answered when this program is gone."),
        "poster": ("bot.cli.poster:poster", "Draw a poster to print, with a QR code."),
        "log": ("bot.cli.log:log", "Prove, write and read the audited log."),
        "twilio": ("bot.cli.twilio:twilio", "Show, set and examine what Twilio knows of this line."),
        "kill-switch": ("bot.cli.kill_switch:kill_switch", "Stop the line for planned work."),
        "doctor": ("bot.cli.doctor:doctor", "Examine the whole: what is wrong, and its cure."),
        "digest": ("bot.cli.digest:digest", "Show what partners are sent each day."),
        "worker": (
            "bot.cli.worker:worker",
            "Write and sign the audited log, send texts, delete what has expired.",
        ),
        "outbox": ("bot.cli.outbox:outbox", "Say what became of the texts that callers asked for."),
        "purge": ("bot.cli.purge:purge", "Delete what has expired, now."),
        "bench": ("bot.cli.bench:bench", "Measure what an answer costs."),
        "demo": ("bot.cli.demo:demo", "Fill a database with made-up records."),
        "partners": ("bot.cli.partners:partners", "Say who may sign in to the partners' portal."),
        "rollups": ("bot.cli.rollups:rollups_group", "Check the counts that the portal shows."),
        "routings": ("bot.cli.routings:routings", "List where people were sent."),
        "db": ("bot.cli.db:db", "Prepare the database."),
        "schema": ("bot.cli.schema:schema", "Print a data file's JSON Schema, for editors."),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which an operator meets them."""
        return list(self.known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self.known:
            return None
        module, _, name = self.known[cmd_name][0].partition(":")
        with loading():
            command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in self.known.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="signpost")
def signpost() -> None:
    """Signpost sends people in Norfolk to the right service, by text and by telephone.

    Start with `signpost run`. After a change to a file in flows/ or config/, run `signpost check`.
    Every command explains itself: `signpost check --help`.
    """


def main() -> None:
    """Run the command; a fault that the operator can mend ends with its text and code 1."""
    try:
        signpost(prog_name="signpost")
    except SignpostError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except BrokenPipeError:  # `signpost routings | head`
        sys.stderr.close()
        sys.exit(0)
