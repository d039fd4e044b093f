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
    from bot.store import DatabaseLedger

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


@log.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Write the log into FOLDER as it is served under /log, for any web server.

    What is there already is left alone, so this may be repeated as often as you like.
    """
    from bot.ledger.export import export as export_log  # noqa: PLC0415 - `verify` needs no database
    from bot.ledger.tiles import kept_under_full_paths  # noqa: PLC0415 - as above

    ledger = _ledger()
    with ledger.reading() as reading:
        newest = reading.checkpoint()
    if newest is None:
        raise LedgerError("nothing has been signed yet; `signpost worker` does that")
    count = export_log(kept_under_full_paths(ledger.tile), newest.size, newest.served, folder)
    click.echo(f"{count} files written; the log has {newest.size} leaves.")


@log.command()
@click.argument("routing_id")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it into this file.")
def prove(routing_id: str, output: Path | None) -> None:
    """Write a proof that the log has the routing ROUTING_ID (c2sp.org/tlog-proof).

    It holds the record and its salt: it is for the routing's own partner.
    """
    from bot.ledger.proving import prove as prove_record  # noqa: PLC0415 - `verify` needs no database
    from bot.ledger.tiles import kept_under_full_paths  # noqa: PLC0415 - as above

    ledger = _ledger()
    with ledger.reading() as reading:
        row, newest = reading.route(routing_id), reading.checkpoint()
    if row is None:
        raise LedgerError(f"there is no routing {routing_id}; `signpost routings` lists them")
    proof = str(prove_record(kept_under_full_paths(ledger.tile), row, newest))
    if output is None:
        click.echo(proof, nl=False)
    else:
        output.write_text(proof, "utf-8")


@log.command()
@click.argument("partner")
def records(partner: str) -> None:
    """Write PARTNER's own records as JSON Lines, for `signpost log verify --records`.

    They hold salts: they are for that partner alone.
    """
    from bot.ledger.proving import disclosure  # noqa: PLC0415 - `verify` needs no database

    ledger = _ledger()
    with ledger.reading() as reading:
        newest, known = reading.checkpoint(), reading.partners()
    if partner not in known:
        raise LedgerError(f"the log has no partner {partner}; it has: {', '.join(sorted(known)) or 'none'}")
    for row in ledger.records(partner, newest.size if newest else 0):
        click.echo(disclosure(row).line())


def _ledger() -> DatabaseLedger:
    from bot.cli.common import settings  # noqa: PLC0415 - `verify` needs no settings
    from bot.store import open_store  # noqa: PLC0415 - nor a database

    return open_store(settings().database_url, pool_size=1).ledger()


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
