"""The tree, held to RFC 6962's own vectors and to its definition, computed the slow way."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LedgerError
from bot.ledger import merkle, tiles
from bot.ledger.tiles import ENTRIES, WIDTH, Tile
from tests.ledger.memory import in_memory

# The inputs and roots that Certificate Transparency's implementations share.
INPUTS = [
    bytes.fromhex(h)
    for h in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def definition(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\1" + definition(entries[:k]) + definition(entries[k:])).digest()


class Log:
    """Tiles in memory, grown in steps."""

    def __init__(self) -> None:
        self.blobs: dict[tuple[int, int], bytes] = {}
        self.size = 0

    def add(self, entries: list[bytes]) -> None:
        grown = tiles.grow(self.size, in_memory(self.blobs), entries)
        self.blobs |= {(tile.level, tile.number): data for tile, data in grown.items()}
        self.size += len(entries)

    @property
    def hashes(self) -> merkle.Hashes:
        return tiles.hashes_in(in_memory(self.blobs), self.size)

    def root(self, size: int | None = None) -> bytes:
        return merkle.root(self.hashes, self.size if size is None else size)


def log_of(entries: list[bytes], *cuts: int) -> Log:
    log, start = Log(), 0
    for cut in [*sorted(cuts), len(entries)]:
        log.add(entries[start:cut])
        start = max(start, cut)
    return log


def numbered(count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(count)]


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert log_of(INPUTS[:size]).root().hex() == ROOTS[size]
    assert definition(INPUTS[:size]).hex() == ROOTS[size]


@given(
    entries=st.lists(st.binary(max_size=8), max_size=40) | st.integers(250, 260).map(numbered),
    cuts=st.lists(st.integers(0, 260), max_size=4),
)
def test_tree_grown_in_any_steps_is_the_one_of_the_definition(entries: list[bytes], cuts: list[int]) -> None:
    log = log_of(entries, *[min(cut, len(entries)) for cut in cuts])
    assert log.root() == definition(entries)
    kept = in_memory(log.blobs)
    found = [
        entry
        for tile in tiles.tiles_of(len(entries))
        if tile.level == ENTRIES
        for entry in tiles.split_entries(kept(tile))
    ]
    assert found == entries


@given(st.data())
def test_every_proof_holds_and_no_other(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    entries = numbered(size)
    log = log_of(entries)
    index = data.draw(st.integers(0, size - 1))
    leaf, root = merkle.leaf_hash(entries[index]), log.root()
    proof = merkle.inclusion_proof(log.hashes, index, size)
    assert merkle.verify_inclusion(leaf, index, size, proof, root)
    other = data.draw(st.integers(0, size - 1))
    assert merkle.verify_inclusion(leaf, other, size, proof, root) == (other == index)
    assert not merkle.verify_inclusion(leaf, index, size, [*proof, leaf], root)
    assert not merkle.verify_inclusion(leaf, index, size, proof[1:], root) or not proof
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"another"), index, size, proof, root)


@given(st.data())
def test_growth_is_proved_and_no_other_past(data: st.DataObject) -> None:
    new = data.draw(st.integers(0, 70))
    old = data.draw(st.integers(0, new))
    log = log_of(numbered(new))
    old_root, new_root = log.root(old), log.root()
    proof = merkle.consistency_proof(log.hashes, old, new)
    assert merkle.verify_consistency(old, new, old_root, new_root, proof)
    assert not merkle.verify_consistency(old, new, old_root, new_root, [*proof, new_root])
    if old:
        past = definition([b"altered", *numbered(new)[1:old]])
        assert not merkle.verify_consistency(old, new, past, new_root, proof)


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_third_level_of_tiles_begins_where_it_should(size: int) -> None:
    log = log_of(numbered(size), 1, 255, 256, 257, 65_535, 65_536)
    levels = {tile.level for tile in tiles.tiles_of(size)}
    assert levels == ({ENTRIES, 0, 1, 2} if size >= 65_536 else {ENTRIES, 0, 1})
    index = size - 1
    proof = merkle.inclusion_proof(log.hashes, index, size)
    assert merkle.verify_inclusion(merkle.leaf_hash(b"entry %d" % index), index, size, proof, log.root())
    assert merkle.verify_consistency(
        256, size, log.root(256), log.root(), merkle.consistency_proof(log.hashes, 256, size)
    )


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 999, 17), "tile/1/999.p/17"),
        (Tile(ENTRIES, 1000), "tile/entries/x001/000"),
        (Tile(ENTRIES, 5, 1), "tile/entries/005.p/1"),
    ],
)
def test_paths_are_those_of_tlog_tiles(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert tiles.read_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/0/x000/001",
        "tile/64/000",
        "tile/00/000",
        "tile/0/000.p/256",
        "tile/0/000.p/0",
        "tile/0/000.p/07",
        "tile/0/1234067",
        "tile/data/000",
        "../tile/0/000",
        "tile/0/000\n",
    ],
)
def test_paths_that_are_written_otherwise_are_none(path: str) -> None:
    assert tiles.read_path(path) is None


def test_tiles_of_seventy_thousand_are_as_the_specification_counts_them() -> None:
    named = list(tiles.tiles_of(70_000))
    assert sum(tile.level == 0 and tile.width == WIDTH for tile in named) == 273
    partial = {(tile.level, tile.width) for tile in named if tile.width < WIDTH}
    assert partial == {(ENTRIES, 112), (0, 112), (1, 17), (2, 1)}


def test_bundle_that_ends_in_the_middle_of_an_entry_is_refused() -> None:
    bundle = tiles.join_entries([b"first", b"second"])
    for cut in (1, 3, len(bundle) - 1, 8):
        with pytest.raises(LedgerError, match="middle"):
            tiles.split_entries(bundle[:cut])


def test_entry_that_is_too_long_for_its_length_is_refused() -> None:
    with pytest.raises(LedgerError):
        tiles.encode_entry(bytes(65_536))


def test_there_is_no_proof_of_what_is_not_there() -> None:
    log = log_of(numbered(3))
    with pytest.raises(ValueError, match="no leaf 3"):
        merkle.inclusion_proof(log.hashes, 3, 3)
    with pytest.raises(ValueError, match="does not begin"):
        merkle.consistency_proof(log.hashes, 4, 3)
