"""Each text that somebody asked for reaches them once, whatever the network, Twilio or this machine does."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event, Lock
from time import monotonic, sleep
from typing import Any

import pytest

from bot.envelope import Envelope, Letter
from bot.errors import StoreError, TextUnknownError
from bot.outbox import LATEST, MOST_TRIES, UNREADABLE, Rules, Sender
from bot.store import Claim, Decision, Outbox, OutgoingText, Store, open_store, upgrade
from bot.store.outbox import LEASE
from tests.faulty_twilio import FAULTS, Fault, FaultyTwilio, faulty_twilio
from tests.store.samples import NOW, ROUTING, SESSION, keep, take

LINE, BODY = "+447700900000", "The number you asked for is 0800 555 111."
MOBILE, LANDLINE, ABROAD = "+447700900123", "+441632960123", "+33612345678"
ENVELOPE = Envelope(b"k" * 64)
ROUND = timedelta(seconds=5)


def chance(seed: int) -> random.Random:
    """The same chance in every run."""
    return random.Random(seed)  # noqa: S311 - nothing here is a secret


@dataclass
class Clock:
    """A clock that is moved by hand, and read by several threads."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, time: timedelta) -> None:
        self.now += time


@dataclass
class Post:
    """A store, a faulty Twilio, and what sends from one to the other."""

    store: Store
    twilio: FaultyTwilio
    messages: Any
    clock: Clock
    opted_out: Callable[[str], bool] = lambda _: False
    abroad: bool = False

    @property
    def outbox(self) -> Outbox:
        return self.store.outbox()

    def sender(self, outbox: Any = None, messages: Any = None) -> Sender:
        """A sender of its own, as each process has."""
        rules = Rules(outbox or self.outbox, ENVELOPE, self.abroad, self.opted_out)
        where = "https://line.example/twilio/status/message"
        return Sender(rules, messages or self.messages, where, self.clock, chance(7).random)

    def ask(self, turn: str = "t1", to: str = MOBILE, body: str = BODY) -> None:
        """Promise a text in a turn."""
        routing = f"r-{turn}"
        take(self.store, f"routed-{turn}", keep(routing=routing_of(routing)), now=self.clock())
        sealed = ENVELOPE.seal(turn, Letter(to, LINE, body))
        text = OutgoingText(sealed, ENVELOPE.recipient(to), "norfolk", "nrp", routing)
        decision = Decision("", SESSION, outcome=(routing, "number_texted"), text=text)
        take(self.store, turn, lambda _: decision, now=self.clock())

    def send(self, minutes: float = 40) -> None:
        """Let a sender work for so long."""
        sender, until = self.sender(), self.clock() + timedelta(minutes=minutes)
        while self.clock() < until and self.outbox.standing().waiting:
            sender.step()
            self.clock.pass_time(ROUND)

    def ended(self) -> list[tuple[str, str]]:
        """Status and reason of every text."""
        return sorted(key for key, count in self.outbox.standing().counts.items() for _ in range(count))

    def outcome(self, turn: str = "t1") -> str:
        routing = self.store.routing(f"r-{turn}")
        assert routing is not None
        return routing.outcome


def routing_of(routing_id: str) -> Any:
    """A routing with this id."""
    return type(ROUTING)(**{**vars(ROUTING), "id": routing_id})


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    with posting(f"sqlite:///{tmp_path}/line.db") as made:
        yield made


@contextmanager
def posting(database_url: str) -> Iterator[Post]:
    """Open a database and run a Twilio for it."""
    upgrade(database_url)
    store, clock = open_store(database_url), Clock()
    with faulty_twilio(clock) as (twilio, messages):
        yield Post(store, twilio, messages, clock)
    store.close()


# -- a thousand texts, a third of them in trouble, and senders that die --------------------------


class KilledError(BaseException):
    """The sender's process is gone: nothing catches this."""


@dataclass
class Deadly:
    """Stands before something that a sender uses, and may kill it before or after any call."""

    inner: Any
    die: Callable[[str], None]

    def __getattr__(self, name: str) -> Any:
        does = getattr(self.inner, name)

        def call(*given: Any, **named: Any) -> Any:
            self.die(f"before {name}")
            came = does(*given, **named)
            self.die(f"after {name}")
            return came

        return call


@dataclass
class Fate:
    """Kills senders now and then, the same in every run for one thread."""

    chance: random.Random
    often: float
    deaths: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def __call__(self, step: str) -> None:
        with self.lock:
            if self.chance.random() < self.often:
                self.deaths[step] += 1
                raise KilledError(step)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    """A post on each kind of database."""
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/line.db" if is_sqlite else request.getfixturevalue("postgres_database")
    with posting(str(url)) as made:
        yield made


