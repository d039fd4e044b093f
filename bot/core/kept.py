"""What the audited log takes from the record, and what it knows of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple


class KeptRoute(NamedTuple):
    """A routing as it is stored. `salt` is hexadecimal; None, and "" for `partner`, in a row of a release
    from before the log. `leaf_index` and `partner_seq` are None until the log has it.
    """

    seq: int
    hour: datetime
    partner: str
    late: bool
    salt: str | None
    leaf_index: int | None
    partner_seq: int | None
    id: str
    channel: str
    language: str
    flow_revision: str
    directory_revision: str
    code_version: str
    chosen_by: str
    service: str


class KeptOutcome(NamedTuple):
    """How a routing went on, as it is stored; `service` and `routed` (its hour) are the routing's."""

    seq: int
    hour: datetime
    partner: str
    late: bool
    salt: str | None
    leaf_index: int | None
    partner_seq: int | None
    routing_id: str
    outcome: str
    service: str
    routed: datetime


@dataclass(frozen=True)
class KeptTally:
    """The numbers that a partner's records got between two tallies; None where there were none."""

    day: str
    partner: str
    first: int | None
    last: int | None
    count: int
    salt: str
    leaf_index: int


class Place(NamedTuple):
    """Where a record stands in the log, and among its partner's; with what the row may have lacked."""

    seq: int
    leaf_index: int
    partner_seq: int
    partner: str
    salt: str
    late: bool


class Numbers(NamedTuple):
    """The last number that a partner's record got, and the last when its last tally was written."""

    last: int = 0
    tallied: int = 0


class KeptCheckpoint(NamedTuple):
    """A checkpoint that was signed: the whole note, and the lines of witnesses."""

    size: int
    root: str
    note: str
    signed_at: datetime
    cosignatures: tuple[str, ...] = ()

    @property
    def served(self) -> str:
        """The note with the witnesses' lines under it."""
        return self.note + "".join(f"{line}\n" for line in self.cosignatures)


@dataclass(frozen=True)
class Head:
    """How large the tree is; when it was said to be alive and when it grew; the last day with tallies."""

    size: int = 0
    alive_at: datetime | None = None
    grown_at: datetime | None = None
    tallied: date | None = None


@dataclass(frozen=True)
class Growth:
    """What one step adds to the log besides its tiles, to be written all together or not at all.

    `hours` are those of the routings that were touched.
    """

    head: Head
    routes: list[Place] = field(default_factory=list)
    outcomes: list[Place] = field(default_factory=list)
    mended_routes: list[Place] = field(default_factory=list)
    mended_outcomes: list[Place] = field(default_factory=list)
    tallies: list[KeptTally] = field(default_factory=list)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    hours: set[datetime] = field(default_factory=set)
