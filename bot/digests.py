"""Sends each partner its daily digest, beside the worker: a slow receiver must not hold up the log.

Once a partner and day: a row says so, and a lease on it lets one of several workers send. What fails is
tried again, later each time, until a day has gone by. When a worker dies between a receiver's yes and the
note of it, the digest goes out again under the same id, by which the receiver knows it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from threading import Event, Thread

from bot import condition
from bot.core.digest import Digest, Listing, as_json, as_text, compose, subject
from bot.core.directory import LONDON, Directory
from bot.core.partner import Partner
from bot.delivery import mail, signing
from bot.delivery.webhook import Webhooks
from bot.errors import DeliveryError, RefusedDeliveryError, SignpostError
from bot.log import event
from bot.store import Store, digests, reports

PAUSE_SECONDS = 20.0
LEASE = timedelta(minutes=5)  # longer than any receiver is waited for
TIDY = timedelta(minutes=10)
FIRST_DELAY, LONGEST_DELAY = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Ways:
    """How digests leave. `secrets` are the webhooks', by name: the environment."""

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    webhooks: Webhooks = field(default_factory=Webhooks)
    mail: mail.MailServer | None = None
    sender: str = ""

    def send(self, partner: Partner, digest: Digest, now: datetime) -> None:
        """Send a digest. When this returns, its receiver has taken it.

        Raises:
            DeliveryError: it has not, or nobody can tell.
        """
        to = partner.digest
        if to is None:
            raise DeliveryError("the partner asks for no digest any more")
        if to.way == "webhook":
            keys = signing.read_secrets(self.secrets.get(to.secret, ""), to.secret)
            body = as_json(digest, now).encode()
            self.webhooks.post(to.address, body, signing.headers(digest.id, body, keys, now))
            return
        if self.mail is None or not self.sender:
            raise DeliveryError("SMTP_URL and DIGEST_FROM are not set; cure: see config/env.example")
        self.mail.send(
            mail.write(
                sender=self.sender,
                to=to.address,
                subject=subject(digest),
                text=as_text(digest),
                message_id=digest.id,
                now=now,
            )
        )


@dataclass
class Digests:
    """Who is sent a digest, from which hour of a London day, and how."""

    store: Store
    partners: Sequence[Partner]
    directory: Directory
    hour: int
    ways: Ways
    clock: Callable[[], datetime]
    _told: str = field(default="", init=False)
    _tidied_at: datetime | None = field(default=None, init=False)

    def start(self, stop: Event) -> Thread:
        """Send in a thread until somebody sets `stop`."""
        thread = Thread(target=self._run, args=(stop,), name="digests", daemon=True)
        thread.start()
        return thread

    def _run(self, stop: Event) -> None:
        while not stop.wait(PAUSE_SECONDS):
            self.step()

    def step(self) -> int:
        """Send what is due; give how many were taken. Whatever fails is told, and tried again."""
        sent = 0
        try:
            sent = sum(self._send(one) for one in self.partners if one.digest)
            self._tidy()
            self._told = ""
        except Exception as fault:  # noqa: BLE001 - a fault nobody thought of must not end the thread
            told = str(fault) if isinstance(fault, SignpostError) else type(fault).__name__
            if told != self._told:
                event("digest.broken", logging.ERROR, error=fault)
            self._told = told
        return sent

    def day(self, now: datetime) -> date | None:
        """Give the UTC day that is told from now on; None before today's hour.

        The hour is never 0: at midnight of a summer's day in London the UTC day is not over.
        """
        local = now.astimezone(LONDON)
        return local.date() - timedelta(days=1) if local.hour >= self.hour else None

    def compose(self, partner: Partner, day: date) -> Digest:
        """Put a partner's digest of a UTC day together.

        Raises:
            StoreError: the database can't be read.
        """
        since = datetime.combine(day, time(), UTC)
        with self.store.reading("a digest can't be put together") as connection:
            counts = reports.counts(connection, since, since + timedelta(days=1), partner.id)
        with self.store.ledger().reading() as log:
            newest = log.checkpoint()
        listings = [
            Listing(service.id, service.name, service.assured_on)
            for service in condition.stale(self.directory, self.clock().date())
            if service.organization in partner.organizations
        ]
        note = newest.note if newest else ""
        return compose(partner.id, partner.name, day, counts=counts.by, checkpoint=note, to_assure=listings)

    def _send(self, partner: Partner) -> bool:
        """Send a partner's digest if it is due and ours."""
        now = self.clock()
        day = self.day(now)
        if day is None:
            return False
        with self.store.reading("no digest is sent") as connection:
            if not digests.is_open(connection, partner.id, day.isoformat(), now):
                return False
        with self.store.writing("no digest is sent") as connection:
            digests.begin(connection, partner.id, day.isoformat(), now)
            due = digests.lease(connection, partner.id, day.isoformat(), now, now + LEASE)
        if due is None:
            return False
        try:
            self.ways.send(partner, self.compose(partner, day), now)
        except DeliveryError as fault:
            self._put_off(due, fault)
            return False
        with self.store.writing("that a digest was sent is not noted") as connection:
            digests.close(connection, due, "sent")
        event("digest.sent", partner=partner.id, tries=due.tries)
        return True

    def _put_off(self, due: digests.Due, fault: DeliveryError) -> None:
        now = self.clock()
        delay = min(FIRST_DELAY * 2 ** min(due.tries - 1, 10), LONGEST_DELAY)
        over = isinstance(fault, RefusedDeliveryError) or now - due.begun_at >= digests.GIVEN_UP_AFTER
        with self.store.writing("a failed digest is not noted") as connection:
            if over:
                digests.close(connection, due, "given up", str(fault))
            else:
                digests.put_off(connection, due, now + delay, str(fault))
        name, level = ("digest.given_up", logging.ERROR) if over else ("digest.failed", logging.WARNING)
        event(name, level, error=fault, partner=due.partner, tries=due.tries)

    def _tidy(self) -> None:
        """Give up what is a day old, of partners that are listed no more too; forget what is a month old."""
        now = self.clock()
        if self._tidied_at is not None and now - self._tidied_at < TIDY:
            return
        self._tidied_at = now
        with self.store.writing("old digests are not given up") as connection:
            over = digests.give_up_old(connection, now)
            digests.forget(connection, now)
        if over:
            event("digest.given_up", logging.ERROR, count=over)
