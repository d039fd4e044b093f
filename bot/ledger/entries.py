"""Makes records and their leaves out of what is stored: the one place that says what a record holds."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from bot.core.kept import KeptOutcome, KeptRoute, KeptTally
from bot.ledger.record import VERSION, Record, moment


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
