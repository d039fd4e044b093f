"""Proves that a log is what it was: every leaf, every tile, every signature, and a partner's own records.

Nothing is asked of the program that wrote the log; this reads its files and the partner's own, a bundle at
a time, so a log of any size needs the same memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bot.errors import LedgerError
from bot.ledger.checkpoint import Checkpoint, read_checkpoint
from bot.ledger.merkle import EMPTY_ROOT, Hash, leaf_hash, node_hash, perfect_root
from bot.ledger.note import Verifier, read_note
from bot.ledger.record import Disclosure
from bot.ledger.sequence import Sequenced
from bot.ledger.source import Source, read_tile
from bot.ledger.tiles import ENTRIES, WIDTH, Tile, split_entries

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Trust:
    """Whose signatures count: keys of the log, of which one must have signed, and witnesses."""

    keys: Sequence[Verifier]
    witnesses: Sequence[Verifier] = ()
    quorum: int = 0


@dataclass(frozen=True)
class Verified:
    """What was proved: the checkpoint, who vouches for it, how many leaves of each kind, and the records.

    `numbers` are a partner's first and last that were given, and `tallied_to` is the day of the last tally:
    whoever left out the end of the records, or their tallies, is seen by these alone.
    """

    checkpoint: Checkpoint
    signed_by: tuple[Verifier, ...]
    witnessed_by: tuple[Verifier, ...]
    kinds: dict[str, int]
    records: int
    numbers: tuple[int, int] | None
    tallied_to: date | None
    grown_from: int | None


@dataclass
class Growing:
    """A tree that is built again from its leaves, tile by tile, with only its right edge in memory."""

    levels: list[list[Hash]] = field(default_factory=lambda: [[]])
    counts: list[int] = field(default_factory=lambda: [0])

    def add(self, leaves: Sequence[Hash]) -> Iterator[tuple[Tile, list[Hash]]]:
        """Add leaves, at most to the end of a tile; give each tile that this has filled."""
        self.levels[0].extend(leaves)
        self.counts[0] += len(leaves)
        level = 0
        while len(self.levels[level]) == WIDTH:
            filled = self.levels[level]
            yield Tile(level, self.counts[level] // WIDTH - 1), filled
            self.levels[level] = []
            if level + 1 == len(self.levels):
                self.levels.append([])
                self.counts.append(0)
            level += 1
            self.levels[level].append(perfect_root(filled))
            self.counts[level] += 1

    def edge(self) -> Iterator[tuple[Tile, list[Hash]]]:
        """Give the tiles that are not full."""
        for level, hashes in enumerate(self.levels):
            if hashes:
                yield Tile(level, self.counts[level] // WIDTH, len(hashes)), hashes

    def root(self) -> Hash:
        """The root over all leaves so far: the perfect parts of each level, from the right."""
        found: Hash | None = None
        for hashes in self.levels:
            end = len(hashes)
            for size in (1 << bit for bit in range(8) if len(hashes) >> bit & 1):
                part = perfect_root(hashes[end - size : end])
                found, end = part if found is None else node_hash(part, found), end - size
        return EMPTY_ROOT if found is None else found


def verify(
    source: Source,
    trust: Trust,
    *,
    records: Iterable[Disclosure] | None = None,
    since: str | None = None,
    progress: Progress = lambda _done, _size: None,
) -> Verified:
    """Check a whole log.

    Args:
        source: where its files are.
        trust: whose signatures count.
        records: a partner's own, in the order of the log.
        since: a checkpoint that was kept earlier, as it was signed; the log must have grown out of it.
        progress: called with how many leaves are done, and how many there are.

    Raises:
        LedgerError: something does not hold; the message says what and where.
    """
    checkpoint, signed_by, witnessed_by = _open(_checkpoint_file(source), trust, "the checkpoint")
    earlier = None
    if since is not None:  # it may have been kept before a witness had answered
        earlier, _, _ = _open(since, replace(trust, quorum=0), "the earlier checkpoint")
    if earlier and earlier.size > checkpoint.size:
        raise LedgerError(f"the log has shrunk: it had {earlier.size} leaves, and has {checkpoint.size} now")
    tree, sequenced = Growing(), Sequenced(iter(records) if records is not None else iter(()))
    for number in range(-(-checkpoint.size // WIDTH)):
        width = min(WIDTH, checkpoint.size - number * WIDTH)
        entries = _entries(source, Tile(ENTRIES, number, width))
        for at, entry in enumerate(entries, number * WIDTH):
            sequenced.take(at, entry)
        _build(source, tree, [leaf_hash(entry) for entry in entries], earlier)
        progress(number * WIDTH + width, checkpoint.size)
    for tile, hashes in tree.edge():
        _same(source, tile, hashes)
    if tree.root() != checkpoint.root:
        raise LedgerError("the checkpoint's root is not that of the leaves: another tree was signed")
    if earlier and earlier.size == 0 and earlier.root != EMPTY_ROOT:
        raise LedgerError("the earlier checkpoint is of another log")
    sequenced.end()
    grown_from = earlier.size if earlier else None
    return Verified(
        checkpoint,
        signed_by,
        witnessed_by,
        dict(sequenced.kinds),
        sequenced.records,
        sequenced.numbers,
        sequenced.tallied_to,
        grown_from,
    )


def _checkpoint_file(source: Source) -> str:
    written = source.file("checkpoint")
    if written is None:
        raise LedgerError("there is no checkpoint")
    return written.decode("utf-8", "replace")


def _open(
    written: str, trust: Trust, what: str
) -> tuple[Checkpoint, tuple[Verifier, ...], tuple[Verifier, ...]]:
    try:
        note = read_note(written)
        signed_by = note.signed_by(trust.keys)
        checkpoint = read_checkpoint(note.text)
        # A witness that is given twice, or under two names, is one witness.
        witnessed = note.signed_by(list({one.public: one for one in trust.witnesses}.values()))
    except LedgerError as fault:
        raise LedgerError(f"{what}: {fault}") from None
    if not signed_by:
        raise LedgerError(f"{what} is not signed by any of the given keys")
    if checkpoint.origin != signed_by[0].name:
        raise LedgerError(f"{what} is of the log {checkpoint.origin}, not of {signed_by[0].name}")
    if len(witnessed) < trust.quorum:
        raise LedgerError(f"{what} is vouched for by {len(witnessed)} witnesses, not by {trust.quorum}")
    return checkpoint, signed_by, witnessed


def _entries(source: Source, tile: Tile) -> list[bytes]:
    data = read_tile(source, tile)
    try:
        entries = split_entries(data)
    except LedgerError as fault:
        raise LedgerError(f"{tile.path} {fault}") from None
    if len(entries) > tile.width:
        raise LedgerError(f"{tile.path} has more after its last entry, {tile.width - 1}")
    if len(entries) < tile.width:
        raise LedgerError(f"{tile.path} has {len(entries)} entries, not {tile.width}")
    return entries


def _build(source: Source, tree: Growing, leaves: list[Hash], earlier: Checkpoint | None) -> None:
    """Add a bundle's leaves, and stop at an earlier checkpoint's size on the way to compare the roots."""
    cut = earlier.size - tree.counts[0] if earlier else 0
    if earlier and 0 < cut <= len(leaves):
        _fill(source, tree, leaves[:cut])
        if tree.root() != earlier.root:
            raise LedgerError(
                f"the log's first {earlier.size} leaves are not those of the earlier checkpoint: "
                "something was altered, removed or put in since, or two people were shown two logs"
            )
        leaves = leaves[cut:]
    _fill(source, tree, leaves)


def _fill(source: Source, tree: Growing, leaves: list[Hash]) -> None:
    for tile, hashes in tree.add(leaves):
        _same(source, tile, hashes)


def _same(source: Source, tile: Tile, hashes: list[Hash]) -> None:
    if read_tile(source, tile) != b"".join(hashes):
        what = "the entries below it" if tile.level == 0 else "the tiles below it"
        raise LedgerError(f"{tile.path} does not fit {what}")
