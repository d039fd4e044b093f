"""The audited log: its age, its guard and its keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot import condition, custody
from bot.doctor.examination import Examined, of_sentence
from bot.errors import LedgerError, SignpostError
from bot.ledger.signing import refuse_another_tree
from bot.settings import Settings
from bot.store import Store, sqlite_path

OTHERS_MAY_READ = 0o077


def of_ledger(store: Store, now: datetime) -> Iterator[Examined]:
    """What stops the log, and how old its newest checkpoint is."""
    reasons = condition.ledger_reasons(store, now)
    minutes = condition.OLDEST_CHECKPOINT.total_seconds() // 60
    for reason in reasons:
        yield of_sentence("fault", "ledger", reason, f"a checkpoint at least every {minutes:.0f} minutes")
    if not reasons:
        age = condition.checkpoint_age_seconds(store, now)
        yield Examined("ok", "ledger", f"the newest checkpoint is {age:.0f} seconds old")


def of_guard(chosen: Settings, store: Store) -> Iterator[Examined]:
    """Whether the database begins with what was signed, as the worker proves it before each signature."""
    limit = "the last checkpoint, apart from the database, of which the log has grown"
    if chosen.production and chosen.ledger_guard_path is None:
        cure = "run this with the worker's settings"
        yield Examined("warning", "guard", "LEDGER_GUARD_PATH is not set here", limit, cure)
        return
    guard = custody.guard(chosen)
    try:
        refuse_another_tree(store.ledger(), chosen.ledger_origin, guard)
    except SignpostError as fault:
        yield of_sentence("fault", "guard", str(fault), limit)
        return
    path, database = guard.path, sqlite_path(chosen.database_url)
    if not path.exists():
        yield Examined("ok", "guard", "nothing has been signed yet")
    elif chosen.production and database and path.stat().st_dev == database.stat().st_dev:
        cure = "name a file on another disk as LEDGER_GUARD_PATH"
        yield Examined("warning", "guard", "it lies on the database's own disk", limit, cure)
    else:
        yield Examined("ok", "guard", "the database begins with what was signed")


def of_keys(chosen: Settings, store: Store) -> Iterator[Examined]:
    """Whether the signing keys can be read, are this log's, and are nobody else's to read."""
    if not chosen.ledger_keys:
        where = "not set here; the worker alone has them" if chosen.production else "made in development"
        yield Examined("ok", "LEDGER_KEYS", where)
        return
    try:
        custody.signing(chosen, store.ledger())
    except LedgerError as fault:
        yield of_sentence("fault", "LEDGER_KEYS", str(fault), "keys of this log")
        return
    open_ = [path for path in chosen.ledger_keys if path.stat().st_mode & OTHERS_MAY_READ]
    for path in open_:
        cure = f"chmod 600 {path}"
        yield Examined("warning", "LEDGER_KEYS", f"others may read {path}", "its owner alone may", cure)
    if not open_:
        yield Examined("ok", "LEDGER_KEYS", f"{len(chosen.ledger_keys)} of {chosen.ledger_origin}")
