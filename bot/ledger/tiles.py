"""The tree in tiles: 256 hashes to a tile, a hash of each full tile in the tile above (c2sp.org/tlog-tiles).

A `Tile` names a place in the log: level 0 holds the hashes of the leaves, ENTRIES the leaves themselves.
What has been written never changes, save that the last tile of each level grows until it is full.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.errors import LedgerError
from bot.ledger.merkle import HASH_BYTES, Hash, Hashes, leaf_hash, perfect_root

WIDTH = 256
HEIGHT = 8
ENTRIES = -1
LONGEST_ENTRY_BYTES = 0xFFFF
_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, order=True)
class Tile:
    """Which tile: its level (ENTRIES for a bundle of entries), its number in the level, how wide it is."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it is served: tile/0/x001/x234/067, or tile/entries/000.p/5 while it is not full."""
        digits = f"{self.number:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        level = "entries" if self.level == ENTRIES else self.level
        return f"tile/{level}/{number}" + (f".p/{self.width}" if self.width < WIDTH else "")


Read = Callable[[Tile], bytes]


def read_path(path: str) -> Tile | None:
    """Read a path as `Tile.path` writes it; None when it is written in any other way."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    level, number, width = found.groups()
    tile = Tile(
        ENTRIES if level == "entries" else int(level),
        int(number.replace("x", "").replace("/", "")),
        int(width or WIDTH),
    )
    return tile if tile.path == path else None


def tiles_of(size: int) -> Iterator[Tile]:
    """Name every tile of a tree, the bundles of entries first and then level by level."""
    for level in (ENTRIES, *range(64 // HEIGHT)):
        count = size >> HEIGHT * max(level, 0)
        for number in range(count // WIDTH):
            yield Tile(level, number)
        if count % WIDTH:
            yield Tile(level, count // WIDTH, count % WIDTH)


def edge_tiles(size: int) -> Iterator[Tile]:
    """Name the tiles of a tree that are not full yet, from the entries upwards."""
    for level in (ENTRIES, *range(64 // HEIGHT)):
        count = size >> HEIGHT * max(level, 0)
        if count % WIDTH:
            yield Tile(level, count // WIDTH, count % WIDTH)


def grow(size: int, read: Read, entries: Sequence[bytes]) -> dict[Tile, bytes]:
    """Add entries to a tree of `size` leaves; give every tile that is new or has grown.

    Args:
        size: how many leaves there are.
        read: gives a tile of that tree; only the edge is read, the tiles of `edge_tiles(size)`.
        entries: what to add, in order.

    Returns:
        The new contents by tile: each tile that has filled up, and the unfilled one of each level.

    Raises:
        LedgerError: an entry is too long for its bundle, or the edge can't be read.
    """
    edge = {tile.level: read(tile) for tile in edge_tiles(size)}
    grown = dict(_cut(ENTRIES, size, edge.get(ENTRIES, b""), [encode_entry(entry) for entry in entries]))
    level, count, hashes = 0, size, [leaf_hash(entry) for entry in entries]
    while hashes:
        kept = edge.get(level, b"")
        filled = []
        for tile, data in _cut(level, count, kept, hashes):
            grown[tile] = data
            if tile.width == WIDTH:
                filled.append(perfect_root(split_hashes(data)))
        level, count, hashes = level + 1, count // WIDTH, filled
    return grown


def _cut(level: int, count: int, kept: bytes, new: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
    """Put new pieces behind those of the unfilled tile, and cut the whole into tiles."""
    number, width = divmod(count, WIDTH)
    start = 0
    while start < len(new):
        taken = new[start : start + WIDTH - width]
        yield Tile(level, number, width + len(taken)), kept + b"".join(taken)
        start, number, width, kept = start + len(taken), number + 1, 0, b""


def hashes_in(read: Read, size: int) -> Hashes:
    """Give the hash of any perfect subtree of a tree of `size` leaves, read from its tiles."""

    def subtree_hash(level: int, index: int) -> Hash:
        tile_level, below = divmod(level, HEIGHT)
        number, at = divmod(index << below, WIDTH)
        width = min(WIDTH, (size >> HEIGHT * tile_level) - number * WIDTH)
        data = read(Tile(tile_level, number, width))
        if len(data) != width * HASH_BYTES:
            raise LedgerError(f"{Tile(tile_level, number, width).path} has {len(data)} bytes")
        return perfect_root(split_hashes(data[at * HASH_BYTES : (at + (1 << below)) * HASH_BYTES]))

    return subtree_hash


def kept_under_full_paths(kept: Callable[[str], bytes | None]) -> Read:
    """Read tiles that are each kept once, as wide as they have grown, under the full tile's path."""

    def read(tile: Tile) -> bytes:
        data = kept(Tile(tile.level, tile.number).path)
        if data is None:
            raise LedgerError(f"{tile.path} is missing from the database; restore it from a backup")
        return cut_to(tile, data)

    return read


def cut_to(tile: Tile, data: bytes) -> bytes:
    """Cut what has grown back to the width that is asked for.

    Raises:
        LedgerError: it has not grown that far.
    """
    if tile.level == ENTRIES:
        entries = split_entries(data)
        if len(entries) < tile.width:
            raise LedgerError(f"{tile.path} has {len(entries)} entries")
        return join_entries(entries[: tile.width])
    if len(data) < tile.width * HASH_BYTES:
        raise LedgerError(f"{tile.path} has {len(data) // HASH_BYTES} hashes")
    return data[: tile.width * HASH_BYTES]


def encode_entry(entry: bytes) -> bytes:
    """Write an entry as it stands in a bundle: its length in two bytes, then itself.

    Raises:
        LedgerError: it is longer than that can say.
    """
    if len(entry) > LONGEST_ENTRY_BYTES:
        raise LedgerError(f"an entry of {len(entry)} bytes is longer than {LONGEST_ENTRY_BYTES}")
    return len(entry).to_bytes(2, "big") + entry


def split_entries(bundle: bytes) -> list[bytes]:
    """Read the entries of a bundle.

    Raises:
        LedgerError: it ends in the middle of one.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if end > len(bundle) or at + 2 > len(bundle):
            raise LedgerError(f"ends in the middle of entry {len(entries)}")
        entries.append(bundle[at + 2 : end])
        at = end
    return entries


def split_hashes(data: bytes) -> list[Hash]:
    """Read the hashes of a tile."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def join_entries(entries: Iterable[bytes]) -> bytes:
    """Write a bundle."""
    return b"".join(encode_entry(entry) for entry in entries)
