"""The outbox: texts that people asked for, until it is known what came of each.

A text waits until it is handed to the carrier, then follows what the carrier reports, and only forward:

    waiting ─► queued ─► sending ─► sent ─► delivered
       │          └────────┴─────────┴────► undelivered, failed     the carrier's last word
       ├─► refused      by a rule of ours or for good by the carrier
       ├─► failed       tried too often or for too long
       └─► unknown      the same, and nobody knows whether the carrier has it: a later report does

Whoever sends it leases it first, so that no two do, and a lease that runs out passes it on. One person's
texts go one after the other: of two alike, it could not be told which the carrier has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, case, func, or_, select, tuple_, update

from bot.store.rows import cut_to_hour
from bot.store.tables import outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from bot.core.session import Outcome

    Transaction = Callable[[str], AbstractContextManager[Connection]]
    EndRouting = Callable[[Connection, str, Outcome, datetime], None]

KEPT = timedelta(days=1)  # also how far back the texts to one number are counted
# Longer than a request to the carrier takes, by far: whoever finds it run out knows that its owner is dead.
LEASE = timedelta(minutes=2)
_STEPS = ("waiting", "queued", "sending", "sent", "delivered")
NOT_ARRIVED = ("undelivered", "failed", "refused", "unknown")
_FINAL = ("delivered", "undelivered", "failed", "refused")
# https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
_REPORTED = {
    **{status: status for status in ("queued", "sending", "sent", "delivered", "undelivered", "failed")},
    "accepted": "queued",
    "scheduled": "queued",
    "read": "delivered",
    "canceled": "failed",
}

_ROW = outbox.c
_EARLIER = outbox.alias()
_NEXT = (
    select(outbox)
    .where(
        _ROW.status == "waiting",
        ~select(_EARLIER.c.id)
        .where(
            _EARLIER.c.recipient == _ROW.recipient,
            _EARLIER.c.status == "waiting",
            tuple_(_EARLIER.c.asked_at, _EARLIER.c.id) < tuple_(_ROW.asked_at, _ROW.id),
        )
        .exists(),
    )
    .order_by(_ROW.due_at)
    .limit(1)
    .with_for_update(skip_locked=True, of=outbox)
)


@dataclass(frozen=True)
class Claim:
    """A text that one sender has for itself for a while.

    `attempted_at` is when a request may have left before this claim, None when none has.
    """

    id: str
    sealed: str = field(repr=False)
    recipient: str
    asked_at: datetime
    tries: int
    claimed_at: datetime
    lease: str
    attempted_at: datetime | None


class Standing(NamedTuple):
    """How the outbox stands: how many texts by status and reason, and since when the oldest has waited."""

    counts: dict[tuple[str, str], int]
    oldest: datetime | None

    @property
    def waiting(self) -> int:
        """How many texts have not been handed over."""
        return sum(count for (status, _), count in self.counts.items() if status == "waiting")

    @property
    def not_arrived(self) -> int:
        """How many texts of the last day did not arrive, as far as anybody knows."""
        return sum(count for (status, _), count in self.counts.items() if status in NOT_ARRIVED)


class Outbox:
    """The texts of one database. Threads, processes and machines share it."""

    def __init__(self, writing: Transaction, reading: Transaction, end_routing: EndRouting) -> None:
        """Take what begins a transaction, and what writes how a routing went on."""
        self._writing, self._reading, self._end_routing = writing, reading, end_routing

    def is_due(self, now: datetime) -> bool:
        """Say whether any text is due, without keeping those who write waiting.

        Raises:
            StoreError: the database can't be read.
        """
        due = select(_ROW.id).where(_ROW.status == "waiting", _ROW.due_at <= now).limit(1)
        with self._reading("the outbox can't be read") as connection:
            return connection.execute(due).first() is not None

    def claim(self, now: datetime, lease: str) -> Claim | None:
        """Lease the next text that is due to whoever has made up `lease`; None when there is none.

        From here on a request may have left: if this sender dies, the next one asks the carrier first.

        Raises:
            StoreError: the database failed.
        """
        with self._writing("the outbox can't be emptied") as connection:
            row = connection.execute(_NEXT.where(_ROW.due_at <= now)).one_or_none()
            if row is None:
                return None
            leased = {"lease": lease, "due_at": now + LEASE, "tries": row.tries + 1}
            attempted = {"attempted_at": row.attempted_at or now}
            connection.execute(update(outbox).where(_ROW.id == row.id).values(**leased, **attempted))
        return Claim(
            row.id, row.sealed, row.recipient, row.asked_at, row.tries + 1, now, lease, row.attempted_at
        )

    def handed(self, claim: Claim, sid: str) -> None:
        """Note that the carrier has the text, under `sid`, and forget number and words.

        It is true whoever has the lease now, and whatever the carrier has reported in the meantime.
        """
        with self._writing("it is not noted that a text was sent") as connection:
            first = case((_ROW.status == "waiting", "queued"), else_=_ROW.status)
            reason = case((_ROW.status == "waiting", ""), else_=_ROW.reason)
            its_sid = case((_ROW.sid == "", sid), else_=_ROW.sid)
            noted = {"status": first, "reason": reason, "sid": its_sid, "sealed": "", "lease": ""}
            connection.execute(update(outbox).where(_ROW.id == claim.id).values(**noted))

    def later(self, claim: Claim, due_at: datetime, reason: str, *, unknown: bool) -> None:
        """Let a text wait until `due_at`; `unknown` when this claim's request may have arrived after all."""
        attempted_at = (claim.attempted_at or claim.claimed_at) if unknown else claim.attempted_at
        values = {"due_at": due_at, "reason": reason, "attempted_at": attempted_at, "lease": ""}
        with self._writing("it is not noted why a text waits") as connection:
            connection.execute(
                update(outbox)
                .where(_ROW.id == claim.id, _ROW.lease == claim.lease, _ROW.status == "waiting")
                .values(**values)
            )

    def end(self, claim: Claim, status: str, reason: str, now: datetime) -> bool:
        """End a text that will not be sent, and have its routing told so.

        `status` is refused, failed or unknown. False when it is no longer this sender's.
        """
        with self._writing("it is not noted that a text was given up") as connection:
            row = self._end(connection, claim.id, claim.lease, status, reason)
            if row is not None and row.routing_id:
                self._end_routing(connection, row.routing_id, "offered", cut_to_hour(now))
            return row is not None

    def refuse(self, text_id: str, reason: str) -> None:
        """End a text that nobody has leased yet, where its caller is told at once and their turn says so."""
        with self._writing("it is not noted that a text was refused") as connection:
            self._end(connection, text_id, "", "refused", reason)

    def report(self, token: str, sid: str, status: str, reason: str, now: datetime) -> str:
        """Take what the carrier says of a text, in whatever order it comes; give the status if it is new.

        Args:
            token: the id of the text, from the address that the carrier was given; "" when it came without.
            sid: keyed hash of the carrier's id of the message, which is ours from the first report on.
            status: in the carrier's words.
            reason: the carrier's code of what went wrong, or "".
            now: aware.
        """
        outcome: Outcome | None
        new = _REPORTED.get(status, "")
        if not new or not sid:
            return ""
        found = or_(and_(_ROW.id == token, _ROW.sid.in_(("", sid))), _ROW.sid == sid)
        with self._writing("what the carrier says of a text is not noted") as connection:
            row = connection.execute(select(outbox).where(found).limit(1).with_for_update()).one_or_none()
            if row is None or not _goes_on(row.status, new):
                return ""
            values = {"status": new, "reason": reason, "sid": sid, "sealed": "", "lease": ""}
            connection.execute(update(outbox).where(_ROW.id == row.id).values(**values))
            # One that was given up had been taken back, and went all the same.
            outcome = (
                "offered" if new in NOT_ARRIVED else "number_texted" if row.status == "unknown" else None
            )
            if outcome and row.routing_id:
                self._end_routing(connection, row.routing_id, outcome, cut_to_hour(now))
        return new

    def asked_before(self, recipient: str, text_id: str, asked_at: datetime) -> int:
        """Count the texts to one number of the day before this one was asked for, save those refused."""
        counted = (
            _ROW.recipient == recipient,
            _ROW.status != "refused",
            _ROW.asked_at > asked_at - KEPT,
            or_(_ROW.asked_at < asked_at, and_(_ROW.asked_at == asked_at, _ROW.id < text_id)),
        )
        with self._reading("texts can't be counted") as connection:
            return connection.execute(select(func.count()).where(*counted)).scalar_one()

    def known(self, sids: Iterable[str]) -> set[str]:
        """Of these hashes, give those of messages that a text is known by."""
        with self._reading("texts can't be looked up") as connection:
            return set(connection.execute(select(_ROW.sid).where(_ROW.sid.in_(list(sids)))).scalars())

    def was_refused(self, text_id: str) -> bool:
        """Say whether a text was refused, so that a webhook delivered again hears the same."""
        with self._reading("a text can't be looked up") as connection:
            status = connection.execute(select(_ROW.status).where(_ROW.id == text_id)).scalar_one_or_none()
        return status == "refused"

    def standing(self) -> Standing:
        """Count the texts of the last day."""
        with self._reading("texts can't be counted") as connection:
            rows = connection.execute(
                select(_ROW.status, _ROW.reason, func.count()).group_by(_ROW.status, _ROW.reason)
            )
            counts = {(status, reason): int(count) for status, reason, count in rows}
            oldest = select(_ROW.asked_at).where(_ROW.status == "waiting").order_by(_ROW.asked_at).limit(1)
            return Standing(counts, connection.execute(oldest).scalar_one_or_none())

    def _end(
        self, connection: Connection, text_id: str, lease: str, status: str, reason: str
    ) -> Row[tuple[str, str]] | None:
        """End a waiting text under this lease; give its id and routing, or None when there is none."""
        ended = (
            update(outbox)
            .where(_ROW.id == text_id, _ROW.lease == lease, _ROW.status == "waiting")
            .values(status=status, reason=reason, sealed="", lease="")
            .returning(_ROW.id, _ROW.routing_id)
        )
        return connection.execute(ended).one_or_none()


def _goes_on(old: str, new: str) -> bool:
    """Say whether a report moves a text forward; the last word stays, and so does what is further on."""
    if old in _FINAL:
        return False
    if old == "unknown" or new not in _STEPS:
        return True
    return _STEPS.index(new) > _STEPS.index(old)
