"""`signpost twilio`: show, set and examine what Twilio knows of this line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import click

from bot.channels.account import Account, TwilioAccount
from bot.channels.provisioning import Plan
from bot.channels.provisioning import plan as make_plan
from bot.cli.common import catalogue, settings
from bot.errors import SettingsError, TwilioError

if TYPE_CHECKING:
    from bot.settings import Settings

MOST_DRIFT = timedelta(seconds=30)
REACH_TIMEOUT_SECONDS = 5
MOST_NAMED = 5


@click.group()
def twilio() -> None:
    """Set Twilio up from here instead of by hand in its console."""


@twilio.command()
def plan() -> None:
    """Show what would be changed at Twilio; change nothing. Ends with code 2 if there is something."""
    found = _plan(settings(), _account(settings()))
    _show(found)
    sys.exit(2 if found.changes or found.missing else 0)


@twilio.command()
@click.option("--yes", is_flag=True, help="Do not ask first.")
def apply(*, yes: bool) -> None:
    """Point every number of the line at this program, with its fallback and status callbacks."""
    account = _account(settings())
    found = _plan(settings(), account)
    _show(found)
    if not found.changes:
        return
    if not yes:
        click.confirm("Change these at Twilio now?", abort=True)
    for resource, changes in groupby(found.changes, key=lambda change: change.resource):
        account.change(resource, {change.setting: change.wanted for change in changes})
        click.echo(f"Changed: {resource.kind} {resource.name}")


@twilio.command()
def doctor() -> None:
    """Look for what keeps texts and calls from arriving. Ends with code 1 if something is wrong."""
    chosen = settings()
    account = _account(chosen)
    wrong = list(examine(chosen, account, datetime.now(UTC)))
    for words in wrong:
        click.echo(f"- {words}")
    click.echo("Nothing wrong was found." if not wrong else f"{len(wrong)} to mend.")
    sys.exit(1 if wrong else 0)


def examine_account(chosen: Settings, now: datetime) -> Iterator[str]:
    """Examine the account that the settings name.

    Raises:
        SettingsError: they name none.
    """
    yield from examine(chosen, _account(chosen), now)


def examine(chosen: Settings, account: Account, now: datetime) -> Iterator[str]:
    """Say what is wrong with the account, its numbers and the way back to this program.

    Args:
        chosen: the settings.
        account: the operator's.
        now: this machine's clock.
    """
    try:
        standing = account.standing()
    except TwilioError as error:
        yield str(error)
        return
    if not standing.active:
        yield "The account is suspended or closed; cure: open Twilio's console and read why"
    if standing.trial:
        yield "The account is a trial: callers hear a notice first, and few can be texted; cure: upgrade it"
    if standing.clock and abs(standing.clock - now) > MOST_DRIFT:
        seconds = round(abs(standing.clock - now).total_seconds())
        yield f"This machine's clock is {seconds} seconds off Twilio's; cure: turn time synchronisation on"
    for what, countries in (("Calls", standing.calls_to), ("Texts", standing.texts_to)):
        if countries:
            some = ", ".join(countries[:MOST_NAMED])
            more = f" and {len(countries) - MOST_NAMED} more" if len(countries) > MOST_NAMED else ""
            cure = "in Twilio's console, under geo permissions, leave the United Kingdom alone"
            yield f"{what} may go to {some}{more}, which is how fraud is paid for; cure: {cure}"
    found = _plan(chosen, account)
    for number in found.missing:
        cure = "correct config/lines.toml"
        yield f"{number} is not in this account, or in another region of Twilio; cure: {cure}"
    for change in found.changes:
        what = f"{change.resource.kind} {change.resource.name}: {change.setting}"
        is_not = f"{change.found or 'empty'}, not {change.wanted or 'empty'}"
        yield f"{what} is {is_not}; cure: signpost twilio apply"
    if not chosen.fallback_url:
        cure = "signpost fallback export, put the files on another server, enter FALLBACK_URL"
        yield f"There is no fallback for when this program is gone; cure: {cure}"
    yield from _reach(chosen)


def _reach(chosen: Settings) -> Iterator[str]:
    """Ask this program for itself from outside, as Twilio would."""
    import requests  # noqa: PLC0415 - only here

    address = f"{chosen.public_url}/healthz"
    try:
        answer = requests.get(address, timeout=REACH_TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        cure = "start it, and check the proxy, the certificate and the firewall"
        yield f"{address} can't be reached ({type(error).__name__}); cure: {cure}"
        return
    if answer.text.strip() != "ok":
        cure = "PUBLIC_URL must lead here without a redirect, since a redirect loses what was pressed"
        yield f"{address} answers with HTTP {answer.status_code} and not with ok; cure: {cure}"


def _plan(chosen: Settings, account: Account) -> Plan:
    lines = list(catalogue().lines.values())
    return make_plan(lines, account.resources(), chosen.public_url, chosen.fallback_url)


def _account(chosen: Settings) -> TwilioAccount:
    wanting = [
        name
        for name, value in (("TWILIO_ACCOUNT_SID", chosen.account_sid), ("PUBLIC_URL", chosen.public_url))
        if not value
    ]
    if wanting:
        raise SettingsError(f"{' and '.join(wanting)} must be set for this; config/env.example says how")
    return TwilioAccount(chosen.account_sid, chosen.auth_tokens[0])


def _show(found: Plan) -> None:
    for number in found.missing:
        click.echo(f"{number}: not in this account")
    for resource, changes in groupby(found.changes, key=lambda change: change.resource):
        click.echo(f"{resource.kind} {resource.name}")
        for change in changes:
            click.echo(f"    {change.setting}: {change.found or 'empty'} -> {change.wanted or 'empty'}")
    if not found.changes:
        click.echo("Nothing to change.")
