"""A digest tells a partner's own day, under the rule for small numbers."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core.digest import Digest, Listing, as_json, as_text, compose
from bot.core.disclosure import HIDDEN_BELOW, HIDDEN_TEXT

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 25, 7, 5, tzinfo=UTC)
NOTE = "line.example/log\n7\nAAAA\n\n— line.example/log BBBB\n"
COUNTS = {
    "service": {"nrp": 43},
    "channel": {"sms": 40, "voice": 3},
    "outcome": {"offered": 41, "connected": 2},
    "language": {"en": 42, "pl": 1},
}


def digest(counts: dict[str, dict[str, int]] = COUNTS) -> Digest:
    listings = (Listing("nrp", "Norfolk Recovery Partnership", None), Listing("x", "X", date(2025, 1, 2)))
    return compose("nrp-id", "The Partnership", DAY, counts=counts, checkpoint=NOTE, to_assure=listings)


def test_small_counts_are_hidden_and_others_rounded() -> None:
    made = digest()
    assert made.tables["channel"]["voice"] == HIDDEN_TEXT
    assert made.tables["outcome"]["connected"] == HIDDEN_TEXT
    assert "43" not in as_text(made).partition("The log's newest")[0]
    assert "language" not in made.tables


def test_a_day_without_anybody_says_nought() -> None:
    made = digest({})
    assert made.total == "0"
    assert "People sent to you: 0" in as_text(made)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["sms", "voice"])), max_size=60))
def test_no_exact_small_count_leaves(routed: list[tuple[str, str]]) -> None:
    counts: dict[str, dict[str, int]] = {"service": {}, "channel": {}, "outcome": {}}
    for service, channel in routed:
        for table, value in (("service", service), ("channel", channel), ("outcome", "offered")):
            counts[table][value] = counts[table].get(value, 0) + 1
    told = [text for cells in digest(counts).tables.values() for text in cells.values()]
    numbers = {int(text.replace("about ", "").replace(",", "")) for text in told if text != HIDDEN_TEXT}
    assert not numbers & set(range(1, HIDDEN_BELOW))


def test_the_body_of_a_webhook_is_typed_dated_and_whole() -> None:
    body = json.loads(as_json(digest(), NOW))
    assert (body["type"], body["timestamp"]) == ("digest.daily", "2026-11-25T07:05:00+00:00")
    data = body["data"]
    assert (data["partner"], data["day"], data["checkpoint"]) == ("nrp-id", "2026-11-24", NOTE)
    assert data["listings_to_assure"][0] == {
        "service": "nrp",
        "name": "Norfolk Recovery Partnership",
        "assured_on": None,
    }
    assert data["by"]["channel"]["voice"] == HIDDEN_TEXT


def test_a_text_is_read_without_a_guide() -> None:
    text = as_text(digest())
    assert "Tuesday 24 November 2026, in UTC" in text
    assert "Norfolk Recovery Partnership: never assured" in text
    assert "X: last assured on 2 January 2025" in text
    assert NOTE in text
