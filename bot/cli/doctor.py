"""`signpost doctor`: examine the whole."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.cli.common import settings
from bot.errors import SettingsError

if TYPE_CHECKING:
    from bot.doctor import Examined
    from bot.settings import Settings

CODES = {"ok": 0, "warning": 1, "fault": 2}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option(
    "--online", is_flag=True, help="Ask Twilio too, and come in from outside: signpost twilio doctor."
)
def doctor(*, as_json: bool, online: bool) -> None:
    """Look at the settings, the data files, the database, the audited log, the disks and the clock.

    Each line is ok, a warning, or a fault with its limit and its cure. Ends with code 0 when all is
    well, 1 when there are warnings, 2 when something must be mended. Run it as the line's own
    account, with the worker's settings; it changes nothing.
    """
    from bot.doctor import examine, of_settings_fault, worst  # noqa: PLC0415 - `--help` can do without

    try:
        chosen = settings()
    except SettingsError as fault:
        found = of_settings_fault(fault)
    else:
        found = examine(chosen, _now)
        if online:
            found += _online(chosen)
    verdict = worst(found)
    if as_json:
        click.echo(json.dumps({"worst": verdict, "checks": [asdict(one) for one in found]}, indent=2))
    else:
        _show(found)
    sys.exit(CODES[verdict])


def _online(chosen: Settings) -> list[Examined]:
    from bot.cli.twilio import examine_account  # noqa: PLC0415 - as above
    from bot.doctor import of_online  # noqa: PLC0415 - as above

    try:
        return of_online(list(examine_account(chosen, _now())))
    except SettingsError as fault:
        return of_online([str(fault)])


def _show(found: Sequence[Examined]) -> None:
    for one in found:
        click.echo(f"{one.level:7}  {one.item}: {one.found}")
        if one.level != "ok":
            for name, told in (("limit", one.limit), ("cure", one.cure)):
                if told:
                    click.echo(f"{'':9}{name + ':':7}{told}")
    counts = [(sum(one.level == level for one in found), level) for level in ("fault", "warning")]
    click.echo("\n" + ", ".join(f"{number} {level}{'' if number == 1 else 's'}" for number, level in counts))


def _now() -> datetime:
    return datetime.now(UTC)