def test_of_a_thousand_texts_none_is_lost_and_none_comes_twice(any_post: Post) -> None:
    post, fate = any_post, Fate(chance(11), often=0.01)
    numbers = [f"+447700900{last:03}" for last in range(1000)]  # kept by Ofcom for drama
    planned = chance(5)
    for at, number in enumerate(numbers):
        sealed = ENVELOPE.seal(f"t{at}", Letter(number, LINE, BODY))
        text = OutgoingText(sealed, ENVELOPE.recipient(number), "norfolk", "nrp", "")
        take(post.store, f"t{at}", lambda _, text=text: Decision("", SESSION, text=text))  # type: ignore[misc]  # it binds the text of now
        if at % 3 == 0:
            post.twilio.plan(number, *planned.choices(FAULTS, k=1 + at % 2))

    def work(_sender: int) -> None:
        while True:
            sender = post.sender(Deadly(post.outbox, fate), Deadly(post.messages, fate))
            try:
                if sender.step() == 0:
                    return
            except KilledError:
                continue

    with ThreadPoolExecutor(4) as pool:
        for _ in range(int(LATEST / ROUND)):
            list(pool.map(work, range(4)))  # the clock stands still while anybody is at work
            if not post.outbox.standing().waiting:
                break
            post.clock.pass_time(ROUND)
    assert Counter(one["to"] for one in post.twilio.messages) == dict.fromkeys(numbers, 1)
    assert post.ended() == [("queued", "")] * 1000
    assert set(post.twilio.met) == set(FAULTS)
    assert post.twilio.met.total() > 1000 / 3
    assert {"before claim", "after claim", "before send", "after send", "before handed"} <= set(fate.deaths)


# -- one text, and what may come of it -----------------------------------------------------------


def test_a_text_goes_once_with_the_words_and_where_to_report_to(post: Post) -> None:
    post.ask()
    post.send()
    [made] = post.twilio.messages
    assert (made["to"], made["from"], made["body"]) == (MOBILE, LINE, BODY)
    assert made["callback"] == "https://line.example/twilio/status/message?t=t1"
    assert post.outbox.known([ENVELOPE.sid(made["sid"])]) == {ENVELOPE.sid(made["sid"])}


@pytest.mark.parametrize("fault", FAULTS)
def test_any_fault_delays_a_text_and_neither_loses_nor_repeats_it(post: Post, fault: Fault) -> None:
    post.twilio.plan(MOBILE, fault)
    post.ask()
    post.sender().step()
    assert post.outbox.standing().waiting == 1
    post.send()
    assert len(post.twilio.messages) == 1
    assert post.ended() == [("queued", "")]
    assert post.twilio.met == {fault: 1}


def test_waits_grow_and_are_scattered(post: Post) -> None:
    post.twilio.plan(MOBILE, "429", times=4)
    post.ask()
    sender, tried = post.sender(), list[float]()
    while post.outbox.standing().waiting:
        if sender.step():
            tried.append((post.clock() - NOW).total_seconds())
        post.clock.pass_time(timedelta(seconds=0.1))
    gaps = [later - sooner for sooner, later in pairwise(tried)]
    for gap, least in zip(gaps, [1, 2, 4, 8], strict=True):
        assert least <= gap <= 2 * least + 0.2
    assert len({round(gap / least, 1) for gap, least in zip(gaps, [1, 2, 4, 8], strict=True)}) > 1


@pytest.mark.parametrize("code", [21610, 21614, 21211, 21408, 30006])
def test_a_refusal_for_good_ends_it_with_the_reason(post: Post, code: int) -> None:
    post.twilio.refusals[MOBILE] = code
    post.ask()
    post.send()
    assert post.ended() == [("refused", str(code))]
    assert post.outcome() == "offered"


def test_a_text_is_given_up_after_so_many_tries(post: Post) -> None:
    post.twilio.plan(MOBILE, "refused", times=50)
    post.ask()
    post.send(minutes=60)
    assert post.ended() == [("failed", "not reached")]
    assert post.twilio.met["refused"] == MOST_TRIES
    assert post.outcome() == "offered"


def test_nobody_is_texted_half_an_hour_later(post: Post) -> None:
    post.ask()
    post.clock.pass_time(LATEST + timedelta(seconds=1))
    post.send()
    assert post.ended() == [("refused", "too late")]
    assert post.twilio.messages == []


def test_what_nobody_can_settle_is_given_up_and_a_late_report_still_counts(post: Post) -> None:
    post.twilio.plan(MOBILE, "not listed", times=50)
    post.ask()
    post.send(minutes=60)
    assert post.ended() == [("unknown", "HTTP 503")]
    assert (len(post.twilio.messages), post.outcome()) == (1, "offered")
    sid = ENVELOPE.sid(post.twilio.messages[0]["sid"])
    assert post.outbox.report("t1", sid, "delivered", "", post.clock()) == "delivered"
    assert post.outcome() == "number_texted"


def test_of_two_alike_the_one_that_did_not_go_is_sent_and_no_third(post: Post) -> None:
    post.twilio.plan(MOBILE, "lost before", "lost after")
    post.ask("t1")
    post.clock.pass_time(timedelta(seconds=1))
    post.ask("t2")
    post.send()
    assert len(post.twilio.messages) == 2
    assert post.ended() == [("queued", "")] * 2


