"""How the line's parts stand: what /readyz, /metrics, `signpost doctor` and the digests all ask."""

from __future__ import annotations

import logging
import math
from datetime import date, datetime, timedelta

from bot.check.listings import FRESH_DAYS
from bot.core.directory import Directory, Service
from bot.errors import StoreError
from bot.log import event
from bot.store import Journal, Store

JOURNAL_SECONDS = 1.0
OLDEST_CHECKPOINT = timedelta(minutes=11)  # a heartbeat comes after ten minutes of silence


def stale(directory: Directory, today: date) -> list[Service]:
    """Give the active listings that nobody has confirmed within a year."""
    oldest = today - timedelta(days=FRESH_DAYS)
    active = (service for service in directory.services.values() if service.status == "active")
    return [service for service in active if service.assured_on is None or service.assured_on < oldest]


def ledger_reasons(store: Store, now: datetime) -> list[str]:
    """Say what stops the audited log, and whether its newest checkpoint is older than a heartbeat allows."""
    try:
        with store.ledger().reading() as log:
            alarm, _, newest = log.standing()
    except StoreError as fault:
        return [str(fault)]
    reasons = [alarm] if alarm else []
    if newest is None:
        reasons.append("nothing has been signed yet; cure: start signpost worker")
    elif now - newest.signed_at > OLDEST_CHECKPOINT:
        at = newest.signed_at.isoformat(timespec="seconds")
        reasons.append(f"the newest checkpoint is of {at}; cure: start signpost worker, or read what it logs")
    return reasons


def checkpoint_age_seconds(store: Store, now: datetime) -> float:
    """Say how old the newest checkpoint is; -1 when there is none, or it can't be read."""
    try:
        with store.ledger().reading() as log:
            newest = log.checkpoint()
    except StoreError:
        return -1.0
    return (now - newest.signed_at).total_seconds() if newest else -1.0


def waiting(journal: Journal | None) -> float:
    """Count the entries of the journal that wait; not a number when it can't be read."""
    try:
        return journal.waiting_within(JOURNAL_SECONDS) if journal else 0
    except StoreError as error:
        event("journal.unreadable", logging.ERROR, error=error)
        return math.nan


def journal_reasons(journal: Journal | None) -> list[str]:
    """Say what waits in the journal for the database, and whether it can be used at all."""
    entries = waiting(journal)
    if math.isnan(entries):
        return ["the journal can't be read; make room there or correct JOURNAL_PATH"]
    waits = f"{entries:.0f} entries wait for the database; they are kept by themselves once it works"
    return [waits] if entries else []
