"""`signpost talk`: text or ring the line from a terminal, through the carrier and signed webhooks."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from bot.app import create_app
from bot.carrier import Account, Call, CallEndedError, Line, Texting, WsgiTransport, always, events
from bot.cli.common import settings
from bot.settings import Settings
from bot.web.wiring import SIMULATION, Simulation, wiring

ORIGIN = "http://line.invalid"
CALLERS = {"mobile": "+447700900123", "landline": "+441632960123", "withheld": "anonymous"}
KEYS = frozenset("0123456789*#")
STATUSES = {"answers": "completed", "busy": "busy", "no-answer": "no-answer", "fails": "failed"}


class Terminal:
    """Where texts that the line sends by itself are shown."""

    def send(self, *, to: str, from_: str, body: str, status_url: str) -> None:
        """Show a text."""
        click.secho(f"  [text to your phone] {body}", fg="green")


@click.group()
def talk() -> None:
    """Talk to the line as a person would. Nothing is sent and nothing is kept."""


@talk.command()
@click.option("--caller", type=click.Choice(["mobile", "whatsapp"]), default="mobile", show_default=True)
def sms(caller: str) -> None:
    """Text the line. Type a message and press Enter; an empty line ends it."""
    with tempfile.TemporaryDirectory() as folder:
        transport, account, line = _set_up(Path(folder))
        person = CALLERS["mobile"] if caller == "mobile" else f"whatsapp:{CALLERS['mobile']}"
        texting = Texting(transport, account, line, person)
        click.echo("Type a message, such as GRAVITY. An empty line ends the conversation.")
        while words := click.prompt("you", default="", show_default=False, prompt_suffix="> "):
            for reply in texting.send(words):
                click.secho(_indented(reply.body), fg="cyan")
            _show_errors(texting.errors)


@talk.command()
@click.option("--caller", type=click.Choice(list(CALLERS)), default="mobile", show_default=True)
@click.option("--other-end", type=click.Choice(list(STATUSES)), default="answers", show_default=True)
def voice(caller: str, other_end: str) -> None:
    """Ring the line. Type keys (0-9 * #) or what you would say; Enter alone is silence; q hangs up."""
    with tempfile.TemporaryDirectory() as folder:
        transport, account, line = _set_up(Path(folder))
        status = STATUSES[other_end]
        call = Call(transport, account, line, CALLERS[caller], always(status))  # type: ignore[arg-type]  # the four words above are statuses
        click.echo("Keys, or what you would say, and Enter; Enter alone stays silent; q hangs up.")
        _show(call.start())
        while not call.ended:
            said = click.prompt("you", default="", show_default=False, prompt_suffix="> ").strip()
            try:
                _show(_does(call, said))
            except CallEndedError:
                break


def _does(call: Call, said: str) -> Sequence[events.Event]:
    """Do what was typed: q, keys, words or nothing."""
    if said == "q":
        return call.hang_up()
    if not said:
        return call.wait()
    return call.press(said) if set(said) <= KEYS else call.say(said)


def _set_up(folder: Path) -> tuple[WsgiTransport, Account, Line]:
    """An app of its own on a throw-away database, whatever the settings say."""
    chosen = settings()
    token = secrets.token_hex(16)
    app = create_app(
        Settings(
            auth_tokens=(token,),
            secret_key=secrets.token_hex(32),
            public_url=ORIGIN,
            database_url=f"sqlite:///{folder / 'talk.db'}",
            log_level="ERROR",
            flows_dir=chosen.flows_dir,
            config_dir=chosen.config_dir,
        )
    )
    with app.app_context():
        first = wiring().catalogue.first_line
    transport = WsgiTransport(app.wsgi_app, {SIMULATION: Simulation(None, Terminal())})
    line = Line(
        number=first.voice_number,
        voice_url=f"{ORIGIN}/twilio/voice",
        voice_status_url=f"{ORIGIN}/twilio/status/call",
        text_url=f"{ORIGIN}/twilio/sms",
    )
    return transport, Account(token, numbers=frozenset(filter(None, first.numbers))), line


def _show(happened: Sequence[events.Event]) -> None:
    for event in happened:
        match event:
            case events.Heard(text=text):
                click.secho(_indented(text), fg="cyan")
            case events.Dialling(number=number, caller_id=caller_id):
                click.secho(f"  [ringing {number}, showing {caller_id}]", fg="yellow")
            case events.DialEnded(status=status):
                click.secho(f"  [the transfer: {status}]", fg="yellow")
            case events.HungUp(by=by):
                click.secho(f"  [the call is over, by the {by}]", fg="yellow")
            case events.Errored(code=code, message=message):
                click.secho(f"  [error {code}] {message}", fg="red")
            case events.Spoke(taken=False):
                click.echo("  (nothing listens for speech now)")
            case _:
                pass


def _show_errors(errors: Sequence[events.Errored]) -> None:
    for error in errors:
        click.secho(f"  [error {error.code}] {error.message}", fg="red")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
