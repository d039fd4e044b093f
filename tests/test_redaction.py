"""Twilio forgets: against a Twilio on this machine, on SQLite and on PostgreSQL."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from bot.channels.erasing import TwilioRecords
from bot.cli.worker import redactor
from bot.core.redaction import Redaction, redaction_of
from bot.redaction import FIRST_WAIT, LONGEST_WAIT, Redactor, wait_after
from bot.settings import Settings
from bot.store import Store, open_store, upgrade
from tests.channels.twilio_records import TwilioWithRecords
from tests.channels.twilio_rest import SID, TOKEN, Redirected
from tests.line import CALLS, LANDLINE, MOBILE, TEXTS
from tests.server import serve
from tests.store.samples import NOW, count_rows

OTHER = "+447700900456"
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


def text_sid(number: int) -> str:
    return f"SM{number:032x}"


def call_sid(number: int) -> str:
    return f"CA{number:032x}"


@dataclass
class Played:
    """A store, a Twilio, what deletes, and its clock."""

    store: Store
    url: str
    twilio: TwilioWithRecords
    redactor: Redactor
    now: datetime = NOW + DAY

    def due(self, sid: str, at: datetime = NOW) -> None:
        """Note that a message or a call is to be deleted a day after it came."""
        redaction = redaction_of(sid, at + DAY)
        assert redaction is not None
        self.store.redactions().keep(redaction, at)

    def work(self) -> int:
        """Do everything that is due; give how many rows were worked on."""
        rows = 0
        while self.redactor.step():
            rows += 1
        return rows

    @property
    def waiting(self) -> int:
        """How many rows are left."""
        return count_rows(self.url, "redactions")

    @property
    def totals(self) -> dict[str, int]:
        """What has come of rows."""
        return dict(self.store.redactions().standing().totals)


@pytest.fixture(params=["sqlite", "postgresql"])
def played(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Played]:
    """Give an empty store, and a Twilio with nothing in it."""
    postgres = request.param == "postgresql"
    url = str(request.getfixturevalue("postgres_database")) if postgres else f"sqlite:///{tmp_path}/line.db"
    upgrade(url)
    store, twilio = open_store(url), TwilioWithRecords()
    with serve(twilio) as base:
        records = TwilioRecords(SID, TOKEN, frozenset({TEXTS, "60163"}), Redirected(base))
        one: list[Played] = []
        redactor = Redactor(store.redactions(), records, HOUR, lambda: one[0].now)
        one.append(Played(store, url, twilio, redactor))
        yield one[0]
    store.close()


def test_a_message_is_emptied_and_then_deleted(played: Played) -> None:
    played.twilio.message(text_sid(1), MOBILE, TEXTS, NOW)
    played.due(text_sid(1))
    played.now = NOW + DAY - timedelta(seconds=1)
    assert played.work() == 0
    assert played.twilio.requests == []
    played.now += timedelta(seconds=1)
    assert played.work() == 1
    assert played.twilio.messages == {}
    assert played.twilio.emptied == [text_sid(1)]
    assert (played.waiting, played.totals) == (0, {"done": 1})


def test_the_rest_of_the_conversation_goes_too_and_nobody_elses(played: Played) -> None:
    twilio = played.twilio
    twilio.message(text_sid(1), MOBILE, TEXTS, NOW - timedelta(minutes=5), "my brother owes them")
    twilio.message(text_sid(2), TEXTS, MOBILE, NOW - timedelta(minutes=5), "which do you mean?")
    twilio.message(text_sid(3), MOBILE, TEXTS, NOW, "1")
    twilio.message(text_sid(4), TEXTS, MOBILE, NOW, "Police: 101")
    twilio.message(text_sid(5), MOBILE, TEXTS, NOW + timedelta(minutes=3), "thanks")
    twilio.message(text_sid(6), MOBILE, TEXTS, NOW - 2 * HOUR, "another day's words")
    twilio.message(text_sid(7), OTHER, TEXTS, NOW, "somebody else")
    twilio.message(text_sid(8), MOBILE, "+447700900999", NOW, "not to this line")
    played.due(text_sid(3))
    assert played.work() == 1
    assert set(twilio.messages) == {text_sid(6), text_sid(7), text_sid(8)}
    assert all(one["body"] for one in twilio.messages.values())
    assert twilio.requests[-1] == ("DELETE", f"Messages/{text_sid(3)}")  # what the row names goes last


def test_what_has_a_row_of_its_own_waits_for_its_turn(played: Played) -> None:
    twilio, later = played.twilio, NOW + timedelta(minutes=50)
    twilio.message(text_sid(1), MOBILE, TEXTS, NOW)
    twilio.message(text_sid(2), MOBILE, TEXTS, later)
    twilio.message(text_sid(3), TEXTS, MOBILE, later + timedelta(minutes=50))
    played.due(text_sid(1))
    played.due(text_sid(2), later)
    assert played.work() == 1
    assert set(twilio.messages) == {text_sid(2), text_sid(3)}
    played.now += HOUR
    assert played.work() == 1
    assert twilio.messages == {}


def test_a_call_goes_with_its_legs_and_the_texts_that_it_asked_for(played: Played) -> None:
    twilio = played.twilio
    twilio.call(call_sid(1), MOBILE, NOW)
    twilio.call(call_sid(2), CALLS, NOW, parent=call_sid(1))
    twilio.call(call_sid(3), OTHER, NOW)
    twilio.message(text_sid(1), TEXTS, MOBILE, NOW + timedelta(minutes=1))
    twilio.message(text_sid(2), TEXTS, OTHER, NOW + timedelta(minutes=1))
    played.due(call_sid(1))
    assert played.work() == 1
    assert set(twilio.calls) == {call_sid(3)}
    assert set(twilio.messages) == {text_sid(2)}
    assert played.totals == {"done": 1}


@pytest.mark.parametrize("withheld", ["anonymous", "+266696687", LANDLINE])
def test_a_call_without_a_number_to_text_is_deleted_alone(played: Played, withheld: str) -> None:
    played.twilio.call(call_sid(1), withheld, NOW)
    played.twilio.message(text_sid(1), TEXTS, MOBILE, NOW)
    played.due(call_sid(1))
    assert played.work() == 1
    assert played.twilio.calls == {}
    assert set(played.twilio.messages) == {text_sid(1)}


def test_a_call_that_goes_on_is_deleted_when_it_is_over(played: Played) -> None:
    played.twilio.call(call_sid(1), MOBILE, NOW, status="in-progress")
    played.due(call_sid(1))
    played.work()
    assert (played.waiting, played.totals) == (1, {"put_off": 1})
    played.twilio.call(call_sid(1), MOBILE, NOW)
    played.now += FIRST_WAIT
    played.work()
    assert (played.waiting, played.twilio.calls) == (0, {})


def test_what_twilio_is_not_done_with_is_tried_again(played: Played) -> None:
    played.twilio.message(text_sid(1), MOBILE, TEXTS, NOW)
    played.twilio.busy.add(text_sid(1))
    played.due(text_sid(1))
    for tries in range(1, 4):
        assert played.work() == 1
        assert played.totals == {"put_off": tries}
        played.now += wait_after(tries) - timedelta(seconds=1)
        assert played.work() == 0
        played.now += timedelta(seconds=1)
    played.twilio.busy.clear()
    assert played.work() == 1
    assert (played.waiting, played.twilio.messages) == (0, {})


def test_an_answer_that_is_not_done_with_holds_up_the_message_too(played: Played) -> None:
    """The message is the way back to its answer, so it may not go first."""
    played.twilio.message(text_sid(1), MOBILE, TEXTS, NOW)
    played.twilio.message(text_sid(2), TEXTS, MOBILE, NOW)
    played.twilio.busy.add(text_sid(2))
    played.due(text_sid(1))
    played.work()
    assert set(played.twilio.messages) == {text_sid(1), text_sid(2)}
    played.twilio.busy.clear()
    played.now += HOUR
    played.work()
    assert played.twilio.messages == {}


def test_what_is_gone_already_is_done(played: Played) -> None:
    played.due(text_sid(1))
    played.due(call_sid(1))
    assert played.work() == 2
    assert (played.waiting, played.totals) == (0, {"gone": 2})


def test_what_goes_between_two_requests_is_done(played: Played) -> None:
    played.twilio.message(text_sid(1), MOBILE, TEXTS, NOW)

    def take_away(method: str, name: str) -> None:
        if method == "DELETE":
            played.twilio.messages.pop(name.partition("/")[2])

    played.twilio.before = take_away
    played.due(text_sid(1))
    assert played.work() == 1
    assert (played.waiting, played.totals) == (0, {"gone": 1})


@pytest.mark.parametrize("step", range(6))
def test_a_fault_at_any_request_loses_nothing(played: Played, step: int) -> None:
    twilio = played.twilio
    for number, (from_, to) in enumerate([(MOBILE, TEXTS), (TEXTS, MOBILE), (MOBILE, TEXTS)]):
        twilio.message(text_sid(number), from_, to, NOW)
    played.due(text_sid(0))

    def fail_once(_method: str, _name: str) -> None:
        if len(twilio.requests) == step + 1:
            twilio.failing = 1

    twilio.before = fail_once
    played.work()
    assert (played.waiting, played.totals) == (1, {"put_off": 1})
    played.now += HOUR
    played.work()
    assert (played.waiting, twilio.messages) == (0, {})
    assert played.totals == {"put_off": 1, "done": 1}


def test_a_twilio_that_is_away_is_waited_for_and_told_once(
    played: Played, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(5):
        played.twilio.message(text_sid(number), f"+4477009000{number:02}", TEXTS, NOW)
        played.due(text_sid(number))
    played.twilio.failing = 10**6
    with caplog.at_level(logging.WARNING, "signpost"):
        assert played.work() == 5
    assert [record.message for record in caplog.records] == ["redaction.put_off"]
    assert "SM0" not in caplog.text
    assert played.waiting == 5
    played.twilio.failing = 0
    played.now += LONGEST_WAIT
    played.work()
    assert played.waiting == 0


def test_a_third_of_all_requests_fail_and_every_message_goes_once(played: Played) -> None:
    people = [f"+4477009001{number:02}" for number in range(6)]
    for number, person in enumerate(people):
        played.twilio.message(text_sid(2 * number), person, TEXTS, NOW)
        played.twilio.message(text_sid(2 * number + 1), TEXTS, person, NOW)
        played.due(text_sid(2 * number))

    def fail_some(_method: str, _name: str) -> None:
        played.twilio.failing = int(zlib.crc32(str(len(played.twilio.requests)).encode()) % 3 == 0)

    played.twilio.before = fail_some
    for _ in range(200):
        if not played.waiting:
            break
        played.work()
        played.now += LONGEST_WAIT
    assert (played.waiting, played.twilio.messages) == (0, {})
    assert sum(played.totals[result] for result in ("done", "gone") if result in played.totals) == len(people)


def test_a_worker_that_dies_half_way_is_followed_by_another(played: Played) -> None:
    played.twilio.message(text_sid(1), MOBILE, TEXTS, NOW)
    played.due(text_sid(1))
    assert played.store.redactions().claim(played.now, "the dead one") is not None
    assert played.work() == 0
    played.now += HOUR
    assert played.work() == 1
    assert played.twilio.messages == {}


def test_it_stops_when_it_is_told(played: Played) -> None:
    played.twilio.message(text_sid(1), MOBILE, TEXTS, NOW)
    played.due(text_sid(1))
    stop = Event()
    thread: Thread = played.redactor.start(stop)
    try:
        for _ in range(400):
            if not played.waiting:
                break
            stop.wait(0.05)
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    assert played.waiting == 0


def test_waits_grow_up_to_six_hours() -> None:
    waits = [wait_after(tries) for tries in range(1, 40)]
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


def test_a_redaction_says_nothing_of_itself() -> None:
    assert text_sid(1) not in repr(Redaction(text_sid(1), "message", NOW))


@pytest.mark.parametrize("changes", [{}, {"redact_after_hours": 0, "account_sid": SID}])
def test_without_an_account_or_hours_there_is_nobody_who_deletes(
    tmp_path: Path, changes: dict[str, str | int]
) -> None:
    chosen = Settings(**{"auth_tokens": (TOKEN,), **changes})  # type: ignore[arg-type]  # fields of Settings by name
    store = open_store(f"sqlite:///{tmp_path}/line.db")
    assert redactor(chosen, store) is None
    store.close()


def test_the_worker_deletes_with_the_account_that_is_set(tmp_path: Path) -> None:
    chosen = Settings(auth_tokens=(TOKEN,), account_sid=SID, session_minutes=90)
    store = open_store(f"sqlite:///{tmp_path}/line.db")
    made = redactor(chosen, store)
    assert made is not None
    assert made.span == timedelta(minutes=90)
    assert isinstance(made.records, TwilioRecords)
    store.close()
