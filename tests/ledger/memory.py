"""Tiles that are kept in memory."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import LedgerError
from bot.ledger.tiles import Read, Tile, cut_to


def in_memory(blobs: Mapping[tuple[int, int], bytes]) -> Read:
    """Read tiles that are kept under their level and number, as wide as they have grown."""

    def read(tile: Tile) -> bytes:
        try:
            return cut_to(tile, blobs[tile.level, tile.number])
        except KeyError:
            raise LedgerError(f"{tile.path} is not there") from None

    return read
