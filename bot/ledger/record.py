"""What stands behind a leaf, and what the leaf shows of it.

The log holds commitments: HMAC-SHA256 of a record under a salt that only its partner gets with the record.
So everybody can count and check leaves, each partner can open its own, and nobody can guess another's.
Records hold no person: no number, no hash of one, no words.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from bot.errors import LedgerError

Value = str | int | bool | None
Record = Mapping[str, Value]
Kind = Literal["route", "outcome", "tally", "heartbeat", "purge"]

VERSION = 1
SALT_BYTES = 32
COMMITTED: frozenset[str] = frozenset({"route", "outcome", "tally"})
_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
PLAIN: frozenset[str] = frozenset({"heartbeat", "purge"})
_COMMITTED_ENTRY = re.compile(
    rf'{{"c":"([0-9a-f]{{64}})","k":"({"|".join(sorted(COMMITTED))})","v":{VERSION}}}'.encode()
)


def canonical(record: Record) -> bytes:
    """Write a record in the one way in which it is hashed: keys in order, no spaces, UTF-8."""
    return _WRITER.encode(record).encode()


def commitment(salt: bytes, record: Record) -> str:
    """Commit to a record: 64 hexadecimal digits that say nothing without the salt."""
    return _commitment(salt, canonical(record))


def committed_entry(salt: bytes, record: Record) -> bytes:
    """Write the leaf of a record, which must have one of the kinds that are COMMITTED."""
    return entry_of(salt, str(record["kind"]), canonical(record))


def entry_of(salt: bytes, kind: str, written: bytes) -> bytes:
    """Write the leaf of a record that `canonical` wrote.

    As `canonical` would write it, in a third of the time: there is nothing in it to escape or to sort.
    """
    return f'{{"c":"{_commitment(salt, written)}","k":"{kind}","v":{VERSION}}}'.encode()


def _commitment(salt: bytes, written: bytes) -> str:
    return hmac.digest(salt, written, "sha256").hex()


def heartbeat_entry(at: datetime) -> bytes:
    """Write the leaf that says the log was alive at a moment (aware)."""
    return canonical({"at": moment(at), "k": "heartbeat", "v": VERSION})


def purge_entry(at: datetime, before: datetime, count: int) -> bytes:
    """Write the leaf that says how many records from before a moment have been deleted."""
    return canonical({"at": moment(at), "before": moment(before), "count": count, "k": "purge", "v": VERSION})


@dataclass(frozen=True)
class Leaf:
    """A leaf as it was read: its kind, its commitment ("" for a plain one), its fields."""

    kind: str
    commitment: str
    fields: Record


def read_entry(entry: bytes) -> Leaf:
    """Read a leaf.

    Raises:
        LedgerError: it is none that this program writes.
    """
    if known := _COMMITTED_ENTRY.fullmatch(entry):  # nearly all are; the rest is read at leisure
        committed, kind = known[1].decode(), known[2].decode()
        return Leaf(kind, committed, {"c": committed, "k": kind, "v": VERSION})
    try:
        fields: dict[str, Value] = json.loads(entry)
        kind, committed = str(fields["k"]), str(fields.get("c", ""))
        plain = canonical(fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):  # "[[[[…" goes too deep
        raise LedgerError("is no entry of this log") from None
    if plain != entry:
        raise LedgerError("is written in another form than this log's")
    if fields.get("v") != VERSION or kind not in COMMITTED | PLAIN or (kind in COMMITTED) != bool(committed):
        raise LedgerError(f"is an entry of another version or kind ({kind})")
    return Leaf(kind, committed, fields)


@dataclass(frozen=True)
class Disclosure:
    """A record as its partner gets it, with what opens its commitment and where that stands."""

    leaf_index: int
    salt: bytes
    record: Record

    def line(self) -> str:
        """Write it as one line of JSON."""
        given = {"leaf_index": self.leaf_index, "record": dict(self.record), "salt": self.salt.hex()}
        return json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read_disclosure(line: str) -> Disclosure:
    """Read one line of a records file.

    Raises:
        LedgerError: it is none.
    """
    try:
        given = json.loads(line)
        index, salt, record = given["leaf_index"], bytes.fromhex(given["salt"]), given["record"]
        canonical(record)  # half a surrogate pair is JSON, and no text
    except (ValueError, TypeError, KeyError, RecursionError):
        raise LedgerError("is no record of this log") from None
    if not isinstance(index, int) or isinstance(index, bool) or index < 0 or not isinstance(record, dict):
        raise LedgerError("is no record of this log")
    return Disclosure(index, salt, record)


def moment(at: datetime) -> str:
    """Write a moment (aware) in UTC to the second: 2026-11-24T10:10:00Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(written: Value) -> datetime:
    """Read a moment as `moment` writes it.

    Raises:
        LedgerError: it is none.
    """
    try:
        return datetime.strptime(str(written), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise LedgerError(f"{written!r} is no moment") from None
