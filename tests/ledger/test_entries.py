"""Leaves that are put together from parts are those of whole records, whatever stands in them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.core.kept import KeptOutcome, KeptRoute, Place
from bot.ledger.entries import outcome_record, placed_entry, route_record
from bot.ledger.record import committed_entry

# What stands between the parts, what JSON escapes, and everything else.
texts = st.one_of(
    st.sampled_from(["", "en", '"partner_seq":0', '"id":""', '"routing":""', "\\", '\\"id\\":\\"\\"']),
    st.text(st.characters(exclude_categories=["Cs"])),
)
hours = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(minute=0, second=0, microsecond=0))
places = st.builds(
    Place,
    seq=st.just(1),
    leaf_index=st.integers(0, 2**40),
    partner_seq=st.integers(0, 2**40),
    partner=texts,
    salt=st.binary(min_size=32, max_size=32).map(bytes.hex),
    late=st.booleans(),
)


def kept(hour: datetime, *told: str) -> KeptRoute:
    return KeptRoute(1, hour, "", False, None, None, None, *told)


@given(row=st.builds(kept, hours, *[texts] * 8), place=places)
def test_a_routing_in_parts_is_the_whole(row: KeptRoute, place: Place) -> None:
    record = route_record(row, place.partner, place.partner_seq, late=place.late)
    assert placed_entry(row, place) == committed_entry(bytes.fromhex(place.salt), record)


@given(hour=hours, routing=texts, outcome=texts, place=places)
def test_an_outcome_in_parts_is_the_whole(hour: datetime, routing: str, outcome: str, place: Place) -> None:
    row = KeptOutcome(1, hour, "", False, None, None, None, routing, outcome, "", hour)
    record = outcome_record(row, place.partner, place.partner_seq, late=place.late)
    assert placed_entry(row, place) == committed_entry(bytes.fromhex(place.salt), record)
