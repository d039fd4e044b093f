"""The rule for numbers about others, and that no arithmetic on what is shown gets around it."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.disclosure import HIDDEN_TEXT, Shown, ShownTable, month_of, protect, show, total

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
Counts = list[dict[str, int]]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        *((0, "0"), (1, "fewer than 8"), (7, "fewer than 8"), (8, "10"), (12, "10"), (13, "15")),
        *((97, "95"), (98, "100"), (1232, "1,230"), (1233, "1,235")),
    ],
)
def test_a_count_is_shown_by_the_rule(count: int, text: str) -> None:
    assert show(count).text == text


@given(st.integers(0, 10**7), st.sampled_from([5, 10, 20, 50, 100]))
def test_what_is_shown_never_excludes_the_truth_and_never_says_more_than_the_rule(
    count: int, step: int
) -> None:
    shown = show(count, step)
    assert shown.low <= count <= shown.high
    assert {show(other, step) for other in range(shown.low, shown.high + 1)} == {shown}
    assert not shown.hidden or (shown.low, shown.high) == (1, 7)


def test_a_negative_count_is_a_fault() -> None:
    with pytest.raises(ValueError, match="can't be -1"):
        show(-1)


@st.composite
def tables_of_one_sum(draw: st.DrawFn) -> dict[str, dict[str, int]]:
    """Up to four properties of the same routings: each routing gets a value of each."""
    size = st.one_of(st.integers(0, 4), st.integers(0, 12), st.integers(0, 60))
    first = draw(st.lists(size, min_size=1, max_size=5))
    found = {"a": dict(zip("vwxyz", first, strict=False))}
    for name in draw(st.sampled_from(["", "b", "bc", "bcd"])):
        cuts = sorted(draw(st.lists(st.integers(0, sum(first)), max_size=3)))
        bounds = [0, *cuts, sum(first)]
        parts = [high - low for low, high in pairwise(bounds)]
        found[name] = dict(zip("vwxyz", parts, strict=False))
    return found


def sums_of(cells: list[Shown]) -> set[int]:
    """Every sum that cells can have, found by trying; nothing is taken from the code under test."""
    sums = {0}
    for cell in cells:
        sums = {one + value for one in sums for value in range(cell.low, cell.high + 1)}
    return sums


def possible_values(shown: Mapping[str, ShownTable[str]], name: str, key: str) -> set[int]:
    """What one who sees every table can still think of one cell."""
    others = [sums_of(list(table.values())) for other, table in shown.items() if other != name]
    total = set.intersection(*others) if others else None
    rest = sums_of([cell for other, cell in shown[name].items() if other != key])
    cell = shown[name][key]
    return {
        value
        for value in range(cell.low, cell.high + 1)
        if total is None or any(value + one in total for one in rest)
    }


@given(tables_of_one_sum())
@example({"language": {"en": 100, "pl": 3}, "channel": {"voice": 103}})
@example({"language": {"en": 8, "pl": 1}, "channel": {"voice": 9}})
@example({"language": {"en": 3, "pl": 1}, "channel": {"voice": 4}})
def test_a_hidden_cell_may_be_anything_from_1_to_7_whatever_tables_stand_beside_it(
    tables: dict[str, dict[str, int]],
) -> None:
    shown = protect(tables)
    for name, table in shown.items():
        for key, cell in table.items():
            assert tables[name][key] in range(cell.low, cell.high + 1)
            if cell.hidden:
                assert possible_values(shown, name, key) == set(range(1, 8)), (name, key)


@given(tables_of_one_sum())
def test_totals_come_from_what_is_shown_alone(tables: dict[str, dict[str, int]]) -> None:
    shown = protect(tables)
    told = total(shown)
    assert total({name: ShownTable(dict(table), table.step) for name, table in shown.items()}) == told
    if shown:
        assert told.low <= sum(tables["a"].values()) <= told.high


def test_large_numbers_stay_useful_beside_a_small_one() -> None:
    shown = protect({"language": {"en": 10_000, "pl": 3}, "channel": {"voice": 6_003, "sms": 4_000}})
    assert shown["language"]["pl"].text == HIDDEN_TEXT
    assert abs(shown["language"]["en"].about - 10_000) <= 10
    assert shown["channel"]["voice"].text == "6,005"


def test_a_table_that_can_not_be_protected_is_left_out() -> None:
    # Two values with somebody in each make a sum of 1 impossible, and "fewer than 8" would mean 2 to 7.
    shown = protect({"a": {"x": 1, "y": 1}, "b": {"z": 2}})
    assert list(shown) == ["b"]


def test_tables_of_different_routings_are_a_fault() -> None:
    with pytest.raises(ValueError, match="the same routings"):
        protect({"a": {"x": 7}, "b": {"x": 8}})


def test_nothing_shown_has_no_total() -> None:
    assert total({}).text == "not shown"
    assert total(protect({"a": {"x": 0}})).text == "0"
    assert total(protect({"a": {"x": 3}})).text == HIDDEN_TEXT


@pytest.mark.parametrize(
    ("text", "held"),
    [("2026-10", True), ("2026-11", False), ("2026-12", False), ("2026-1", False), ("x", False), ("", False)],
)
def test_only_whole_months_that_are_over_have_numbers(text: str, held: bool) -> None:
    assert (month_of(text, NOW) is not None) == held


def test_a_month_runs_to_the_next_one() -> None:
    assert month_of("2025-12", NOW) == (datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
