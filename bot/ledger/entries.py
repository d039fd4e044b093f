"""Makes records and their leaves out of what is stored: the one place that says what a record holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache

from bot.core.kept import KeptOutcome, KeptRoute, KeptTally, Place
from bot.ledger.record import VERSION, Record, canonical, entry_of, moment

_ROUTE_TOLD = slice(KeptRoute._fields.index("id") + 1, None)  # what of a routing is told in words
_ANY_HOUR = datetime.fromtimestamp(0, UTC)
_quoted = json.encoder.encode_basestring


@lru_cache(maxsize=64)
def hour_written(hour: datetime) -> str:
    """Write an hour. Thousands of records in a row have the same."""
    return moment(hour)


def route_record(row: KeptRoute, partner: str, partner_seq: int, *, late: bool) -> Record:
    """Make the record of a routing. Its outcome is not in it: that may change, and has records of its own."""
    return {
        "v": VERSION,
        "kind": "route",
        "id": row.id,
        "hour": hour_written(row.hour),
        "channel": row.channel,
        "language": row.language,
        "flow_revision": row.flow_revision,
        "directory_revision": row.directory_revision,
        "code_version": row.code_version,
        "chosen_by": row.chosen_by,
        "service": row.service,
        "partner": partner,
        "partner_seq": partner_seq,
        "late": late,
    }


def outcome_record(row: KeptOutcome, partner: str, partner_seq: int, *, late: bool) -> Record:
    """Make the record of how a routing went on."""
    return {
        "v": VERSION,
        "kind": "outcome",
        "routing": row.routing_id,
        "hour": hour_written(row.hour),
        "outcome": row.outcome,
        "partner": partner,
        "partner_seq": partner_seq,
        "late": late,
    }


def tally_record(row: KeptTally) -> Record:
    """Make the record that says which numbers a partner's records got since its last tally.

    A tally is of a day (UTC): it is written before the first record of a later day. A record that
    came late counts in the day in which the log took it.
    """
    return {
        "v": VERSION,
        "kind": "tally",
        "day": row.day,
        "partner": row.partner,
        "first": row.first,
        "last": row.last,
        "count": row.count,
    }


def placed_entry(row: KeptRoute | KeptOutcome, place: Place) -> bytes:
    """Make the leaf of a row at its place: `committed_entry` of its record, in half the time.

    Thousands of records differ by hour, id and number alone; what stands around those is written once.
    """
    hour = hour_written(row.hour)
    if isinstance(row, KeptRoute):
        before, between, after = _around_route(row[_ROUTE_TOLD], place.partner, place.late)
        holes = f'"hour":"{hour}","id":{_quoted(row.id)}'
        written = f'{before}{holes}{between}"partner_seq":{place.partner_seq}{after}'
        return entry_of(bytes.fromhex(place.salt), "route", written.encode())
    before, between, after = _around_outcome(row.outcome, place.partner, place.late)
    holes = f'"partner_seq":{place.partner_seq}{between}"routing":{_quoted(row.routing_id)}'
    written = f'{{"hour":"{hour}"{before}{holes}{after}'
    return entry_of(bytes.fromhex(place.salt), "outcome", written.encode())


# What is cut out begins with a quote that no value can hold: there it would be escaped.
@lru_cache(maxsize=4096)
def _around_route(told: tuple[str, ...], partner: str, late: bool) -> tuple[str, str, str]:
    row = KeptRoute(0, _ANY_HOUR, partner, late, None, None, None, "", *told)
    written = canonical(route_record(row, partner, 0, late=late)).decode()
    before, rest = written.split(f'"hour":"{hour_written(_ANY_HOUR)}","id":""')
    between, after = rest.split('"partner_seq":0')
    return before, between, after


@lru_cache(maxsize=4096)
def _around_outcome(outcome: str, partner: str, late: bool) -> tuple[str, str, str]:
    row = KeptOutcome(0, _ANY_HOUR, partner, late, None, None, None, "", outcome, "", _ANY_HOUR)
    written = canonical(outcome_record(row, partner, 0, late=late)).decode()
    before, rest = written.removeprefix(f'{{"hour":"{hour_written(_ANY_HOUR)}"').split('"partner_seq":0')
    between, after = rest.split('"routing":""')
    return before, between, after


def record_of(row: KeptRoute | KeptOutcome | KeptTally) -> Record:
    """Make the record of a row that the log has.

    Raises:
        ValueError: the log has it not yet.
    """
    if isinstance(row, KeptTally):
        return tally_record(row)
    if row.partner_seq is None:
        raise ValueError("the log has no such record yet")
    if isinstance(row, KeptRoute):
        return route_record(row, row.partner, row.partner_seq, late=row.late)
    return outcome_record(row, row.partner, row.partner_seq, late=row.late)
