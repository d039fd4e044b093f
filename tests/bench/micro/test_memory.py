"""What is said of memory is so."""

from __future__ import annotations

from tests.bench.micro.memory import allocations, peak_bytes

MEGABYTE = 1_000_000


def nothing() -> None:
    """Take nothing."""


def keep_a_thousand() -> list[object]:
    """Take a thousand objects, and a list for them."""
    return [object() for _ in range(1000)]


def drop_a_megabyte() -> None:
    """Take much, and give it back."""
    taken = bytes(MEGABYTE)
    del taken


def test_peak_is_what_was_held_at_once() -> None:
    assert peak_bytes(nothing) < 1000
    assert MEGABYTE <= peak_bytes(drop_a_megabyte) < MEGABYTE * 1.01


def test_allocations_are_counted_one_by_one() -> None:
    assert allocations(nothing) < 5
    # A thousand objects, the numbers from 257 to 999 (Python keeps smaller ones), and the list as it grows.
    assert 1000 <= allocations(keep_a_thousand) < 1900
    assert allocations(drop_a_megabyte) < 10
