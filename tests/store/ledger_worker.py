"""Route, integrate and sign: `python -m tests.store.ledger_worker URL GUARD ROUNDS`.

Each checkpoint's size and root are printed once it has been signed.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import StoreError
from bot.ledger.guard import Guard
from bot.ledger.integrator import Integrator
from bot.ledger.note import Signer
from bot.ledger.signing import Signing
from bot.store import Decision, open_store
from tests.store.samples import LATER, NOW, ROUTING

if TYPE_CHECKING:
    from bot.store import Store

SIGNER = Signer("line.example/log", bytes(range(32)))


def integrator(store: Store, *, paced: bool = False) -> Integrator:
    """Make one for a store."""
    return Integrator(
        store.ledger(), ["mine"], lambda service: service, lambda: os.urandom(32), 500, paced=paced
    )


def signing(store: Store, guard: Path) -> Signing:
    """Make one with the tests' key."""
    return Signing(store.ledger(), SIGNER.name, [SIGNER], Guard(guard))


def work(url: str, guard: Path, rounds: int) -> None:
    """Route somebody each round; take and sign whatever waits."""
    store = open_store(url)
    for number in range(rounds):
        name = f"{os.getpid()}-{number}"
        decision = Decision("", None, replace(ROUTING, id=name, partner="mine"))
        store.take(name, name, NOW, LATER, lambda _before, decision=decision: decision)  # type: ignore[misc]  # bound here
        with store.ledger().holding() as alone:
            if not alone:
                continue
            integrator(store).grow(NOW)
            signed = signing(store, guard).sign(datetime.now(UTC))
        if signed is not None:
            sys.stdout.write(f"{signed.size} {signed.root}\n")
            sys.stdout.flush()
    store.close()


if __name__ == "__main__":
    try:
        work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    except StoreError as fault:
        sys.exit(str(fault))
