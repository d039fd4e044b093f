"""Proves that the log has a record, in a file that needs nothing else."""

from __future__ import annotations

from bot.core.kept import KeptCheckpoint, KeptOutcome, KeptRoute, KeptTally
from bot.errors import LedgerError
from bot.ledger import merkle
from bot.ledger.entries import record_of
from bot.ledger.proof import Proof
from bot.ledger.record import Disclosure
from bot.ledger.tiles import Read, hashes_in


def disclosure(row: KeptRoute | KeptOutcome | KeptTally) -> Disclosure:
    """Give a record with what opens its commitment, for its own partner alone.

    Raises:
        LedgerError: the log has it not yet.
    """
    if row.leaf_index is None or row.salt is None:
        raise LedgerError("the log has this record not yet; that takes at most a minute")
    return Disclosure(row.leaf_index, bytes.fromhex(row.salt), record_of(row))


def prove(read: Read, row: KeptRoute | KeptOutcome | KeptTally, checkpoint: KeptCheckpoint | None) -> Proof:
    """Prove that a record is under a signed checkpoint.

    Raises:
        LedgerError: it is not under it yet, or a tile is missing.
    """
    given = disclosure(row)
    if checkpoint is None or checkpoint.size <= given.leaf_index:
        raise LedgerError("no checkpoint covers this record yet; that takes at most a minute")
    size = checkpoint.size
    hashes = merkle.inclusion_proof(hashes_in(read, size), given.leaf_index, size)
    return Proof(given.leaf_index, tuple(hashes), checkpoint.served, given.line().encode())
