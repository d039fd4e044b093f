"""`signpost worker`: the audited log, retention, texts that callers ask for, what partners are sent."""

from __future__ import annotations

import secrets
import signal
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING

import click

from bot.catalogue import Catalogue
from bot.cli.common import settings
from bot.cli.digest import build as digests
from bot.settings import Settings

if TYPE_CHECKING:
    from types import FrameType

    from bot.ledger.integrator import Integrator
    from bot.outbox import Sender
    from bot.redaction import Redactor
    from bot.store import Store
    from bot.witnessing import Witnessing
    from bot.worker import Worker

SALT_BYTES = 32


@click.command()
@click.option(
    "--adopt", is_flag=True, help="On a machine that joins others: begin its guard from the database."
)
def worker(*, adopt: bool) -> None:
    """Write and sign the log, send texts and digests, delete what has expired, here and at Twilio.

    It alone needs the signing keys (LEDGER_KEYS) and the guard (LEDGER_GUARD_PATH); it sends texts where
    there is an account at Twilio. Several may run: one writes the log at a time, and another takes
    over when it ends. In development `signpost run` has one inside.
    """
    from bot.log import configure  # noqa: PLC0415 - `--help` can do without
    from bot.memory import settle  # noqa: PLC0415 - as above
    from bot.store import upgrade  # noqa: PLC0415 - as above

    chosen = settings()
    configure(chosen.log_level, "json" if chosen.production else "plain")
    if not chosen.production:
        upgrade(chosen.database_url)
    stop = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    works, asks = build(chosen)
    if adopt:
        works.signing.adopt()
    click.echo(f"The audited log {chosen.ledger_origin} is being written. Its verifier keys:")
    for signer in works.signing.signers:
        click.echo(f"  {signer.verifier}")
    if asks is not None:
        asks.start(stop)
    digests(chosen).start(stop)
    if (sends := sender(chosen, works.store)) is not None:
        sends.start(stop)
    if (redacts := redactor(chosen, works.store)) is not None:
        redacts.start(stop)
    settle()
    works.run(stop)


def build(chosen: Settings) -> tuple[Worker, Witnessing | None]:
    """Put the worker together, and who asks witnesses if any are listed.

    Raises:
        SignpostError: the data files, a key or the guard are not fit to be used.
    """
    from bot import custody  # noqa: PLC0415 - the line itself needs no key
    from bot.catalogue import load  # noqa: PLC0415 - as above
    from bot.store import open_store  # noqa: PLC0415 - as above
    from bot.witnessing import Witnessing  # noqa: PLC0415 - as above
    from bot.worker import Worker  # noqa: PLC0415 - as above

    catalogue = load(chosen.flows_dir, chosen.config_dir)
    store = open_store(chosen.database_url, pool_size=2)
    ledger = store.ledger()
    works = Worker(
        store=store,
        ledger=ledger,
        integrator=integrator(catalogue, store),
        signing=custody.signing(chosen, ledger),
        retention_months=chosen.retention_months,
        clock=present,
    )
    policy = catalogue.witness_policy
    return works, Witnessing(ledger, policy, present) if policy.witnesses else None


def sender(chosen: Settings, store: Store) -> Sender | None:
    """Make what sends the texts that callers asked for; None without an account at Twilio."""
    from bot.catalogue import load  # noqa: PLC0415 - as above
    from bot.outbox import make_rules, make_sender, opted_out_by_text  # noqa: PLC0415 - as above

    lines = load(chosen.flows_dir, chosen.config_dir).lines
    opted_out = opted_out_by_text(store, chosen.secret_key.encode(), lines)
    return make_sender(chosen, make_rules(chosen, store.outbox(), opted_out), present)


def redactor(chosen: Settings, store: Store) -> Redactor | None:
    """Make what has Twilio forget; None without an account, or where it is switched off."""
    from bot.catalogue import load  # noqa: PLC0415 - as above
    from bot.channels.erasing import TwilioRecords  # noqa: PLC0415 - as above
    from bot.redaction import Redactor  # noqa: PLC0415 - as above

    if chosen.redact_after is None:
        return None
    lines = load(chosen.flows_dir, chosen.config_dir).lines.values()
    numbers = frozenset(number for line in lines for number in (line.text_number, line.short_code) if number)
    records = TwilioRecords(chosen.account_sid, chosen.auth_tokens[0], numbers)
    return Redactor(store.redactions(), records, timedelta(minutes=chosen.session_minutes), present)


def integrator(catalogue: Catalogue, store: Store, *, paced: bool = False) -> Integrator:
    """Make what grows the log of a store."""
    from bot.ledger.integrator import Integrator  # noqa: PLC0415 - as above

    return Integrator(
        store=store.ledger(),
        partners=tuple(catalogue.partners),
        partner_of=catalogue.partner_of,
        new_salt=lambda: secrets.token_bytes(SALT_BYTES),
        paced=paced,
    )


def present() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)
