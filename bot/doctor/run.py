"""Looks at everything, one part after the other; a part that fails says so and keeps none from the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from bot.catalogue import load
from bot.doctor import data, ledger, storage, surroundings
from bot.doctor.examination import Examined, of_blocks, of_sentence
from bot.errors import CatalogueError, SettingsError, SignpostError
from bot.settings import Settings
from bot.store import open_store


def examine(chosen: Settings, clock: Callable[[], datetime]) -> list[Examined]:
    """Look at the settings, the data files, the database, the log and this machine.

    Args:
        chosen: the settings, which could be read.
        clock: this machine's.
    """
    return list(_examine(chosen, clock))


def of_settings_fault(fault: SettingsError) -> list[Examined]:
    """Say what is wrong with settings that can't be read; nothing else can be looked at then."""
    return of_blocks(str(fault)) or [Examined("fault", "settings", str(fault))]


def of_online(sentences: Iterable[str]) -> list[Examined]:
    """Take what `signpost twilio doctor` says, which asks Twilio and comes in from outside."""
    limit = "texts and calls arrive"
    found = [of_sentence("fault", "Twilio", sentence, limit) for sentence in sentences]
    return found or [Examined("ok", "Twilio", "nothing wrong was found")]


def _examine(chosen: Settings, clock: Callable[[], datetime]) -> Iterator[Examined]:
    now = clock()
    yield from surroundings.of_settings(chosen)
    yield from surroundings.of_account(chosen)
    yield from _of_files(chosen, now)
    try:
        store = open_store(chosen.database_url, pool_size=1)
    except SignpostError as fault:
        yield of_sentence("fault", "database", str(fault), "a database")
        return
    try:
        found = list(storage.of_database(chosen, store))
        yield from found
        yield from storage.of_journal(chosen.journal_path)
        if all(one.level == "ok" for one in found):
            yield from storage.of_waiting(store)
            yield from storage.of_portal(chosen, store)
            yield from ledger.of_ledger(store, now)
            yield from ledger.of_guard(chosen, store)
            yield from ledger.of_keys(chosen, store)
            yield from surroundings.of_clock(store, clock)
        yield from surroundings.of_disks(chosen)
    finally:
        store.close()


def _of_files(chosen: Settings, now: datetime) -> Iterator[Examined]:
    try:
        catalogue = load(chosen.flows_dir, chosen.config_dir)
    except CatalogueError as fault:
        yield Examined("fault", "data files", str(fault), "files that can be read", "signpost check")
        return
    yield from data.of_files(catalogue, chosen, now.date())
    yield from data.of_drafts(catalogue, chosen)
    yield from data.of_partners(catalogue, chosen)
