"""What is on record in the end: in the database and, once each, in the audited log."""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.catalogue import load
from bot.cli.worker import integrator
from bot.ledger.guard import Guard
from bot.ledger.note import Signer
from bot.ledger.signing import Signing
from bot.settings import ROOT
from bot.store import Journal, open_store

if TYPE_CHECKING:
    from bot.store import Store
    from tests.faults.crowd import Told
    from tests.faults.running import RunningLine


def in_the_log(line: RunningLine) -> Told:
    """Bring in what the journal holds and let the log grow, as a running line would; count what it has."""
    store = open_store(line.database_url)
    journal = Journal(line.journal)
    journal.drain(store.keep_late)
    assert journal.waiting() == 0
    grow(store, line)
    found: Told = Counter()
    places = []
    with store.ledger().reading() as log:
        for routing in store.routings():
            kept = log.route(routing.id)
            assert kept is not None
            places.append(kept.leaf_index)
            found[routing.channel, routing.service] += 1
    assert None not in places
    assert len(set(places)) == len(places)
    store.close()
    return found


def grow(store: Store, line: RunningLine) -> None:
    """Write and sign the log as `signpost worker` does."""
    signer = Signer("line.example/log", secrets.token_bytes(32))
    signing = Signing(store.ledger(), signer.name, [signer], Guard(line.folder / "guard"))
    grower = integrator(load(ROOT / "flows", line.folder / "config"), store)
    now = datetime.now(UTC)
    with store.ledger().holding() as alone:
        assert alone
        signing.refuse_another_tree()
        while grower.grow(now):
            pass
        assert signing.sign(now) is not None
