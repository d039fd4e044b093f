"""The database, the journal, the texts and digests that wait, and the switch that stops the line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bot import condition
from bot.doctor.examination import Examined, of_sentence
from bot.errors import StoreError
from bot.settings import Settings
from bot.store import Journal, Store, accounts, digests, sqlite_path, switches, upkeep
from bot.web.portal import keys


def of_database(chosen: Settings, store: Store) -> Iterator[Examined]:
    """Whether the database can be reached, is migrated, and keeps what it acknowledges."""
    path = sqlite_path(chosen.database_url)
    if path is not None and not path.exists():  # opened, it would be made, and by this account
        yield Examined("fault", "database", f"no file {path}", "a database", "signpost db upgrade")
        return
    faults = store.ready()
    for fault in faults:
        yield of_sentence("fault", "database", fault, "reachable, migrated, and durable")
    if not faults:
        yield Examined("ok", "database", "reachable, migrated, and durable")


def of_journal(journal: Path | None) -> Iterator[Examined]:
    """Whether there is a place for what the database can't take, and what waits there.

    Nothing is made: a file that this account makes may be closed to the line's own.
    """
    limit = "a file that the line can write to"
    if journal is None:
        yield Examined("fault", "journal", "none", limit, "set JOURNAL_PATH")
        return
    cure = "give it to the line's account, or correct JOURNAL_PATH"
    there = next(one for one in (journal, *journal.absolute().parents) if one.exists())
    if not os.access(there, os.W_OK):
        yield Examined("fault", "journal", f"{there} can't be written by this account", limit, cure)
    elif not journal.exists():
        yield Examined(
            "warning", "journal", f"no file {journal} yet", limit, "start the line, which makes it"
        )
    elif reasons := condition.journal_reasons(Journal(journal)):
        yield of_sentence("warning", "journal", reasons[0], "nothing waits while the database works")
    else:
        yield Examined("ok", "journal", "can be written, and nothing waits in it")


def of_waiting(store: Store) -> Iterator[Examined]:
    """The texts and digests that wait, and whether the line is stopped."""
    try:
        with store.reading("what waits can't be counted") as connection:
            texts, (waiting, lost) = upkeep.outbox(connection), digests.counted(connection)
            switch = switches.read(connection)
    except StoreError:
        return  # the database has been told of
    told = "1 text waits" if texts == 1 else f"{texts} texts wait"
    limit, cure = "sent within seconds", "start signpost worker, or read what it logs"
    yield Examined("warning", "outbox", told, limit, cure) if texts else Examined("ok", "outbox", told)
    if lost:
        found, cure = f"{lost} digests of the last month were given up", "signpost digest says why"
        yield Examined("warning", "digests", found, "each reaches its partner", cure)
    else:
        yield Examined("ok", "digests", f"{waiting} wait, none was given up")
    if switch.on:
        since = f"{switch.changed_at:%Y-%m-%d %H:%M} UTC" if switch.changed_at else "an unknown time"
        found = f"the line is stopped since {since}"
        yield Examined("warning", "kill switch", found, "people are served", "signpost kill-switch off")
    else:
        yield Examined("ok", "kill switch", "off")


def of_portal(chosen: Settings, store: Store) -> Iterator[Examined]:
    """Whether SECRET_KEY still opens the keys of people's authenticator apps."""
    if not chosen.production:
        return
    try:
        with store.reading("accounts can't be read") as connection:
            sealed = [(one.id, one.code_key) for one in accounts.everybody(connection) if one.code_key]
    except StoreError:
        return
    shut = sum(keys.unseal(chosen.secret_key, account, key) is None for account, key in sealed)
    if shut:
        found = f"{shut} of {len(sealed)} people's authenticator keys can't be opened"
        limit, cure = (
            "SECRET_KEY is the one they were sealed with",
            "bring it back, or signpost partners reset",
        )
        yield Examined("fault", "portal", found, limit, cure)
    else:
        yield Examined("ok", "portal", f"{len(sealed)} people's authenticator keys can be opened")
