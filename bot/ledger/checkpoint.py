"""Checkpoints: what a log promises, in three lines that are signed (c2sp.org/tlog-checkpoint)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from bot.errors import LedgerError
from bot.ledger.merkle import HASH_BYTES, Hash

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
LEAST_LINES = 3


@dataclass(frozen=True)
class Checkpoint:
    """A log by its name, how many leaves it has, and the root over them."""

    origin: str
    size: int
    root: Hash

    @property
    def text(self) -> str:
        """The note that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def read_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note as a checkpoint. Further lines (extensions) are allowed and not read.

    Raises:
        LedgerError: it is none.
    """
    lines = text.split("\n")
    if len(lines) <= LEAST_LINES or lines[-1] or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise LedgerError("this is no checkpoint: origin, size and root are not there")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError:
        root = b""
    if len(root) != HASH_BYTES:
        raise LedgerError("this is no checkpoint: its root is no hash")
    return Checkpoint(lines[0], int(lines[1]), root)
