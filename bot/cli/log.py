"""`signpost log`: the audited log, for partners and for the operator.

What partners need (`verify`) uses no database, no settings and none of the app.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.errors import LedgerError

if TYPE_CHECKING:
    from bot.ledger.record import Disclosure
    from bot.ledger.verifier import Progress, Verified

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SHOW_EVERY_SECONDS = 0.5


@click.group()
def log() -> None:
    """Prove, write and read the audited log of where people were sent."""


@log.command()
@click.argument("place")
@click.option("--key", "keys", multiple=True, required=True, help="The log's verifier key; may be repeated.")
@click.option("--records", type=FILE, help="Your own records, from the portal: each is checked as well.")
@click.option("--since", type=FILE, help="A checkpoint that you kept: the log must have grown out of it.")
@click.option("--witness", "witnesses", multiple=True, help="A witness's verifier key; may be repeated.")
@click.option("--quorum", type=click.IntRange(0), help="How many witnesses must vouch. [all that are given]")
@click.option("--progress/--quiet", default=None, help="Show how far it is. [when someone is watching]")
def verify(  # noqa: PLR0913, PLR0917 - one for each option
    place: str,
    keys: tuple[str, ...],
    records: Path | None,
    since: Path | None,
    witnesses: tuple[str, ...],
    quorum: int | None,
    progress: bool | None,
) -> None:
    """Check the whole log at PLACE, an address or a folder, and your own records in it.

    It recomputes every tile from the entries and the root from the tiles, checks the signature,
    that the log has grown out of the checkpoint you kept, and that each of your records is in its
    place, unaltered, not back-dated and numbered without a gap. Ends with code 0, or says in one
    sentence what is wrong and where, and ends with code 1.
    """
    from bot.ledger.note import read_verifier  # noqa: PLC0415 - `--help` can do without
    from bot.ledger.source import open_source  # noqa: PLC0415 - as above
    from bot.ledger.verifier import Trust  # noqa: PLC0415 - as above
    from bot.ledger.verifier import verify as verify_log  # noqa: PLC0415 - as above

    seen = tuple(read_verifier(key) for key in witnesses)
    trust = Trust([read_verifier(key) for key in keys], seen, len(seen) if quorum is None else quorum)
    shown = sys.stderr.isatty() if progress is None else progress
    found = verify_log(
        open_source(place),
        trust,
        records=_disclosures(records) if records else None,
        since=since.read_text("utf-8", "replace") if since else None,
        progress=_progress() if shown else lambda _done, _size: None,
    )
    checkpoint = found.checkpoint
    click.echo(f"The log {checkpoint.origin} holds: {checkpoint.size} leaves, as signed.")
    click.echo("  " + ", ".join(f"{count} {kind}" for kind, count in sorted(found.kinds.items())))
    if witnesses:
        click.echo(f"  {len(found.witnessed_by)} of your witnesses vouch for it.")
    if records:
        _tell_records(found)
    if found.grown_from is not None:
        click.echo(f"  It has grown out of the {found.grown_from} leaves that you kept.")


@log.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def keygen(name: str, file: Path) -> None:
    """Make a signing key for the log NAME (such as line.example.org/log) and keep it in FILE.

    What is printed is the verifier key: publish it, and give it to every partner. FILE is for the
    worker alone; keep a copy where the server's backups do not go.
    """
    from bot.ledger.note import Signer  # noqa: PLC0415 - `--help` can do without

    if not name or any(ch.isspace() or ch == "+" for ch in name):
        raise click.BadParameter("a name has no spaces and no plus sign", param_hint="NAME")
    signer = Signer(name, os.urandom(32))
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as fault:
        raise LedgerError(f"{file} can't be made ({fault.strerror}); a key is never written over") from fault
    with os.fdopen(handle, "w") as kept:
        kept.write(signer.write() + "\n")
    click.echo(str(signer.verifier))


def _tell_records(found: Verified) -> None:
    """Say how far the records reach: that more of them were left out at the end is for the reader to see."""
    if not found.records:
        click.echo("  The records file is empty: nothing of yours was checked.")
        return
    first, last = found.numbers or (0, 0)
    numbers = f"numbers {first} to {last}" if found.numbers else "no number"
    tallied = f"tallied to {found.tallied_to}" if found.tallied_to else "with no tally"
    click.echo(f"  Your {found.records} records are in it, unaltered, in order and without a gap:")
    click.echo(f"  {numbers}, {tallied}.")


def _disclosures(file: Path) -> Iterator[Disclosure]:
    from bot.ledger.record import read_disclosure  # noqa: PLC0415 - `--help` can do without

    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield read_disclosure(line)
            except LedgerError as fault:
                raise LedgerError(f"{file.name} line {number} {fault}") from None


def _progress() -> Progress:
    """Show how far it is on one line of the terminal, and about how long it still takes."""
    began = shown = time.monotonic()

    def show(done: int, size: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < SHOW_EVERY_SECONDS and done < size:
            return
        shown = now
        left = round((now - began) / done * (size - done))
        end = "\n" if done == size else ""
        click.echo(f"\r{done * 100 // size:3}% of {size} leaves, {left} s left ", err=True, nl=False)
        click.echo(end, err=True, nl=False)

    return show
