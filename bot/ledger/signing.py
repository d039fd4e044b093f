"""Signs the tree as it stands, unless it is not the one that was signed before.

Whatever is signed can never be taken back: a partner may hold it. So the guard's checkpoint (the last
that was signed, kept apart from the database) must be the beginning of the tree, and that is proved before
each signature. The guard is written first and the database second: a process that is killed in between
signs the same tree again, with the same bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.kept import KeptCheckpoint
from bot.errors import LedgerError
from bot.ledger import merkle
from bot.ledger.checkpoint import Checkpoint, read_checkpoint
from bot.ledger.guard import Guard
from bot.ledger.integrator import LedgerStore, LedgerTransaction, reader
from bot.ledger.note import Signer, read_note, sign
from bot.ledger.tiles import hashes_in

RESTORED = (
    "was the database restored from a backup? Bring back the newest state (replay its log, or restore a "
    "later backup); if that is lost for good, begin a new log under another LEDGER_ORIGIN, and tell the "
    "partners"
)


@dataclass(frozen=True)
class Signing:
    """Who signs, as which log, and where the last checkpoint is kept besides the database."""

    store: LedgerStore
    origin: str
    signers: Sequence[Signer]
    guard: Guard

    def __post_init__(self) -> None:
        """Make sure that the keys are this log's.

        Raises:
            LedgerError: there is none, or one has another name.
        """
        if not self.signers:
            raise LedgerError("there is no signing key; `signpost log keygen` makes one for LEDGER_KEYS")
        for signer in self.signers:
            if signer.name != self.origin:
                cure = f"make one with `signpost log keygen {self.origin} FILE`, or correct LEDGER_ORIGIN"
                raise LedgerError(f"a key in LEDGER_KEYS is {signer.name}'s, not {self.origin}'s; {cure}")

    def refuse_another_tree(self) -> None:
        """Compare the tree with what was signed, before anything is added to it; see the function below."""
        refuse_another_tree(self.store, self.origin, self.guard)

    def follow(self) -> None:
        """Keep this machine's guard up to what another machine's worker has signed.

        Raises:
            LedgerError: that did not grow out of what the guard has.
            StoreError: the database failed.
        """
        with self.store.transaction() as transaction:
            _, kept = _compare(transaction, self.origin, self.guard)
            if kept is not None:
                self._catch_up(kept)

    def adopt(self) -> None:
        """Begin this machine's guard with what the database says was signed, if there is no guard yet.

        For a machine that joins others, told by the operator: without a guard nobody can tell
        whether the database is the newest.
        """
        with self.store.transaction() as transaction:
            kept = transaction.checkpoint()
        if kept is not None and self.guard.read() is None:
            self.guard.write(kept.note)

    def _catch_up(self, kept: KeptCheckpoint) -> None:
        guarded = self.guard.read()
        if guarded is not None and read_checkpoint(read_note(guarded).text).size < kept.size:
            self.guard.write(kept.note)

    def sign(self, now: datetime) -> KeptCheckpoint | None:
        """Sign the tree, keep the checkpoint in the guard and then in the database; None if it is signed.

        Raises:
            LedgerError: the tree is not what was signed before, or the guard can't be written.
            StoreError: the database failed. The checkpoint may be in the guard; that is harmless.
        """
        with self.store.transaction() as transaction:
            tree, kept = _compare(transaction, self.origin, self.guard)
            if kept is not None and kept.size == tree.size:
                self._catch_up(kept)
                return None
            note = sign(tree.text, self.signers)
            self.guard.write(str(note))
            signed = KeptCheckpoint(tree.size, base64.b64encode(tree.root).decode(), str(note), now)
            transaction.keep_checkpoint(signed)
            return signed


def refuse_another_tree(store: LedgerStore, origin: str, guard: Guard) -> None:
    """Compare the tree with what was signed.

    Raises:
        LedgerError: it does not begin with what was signed, or the guard can't be read.
        StoreError: the database failed.
    """
    with store.transaction() as transaction:
        _compare(transaction, origin, guard)


def _compare(
    transaction: LedgerTransaction, origin: str, guard: Guard
) -> tuple[Checkpoint, KeptCheckpoint | None]:
    """Read the tree back from its tiles, and prove that it begins with all that was signed."""
    size = transaction.head().size
    hashes = hashes_in(reader(transaction), size)
    tree = Checkpoint(origin, size, merkle.root(hashes, size))
    kept, guarded = transaction.checkpoint(), guard.read()
    if guarded is None and kept is not None:
        cure = (
            "put it back, or what a partner or witness holds: its newest checkpoint, as it was signed; on a "
            "machine that only joins others, start `signpost worker --adopt` once"
        )
        raise LedgerError(f"the guard {guard.path} is missing, though {kept.size} leaves were signed; {cure}")
    for where, written in (("the guard", guarded), ("the database", kept.note if kept else None)):
        if written is not None:
            _grown_out_of(tree, where, written, hashes)
    return tree, kept


def _grown_out_of(tree: Checkpoint, where: str, written: str, hashes: merkle.Hashes) -> None:
    """Raise LedgerError unless the tree begins with that of a checkpoint."""
    try:
        old = read_checkpoint(read_note(written).text)
    except LedgerError as fault:
        raise LedgerError(f"{where} holds no checkpoint ({fault}); nothing is signed") from fault
    name = f"{where}'s checkpoint"
    if old.origin != tree.origin:
        raise LedgerError(f"{name} is of the log {old.origin}, not of {tree.origin}; nothing is signed")
    if old.size > tree.size:
        raise LedgerError(
            f"{old.size} leaves were signed ({name}), and the database has {tree.size}: "
            f"nothing is signed; {RESTORED}"
        )
    proof = merkle.consistency_proof(hashes, old.size, tree.size)
    if not merkle.verify_consistency(old.size, tree.size, old.root, tree.root, proof):
        raise LedgerError(
            f"the database's first {old.size} leaves are not those that were signed ({name}): "
            f"nothing is signed; {RESTORED}"
        )
