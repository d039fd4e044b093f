"""Each partner is sent its digest once a day, from its hour on; what fails is tried again, for a day."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from click.testing import CliRunner

from bot.catalogue import load
from bot.cli import signpost
from bot.core.digest import Digest
from bot.core.partner import DigestTo, Partner
from bot.delivery.mail import read_mail_server
from bot.delivery.webhook import Webhooks
from bot.digests import Digests, Ways
from bot.errors import DeliveryError, RefusedDeliveryError
from bot.settings import ROOT
from bot.store import Store, digests, open_store, upgrade
from tests.delivery.test_webhook import Receiver
from tests.mailbox import Mailbox, run_mailbox
from tests.server import serve
from tests.store.ledger_worker import integrator
from tests.store.samples import ROUTING, keep, take

KEY = b"k" * 32
SECRET = "whsec_" + base64.b64encode(KEY).decode()
MORNING = datetime(2026, 11, 25, 7, 0, 30, tzinfo=UTC)
MINE = Partner("mine", "Mine", ("crimestoppers-trust",), DigestTo("webhook", "https://h.example/", "MINE"))
CATALOGUE = load(ROOT / "flows", ROOT / "config")


@dataclass(frozen=True)
class Told(Ways):
    """Keeps what is sent, or fails with what a test says."""

    sent: list[Digest] = field(default_factory=list)
    faults: list[DeliveryError] = field(default_factory=list)

    def send(self, partner: Partner, digest: Digest, now: datetime) -> None:
        """Keep it, once there is no fault left."""
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(digest)


class Clock:
    """A clock that stands still until it is moved."""

    now = MORNING

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **later: float) -> None:
        self.now += timedelta(**later)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/line.db" if sqlite else str(request.getfixturevalue("postgres_database"))
    upgrade(url)
    made = open_store(url)
    yield made
    made.close()


def sending(store: Store, clock: Clock, ways: Ways, *partners: Partner) -> Digests:
    return Digests(store, partners or (MINE,), CATALOGUE.directory, 7, ways, clock)


def states(store: Store) -> list[tuple[str, str, int]]:
    with store.reading("nothing") as connection:
        return [(one.day, one.state, one.tries) for one in digests.newest(connection, 10)]


def test_nothing_leaves_before_the_hour_and_one_after_it(store: Store) -> None:
    clock, told = Clock(), Told()
    sends = sending(store, clock, told)
    clock.now = MORNING - timedelta(minutes=1)
    assert sends.step() == 0
    clock.now = MORNING
    assert [sends.step() for _ in range(3)] == [1, 0, 0]
    clock.pass_time(hours=15)
    assert sends.step() == 0
    clock.pass_time(hours=9)
    assert sends.step() == 1
    assert [one.day for one in told.sent] == [date(2026, 11, 24), date(2026, 11, 25)]


def test_the_hour_is_londons_in_summer_too(store: Store) -> None:
    clock = Clock()
    sends = sending(store, clock, Told())
    clock.now = datetime(2026, 7, 1, 5, 59, tzinfo=UTC)
    assert sends.day(clock.now) is None
    assert sends.day(clock.now + timedelta(minutes=1)) == date(2026, 6, 30)
    assert replace(sends, hour=1).day(datetime(2026, 7, 1, 0, 0, tzinfo=UTC)) == date(2026, 6, 30)


def test_several_workers_send_one(store: Store) -> None:
    clock, told, ready = Clock(), Told(), Barrier(4)

    def work() -> None:
        ready.wait(10)
        sending(store, clock, told).step()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(told.sent) == 1
    assert states(store) == [("2026-11-24", "sent", 1)]


def test_a_partner_without_a_digest_is_left_alone_and_one_fault_harms_no_other(store: Store) -> None:
    told = Told(faults=[DeliveryError("no")])
    other, none = replace(MINE, id="other"), replace(MINE, id="none", digest=None)
    assert sending(store, Clock(), told, MINE, none, other).step() == 1
    assert [one.partner for one in told.sent] == ["other"]


def test_what_fails_is_tried_later_each_time_and_arrives(store: Store) -> None:
    clock, told = Clock(), Told(faults=[DeliveryError("no")] * 3)
    sends = sending(store, clock, told)
    tried_at = []
    for minute in range(20):
        before = len(told.faults) + (not told.sent)
        sends.step()
        if len(told.faults) + (not told.sent) < before:
            tried_at.append(minute)
        clock.pass_time(minutes=1)
    assert tried_at == [0, 1, 3, 7]
    assert len(told.sent) == 1
    assert states(store) == [("2026-11-24", "sent", 4)]


def test_after_a_day_it_is_given_up_told_and_counted(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    clock, told = Clock(), Told(faults=[DeliveryError("no answer")] * 60)
    sends = sending(store, clock, told)
    for _ in range(25 * 2):
        sends.step()
        clock.pass_time(minutes=30)
    assert [(day, state) for day, state, _ in states(store)] == [
        ("2026-11-25", "waiting"),
        ("2026-11-24", "given up"),
    ]
    with store.reading("nothing") as connection:
        assert digests.counted(connection) == (1, 1)
    assert "digest.given_up" in [record.getMessage() for record in caplog.records]


def test_a_receiver_that_says_never_is_not_asked_again(store: Store) -> None:
    clock, told = Clock(), Told(faults=[RefusedDeliveryError("gone")])
    sends = sending(store, clock, told)
    sends.step()
    clock.pass_time(hours=2)
    sends.step()
    assert told.sent == []
    assert states(store) == [("2026-11-24", "given up", 1)]


def test_a_worker_that_died_while_sending_is_followed_by_another(store: Store) -> None:
    class Killed(Told):
        def send(self, partner: Partner, digest: Digest, now: datetime) -> None:
            raise KeyboardInterrupt

    clock, told = Clock(), Told()
    with pytest.raises(KeyboardInterrupt):
        sending(store, clock, Killed()).step()
    assert sending(store, clock, told).step() == 0
    clock.pass_time(minutes=6)
    assert sending(store, clock, told).step() == 1


def test_a_month_later_nothing_of_it_is_kept(store: Store) -> None:
    clock = Clock()
    sending(store, clock, Told()).step()
    clock.pass_time(days=32)
    sending(store, clock, Told(), replace(MINE, digest=None)).step()
    assert states(store) == []


def test_the_counts_are_the_partners_own_and_of_that_day(store: Store) -> None:
    hour = datetime(2026, 11, 24, 9, tzinfo=UTC)
    for number in range(30):
        mine = number < 20
        day = hour if number < 25 else hour - timedelta(days=1)
        routing = replace(ROUTING, id=f"r{number}", hour=day, partner="mine" if mine else "other")
        take(store, f"t{number}", keep(routing=routing), now=hour)
    integrator(store).grow(MORNING)
    made = sending(store, Clock(), Told()).compose(MINE, date(2026, 11, 24))
    assert made.tables["service"] == {"nrp": "20"}
    assert [one.service for one in made.to_assure] == ["crimestoppers"]


def test_a_webhook_can_verify_what_it_gets(store: Store) -> None:
    receiver = Receiver()
    with serve(receiver) as url:
        partner = replace(MINE, digest=DigestTo("webhook", f"{url}/hook", "MINE"))
        ways = Ways({"MINE": SECRET}, Webhooks(local=True))
        assert sending(store, Clock(), ways, partner).step() == 1
    [(path, message_id, body)] = receiver.got
    assert (path, message_id) == ("/hook", "digest-2026-11-24-mine")
    headers = receiver.headers[0]
    signed = f"{message_id}.{headers['HTTP_WEBHOOK_TIMESTAMP']}.".encode() + body
    made = base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()
    assert headers["HTTP_WEBHOOK_SIGNATURE"] == f"v1,{made}"
    assert headers["HTTP_WEBHOOK_TIMESTAMP"] == str(int(MORNING.timestamp()))
    assert json.loads(body)["data"]["partner"] == "mine"


def test_an_e_mail_arrives(store: Store) -> None:
    with run_mailbox(Mailbox()) as mailbox:
        partner = replace(MINE, digest=DigestTo("email", "anna@example.org"))
        server = read_mail_server(f"smtp://127.0.0.1:{mailbox.port}")
        ways = Ways(mail=server, sender="signpost@example.org")
        assert sending(store, Clock(), ways, partner).step() == 1
    assert b"People sent to you: 0" in mailbox.messages[0]


@pytest.mark.parametrize("to", [DigestTo("email", "anna@example.org"), MINE.digest])
def test_what_is_not_set_is_told_and_no_secret_with_it(
    store: Store, to: DigestTo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ways = Ways({"MINE": "whsec_broken", "OTHER": SECRET})
    assert sending(store, Clock(), ways, replace(MINE, digest=to)).step() == 0
    told = " ".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "digest.failed" in told
    for secret in ("whsec_broken", SECRET, "anna@example.org", "h.example"):
        assert secret not in told
    assert SECRET not in repr(ways)


def test_a_preview_shows_what_would_be_sent_and_sends_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/line.db"
    upgrade(url)
    where = {"DATABASE_URL": url, "ENVIRONMENT": "development"}
    shown = CliRunner().invoke(signpost, ["digest", "--preview", "crimestoppers"], env=where)
    assert shown.exit_code == 0, shown.output
    assert "People sent to you: 0" in shown.output
    assert CliRunner().invoke(signpost, ["digest", "--preview", "nobody"], env=where).exit_code != 0
    listed = CliRunner().invoke(signpost, ["digest"], env=where)
    assert "crimestoppers: none" in listed.output
