"""A proof that one entry is in the log, in a file of its own (c2sp.org/tlog-proof)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import LedgerError
from bot.ledger.checkpoint import Checkpoint, read_checkpoint
from bot.ledger.merkle import Hash, leaf_hash, verify_inclusion
from bot.ledger.note import Verifier, read_note

HEAD = "c2sp.org/tlog-proof@v1"
_FORM = re.compile(rf"{re.escape(HEAD)}\n(?:extra (\S*)\n)?index (0|[1-9][0-9]*)((?:\n\S+)*)")


@dataclass(frozen=True)
class Proof:
    """Where the entry is, the hashes from it up to the root, and the signed checkpoint.

    `extra` is not proved: here it holds the disclosure, by which a partner finds the record again.
    """

    index: int
    hashes: tuple[Hash, ...]
    checkpoint: str
    extra: bytes = b""

    def __str__(self) -> str:
        """Write the file."""
        extra = [f"extra {base64.b64encode(self.extra).decode()}"] if self.extra else []
        hashes = [base64.b64encode(one).decode() for one in self.hashes]
        return "\n".join([HEAD, *extra, f"index {self.index}", *hashes, "", self.checkpoint])

    def verify(self, entry: bytes, verifiers: Sequence[Verifier]) -> Checkpoint:
        """Check the signature and the way from the entry to the root.

        Raises:
            LedgerError: one of them does not hold.
        """
        note = read_note(self.checkpoint)
        if not note.signed_by(verifiers):
            raise LedgerError("the checkpoint is not signed by a key that you trust")
        checkpoint = read_checkpoint(note.text)
        if not verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.hashes, checkpoint.root):
            raise LedgerError(f"the entry is not leaf {self.index} of the tree that was signed")
        return checkpoint


def read_proof(written: str) -> Proof:
    """Read a proof; nothing is verified.

    Raises:
        LedgerError: it is none.
    """
    head, _, checkpoint = written.partition("\n\n")
    found = _FORM.fullmatch(head)
    try:
        extra, index, hashes = found.groups() if found else ("", "", "-")
        return Proof(
            int(index),
            tuple(base64.b64decode(line, validate=True) for line in hashes.split()),
            checkpoint,
            base64.b64decode(extra or "", validate=True),
        )
    except ValueError:
        raise LedgerError(f"this is no proof: it has not the form {HEAD}") from None
