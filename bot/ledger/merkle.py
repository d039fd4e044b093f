"""The Merkle tree of RFC 6962 over hashes that somebody else keeps: roots, proofs, and their verification.

A tree is asked for through a `Hashes`: the root of each perfect subtree, at `level` (2^level leaves) and
`index` (how many such subtrees stand before it). `bot.ledger.tiles` gives one over stored tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

Hash = bytes
Hashes = Callable[[int, int], Hash]

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> Hash:
    """Hash an entry as a leaf (RFC 6962, 2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """Hash two subtrees as their parent (RFC 6962, 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[Hash]) -> Hash:
    """Hash a perfect subtree whose lowest hashes are given: 1, 2, 4, 8… of them."""
    level = list(hashes)
    while len(level) > 1:
        level = [
            sha256(b"\x01" + level[index] + level[index + 1]).digest() for index in range(0, len(level), 2)
        ]
    return level[0]


def root(hashes: Hashes, size: int) -> Hash:
    """Compute the root of a tree of `size` leaves."""
    return subtree(hashes, 0, size) if size else EMPTY_ROOT


def subtree(hashes: Hashes, start: int, end: int) -> Hash:
    """Compute the hash over the leaves from `start` up to `end`, as the tree is split (RFC 6962, 2.1).

    `start` is a multiple of the largest power of two below the number of leaves, as it is for every
    part that a proof names.
    """
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return hashes(level, start >> level)
    middle = start + _split(count)
    return node_hash(subtree(hashes, start, middle), subtree(hashes, middle, end))


def inclusion_proof(hashes: Hashes, index: int, size: int) -> list[Hash]:
    """Prove that leaf `index` is in the tree of `size` leaves (RFC 6962, 2.1.1), from the leaf upwards.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    proof: list[Hash] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(subtree(hashes, middle, end))
            end = middle
        else:
            proof.append(subtree(hashes, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(hashes: Hashes, old: int, new: int) -> list[Hash]:
    """Prove that the tree of `new` leaves begins with that of `old` leaves (RFC 6962, 2.1.2).

    Raises:
        ValueError: `old` is larger than `new`.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not begin with one of {old}")
    if old in (0, new):
        return []
    proof: list[Hash] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(subtree(hashes, middle, end))
            end = middle
        else:
            proof.append(subtree(hashes, start, middle))
            start, whole = middle, False
    if not whole:
        proof.append(subtree(hashes, start, end))
    return proof[::-1]


def verify_inclusion(leaf: Hash, index: int, size: int, proof: Sequence[Hash], expected: Hash) -> bool:
    """Tell whether a proof leads from a leaf to the root of a tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    fn, sn, found = index, size - 1, leaf
    for one in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(one, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, one)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == expected


def verify_consistency(old: int, new: int, old_root: Hash, new_root: Hash, proof: Sequence[Hash]) -> bool:
    """Tell whether a proof shows that one tree grew out of the other (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return old_root == new_root and not proof
    if old == 0:
        return old_root == EMPTY_ROOT and not proof
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for one in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(one, first), node_hash(one, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, one)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1