def test_a_report_before_the_request_returns_is_enough(post: Post) -> None:
    post.ask()
    outbox = post.outbox

    class Reports:
        """A carrier that reports before it answers, and then does not answer."""

        def send(self, **_: str) -> str:
            outbox.report("t1", ENVELOPE.sid("SM1"), "sent", "", NOW)
            raise TextUnknownError("ReadTimeout")

    post.sender(messages=Reports()).step()
    post.send()
    assert post.ended() == [("sent", "")]
    assert post.twilio.messages == []


# -- who is never texted -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", [LANDLINE, ABROAD, "+447012345678", "+266696687", "60163", "+443001234567"]
)
def test_only_mobiles_are_texted_whoever_wrote_the_row(post: Post, number: str) -> None:
    post.ask(to=number)
    post.send()
    assert post.ended() == [("refused", "not a mobile")]
    assert post.twilio.messages == []


def test_mobiles_abroad_are_texted_where_the_operator_says_so_and_withheld_numbers_never(post: Post) -> None:
    post.abroad = True
    post.ask("t1", ABROAD)
    post.ask("t2", "+266696687")  # ANONYMOUS on a telephone's keys, not Lesotho
    post.send()
    assert [one["to"] for one in post.twilio.messages] == [ABROAD]


def test_who_has_opted_out_is_not_texted_even_if_they_did_after_they_asked(post: Post) -> None:
    post.opted_out = {MOBILE}.__contains__
    post.ask("t1")
    post.ask("t2", "+447700900124")
    post.send()
    assert [one["to"] for one in post.twilio.messages] == ["+447700900124"]
    assert post.ended() == [("queued", ""), ("refused", "opted out")]


def test_three_a_day_to_one_number_and_the_first_ones_win(post: Post) -> None:
    for number in range(5):
        post.ask(f"t{number}", body=f"number {number}")
        post.clock.pass_time(timedelta(minutes=1))
    post.send()
    assert [one["body"] for one in post.twilio.messages] == ["number 0", "number 1", "number 2"]
    post.clock.pass_time(timedelta(days=1))
    post.ask("t9")
    post.send()
    assert len(post.twilio.messages) == 4


# -- nothing of the person -----------------------------------------------------------------------


def test_neither_number_nor_words_are_in_the_database_while_a_text_waits(post: Post, tmp_path: Path) -> None:
    post.twilio.plan(MOBILE, "429")
    post.ask()
    post.sender().step()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert post.outbox.standing().waiting == 1
    for secret in (MOBILE, MOBILE[3:], "0800 555 111"):
        assert secret.encode() not in kept


def test_what_another_key_sealed_is_left_to_who_has_it_and_given_up_in_the_end(post: Post) -> None:
    post.ask()
    other = post.sender()
    other.rules = Rules(post.outbox, Envelope(b"other" * 9))
    other.step()
    assert post.ended() == [("waiting", UNREADABLE)]
    post.send()
    assert post.ended() == [("queued", "")]


def test_a_letter_opens_for_its_own_text_alone() -> None:
    sealed = ENVELOPE.seal("t1", Letter(MOBILE, LINE, BODY))
    assert ENVELOPE.open("t1", sealed) == Letter(MOBILE, LINE, BODY)
    assert ENVELOPE.open("t2", sealed) is None
    assert ENVELOPE.open("t1", sealed[:-8]) is None
    assert ENVELOPE.open("t1", "") is None
    assert ENVELOPE.seal("t1", Letter(MOBILE, LINE, BODY)) != sealed
    assert MOBILE not in repr(Letter(MOBILE, LINE, BODY))


# -- a sender that goes on -----------------------------------------------------------------------


def test_a_sender_outlives_a_database_that_fails_and_says_so_once(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def is_due(self, _now: datetime) -> bool:
            raise StoreError("the disk is full")

    caplog.set_level("WARNING")
    sender = post.sender(Broken())
    post.ask()
    assert [sender.step(), sender.step()] == [0, 0]
    sender.rules = Rules(post.outbox, ENVELOPE)
    assert sender.step() == 1
    told = [record.message for record in caplog.records if record.message.startswith("outbox.")]
    assert told == ["outbox.failed", "outbox.mended"]


def test_a_machine_that_slept_between_claim_and_request_lets_it_be(post: Post) -> None:
    post.ask()

    class Sleepy:
        """An outbox whose machine sleeps just after a text was claimed."""

        def claim(self, now: datetime, lease: str) -> Claim | None:
            claim = post.outbox.claim(now, lease)
            post.clock.pass_time(LEASE - timedelta(seconds=1))
            return claim

        def __getattr__(self, name: str) -> Any:
            return getattr(post.outbox, name)

    post.sender(Sleepy()).step(1)
    assert post.twilio.messages == []
    post.send()
    assert len(post.twilio.messages) == 1


def test_a_sender_in_a_thread_sends_and_stops(post: Post) -> None:
    stop = Event()
    thread = post.sender().start(stop)
    post.ask()
    until = monotonic() + 20
    while post.outbox.standing().waiting and monotonic() < until:
        sleep(0.05)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert len(post.twilio.messages) == 1
