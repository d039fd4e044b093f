"""Turns of several threads are committed together, and each is answered after its own commit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, get_ident
from time import sleep

import pytest

from bot.errors import StoreError
from bot.store import Decision, Done, Taken
from bot.store.batches import Batches, Take
from bot.store.decision import Delivery
from bot.store.patience import left, within
from tests.store.samples import LATER, NOW
from tests.waiting import wait_until

WAIT_SECONDS = 20


def delivery(turn: str, session: str = "") -> Delivery:
    """One delivery of somebody's own session, or of the one given."""
    return Delivery(turn, session or f"session of {turn}", NOW, LATER, lambda _before: Decision("", None))


class Commits:
    """Commits at once, or when it is let; writes down which turns came together."""

    def __init__(self, *, waits: bool = False) -> None:
        self.batches: list[list[str]] = []
        self.begun, self.may_end, self.lock = Event(), Event(), Lock()
        self.under_way = self.most_under_way = 0
        if not waits:
            self.may_end.set()

    def __call__(self, take: Take) -> list[Taken | Exception]:
        deliveries = take()
        with self.lock:
            self.batches.append([one.turn_id for one in deliveries])
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        self.begun.set()
        assert self.may_end.wait(WAIT_SECONDS)
        with self.lock:
            self.under_way -= 1
        return [
            LookupError(one.turn_id) if one.turn_id.startswith("bad") else Taken(one.turn_id, replayed=False)
            for one in deliveries
        ]


def wait_for(batches: Batches, many: int) -> None:
    """Wait until so many turns wait."""
    wait_until(lambda: batches.waiting >= many, WAIT_SECONDS, 0.001)


def test_a_turn_that_comes_alone_is_committed_at_once() -> None:
    commits = Commits()
    assert Batches(commits, 1, 5).take(delivery("t")).answer == "t"
    assert commits.batches == [["t"]]


def test_turns_that_come_during_a_commit_share_the_next_one() -> None:
    commits = Commits(waits=True)
    batches = Batches(commits, 1, 5)
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(batches.take, delivery("first"))
        assert commits.begun.wait(WAIT_SECONDS)
        others = [threads.submit(batches.take, delivery(f"t{number}")) for number in range(6)]
        wait_for(batches, 6)
        assert not any(one.done() for one in (first, *others))
        commits.may_end.set()
        assert [one.result().answer for one in (first, *others)] == [
            "first",
            *(f"t{number}" for number in range(6)),
        ]
    assert commits.batches[0] == ["first"]
    assert [len(batch) for batch in commits.batches] == [1, 6]
    assert commits.most_under_way == 1


def test_two_turns_of_one_session_are_never_in_one_batch() -> None:
    commits = Commits(waits=True)
    batches = Batches(commits, 1, 5)
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(batches.take, delivery("first"))
        assert commits.begun.wait(WAIT_SECONDS)
        others = [threads.submit(batches.take, delivery(f"t{number}", "one")) for number in range(3)]
        wait_for(batches, 3)
        commits.may_end.set()
        for one in (first, *others):
            one.result(WAIT_SECONDS)
    assert [len(batch) for batch in commits.batches] == [1, 1, 1, 1]


def test_what_one_turn_raises_is_its_own() -> None:
    commits = Commits(waits=True)
    batches = Batches(commits, 1, 5)
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(batches.take, delivery("first"))
        assert commits.begun.wait(WAIT_SECONDS)
        bad, good = (threads.submit(batches.take, delivery(name)) for name in ("bad", "good"))
        wait_for(batches, 2)
        commits.may_end.set()
        assert (first.result().answer, good.result().answer) == ("first", "good")
        with pytest.raises(LookupError, match="bad"):
            bad.result()


def test_a_commit_that_fails_fails_for_all_of_its_batch_and_nobody_else() -> None:
    lock, seen = Lock(), list[int]()

    def commit(take: Take) -> list[Taken | Exception]:
        deliveries = take()
        with lock:
            seen.append(len(deliveries))
        if any(one.turn_id == "poison" for one in deliveries):
            raise StoreError("the database is gone")
        return [Taken(one.turn_id, replayed=False) for one in deliveries]

    batches = Batches(commit, 1, 5)
    with pytest.raises(StoreError, match="gone"):
        batches.take(delivery("poison"))
    assert batches.take(delivery("after")).answer == "after"
    assert seen == [1, 1]


def test_whoever_waits_too_long_gives_up_and_is_not_committed() -> None:
    commits = Commits(waits=True)
    batches = Batches(commits, 1, 5)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(batches.take, delivery("first"))
        assert commits.begun.wait(WAIT_SECONDS)
        with within(0.05), pytest.raises(StoreError, match="others were stored for too long"):
            batches.take(delivery("late"))
        commits.may_end.set()
        assert first.result().answer == "first"
    assert commits.batches == [["first"]]


def test_two_leaders_commit_at_the_same_time_where_the_database_lets_them() -> None:
    commits = Commits(waits=True)
    batches = Batches(commits, 2, 5)
    with ThreadPoolExecutor(4) as threads:
        turns = [threads.submit(batches.take, delivery("t0"))]
        assert commits.begun.wait(WAIT_SECONDS)
        turns.append(threads.submit(batches.take, delivery("t1")))
        while commits.under_way < 2:
            sleep(0.001)
        turns += [threads.submit(batches.take, delivery(f"t{number}")) for number in (2, 3)]
        wait_for(batches, 2)
        commits.may_end.set()
        assert sorted(one.result().answer for one in turns) == ["t0", "t1", "t2", "t3"]
    assert commits.most_under_way == 2


def test_no_turn_is_lost_or_taken_twice_by_many_threads() -> None:
    taken: list[str] = []
    lock = Lock()

    def commit(take: Take) -> list[Taken | Exception]:
        deliveries = take()
        with lock:
            taken.extend(one.turn_id for one in deliveries)
        return [Taken(one.turn_id, replayed=False) for one in deliveries]

    batches = Batches(commit, 1, 5)
    names = [f"t{number}" for number in range(2000)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda name: batches.take(delivery(name)).answer, names))
    assert answers == names
    assert sorted(taken) == sorted(names)


def test_turns_that_come_together_are_committed_together_and_nobody_waits() -> None:
    commits, told, all_told = Commits(waits=True), dict[str, object](), Event()
    batches = Batches(commits, 1, 5)

    def is_told(name: str) -> Done:
        def tell(result: Taken | BaseException) -> None:
            told[name] = result
            if len(told) == 4:
                all_told.set()

        return tell

    batches.submit([(delivery(name), is_told(name)) for name in ("one", "two", "bad", "four")])
    assert not told
    commits.may_end.set()
    assert all_told.wait(WAIT_SECONDS)
    assert commits.batches == [["one", "two", "bad", "four"]]
    assert told["two"] == Taken("two", replayed=False)
    assert isinstance(told["bad"], LookupError)


def test_what_is_done_with_one_result_and_fails_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_result: object) -> None:
        raise LookupError("a mistake of ours")

    told, is_told, logged = list[object](), Event(), list[str]()
    monkeypatch.setattr("bot.store.batches.logger.exception", logged.append)

    def tell(result: object) -> None:
        told.append(result)
        is_told.set()

    batches = Batches(Commits(), 1, 5)
    batches.submit([(delivery("one"), fails), (delivery("two"), tell)])
    assert is_told.wait(WAIT_SECONDS)
    assert told == [Taken("two", replayed=False)]
    assert batches.take(delivery("three")).answer == "three"
    assert logged == ["turn.unanswered"]


def test_a_batch_is_waited_for_as_long_as_its_oldest_turn_may_wait() -> None:
    """Whoever has waited behind another batch must not wait as long again."""
    given, first, may_end = list[float](), Event(), Event()

    def commit(take: Take) -> list[Taken | Exception]:
        deliveries = take()
        given.append(left())
        first.set()
        assert may_end.wait(WAIT_SECONDS)
        return [Taken(one.turn_id, replayed=False) for one in deliveries]

    batches = Batches(commit, 1, 2)
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(batches.take, delivery("one"))
        assert first.wait(WAIT_SECONDS)
        two = threads.submit(batches.take, delivery("two"))
        wait_for(batches, 1)
        sleep(0.5)
        may_end.set()
        one.result(), two.result()
    assert 1.5 < given[0] <= 2
    assert given[1] <= 1.5


def test_a_commit_that_does_not_come_back_is_noticed() -> None:
    commits = Commits(waits=True)
    batches = Batches(commits, 1, 0.2)
    with ThreadPoolExecutor(1) as threads:
        one = threads.submit(batches.take, delivery("one"))
        assert commits.begun.wait(WAIT_SECONDS)
        seen = [batches.stuck]
        with pytest.raises(StoreError, match="may not be stored"):
            one.result()
        seen.append(batches.stuck)
        commits.may_end.set()
        assert batches.take(delivery("two")).answer == "two"
    assert [*seen, batches.stuck] == [False, True, False]


def test_threads_that_have_nothing_to_do_end_and_others_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.batches.IDLE_SECONDS", 0.05)
    by = list[str]()

    def commit(take: Take) -> list[Taken | Exception]:
        deliveries = take()
        by.append(str(get_ident()))
        return [Taken(one.turn_id, replayed=False) for one in deliveries]

    batches = Batches(commit, 1, 5)
    assert batches.take(delivery("one")).answer == "one"
    wait_until(lambda: not batches.threads, WAIT_SECONDS)
    assert batches.take(delivery("two")).answer == "two"
    assert len(by) == 2


def test_whoever_comes_while_a_commit_waits_to_begin_is_in_it() -> None:
    begun, may_go, batches_seen = Event(), Event(), list[list[str]]()

    def commit(take: Take) -> list[Taken | Exception]:
        begun.set()
        assert may_go.wait(WAIT_SECONDS)  # others write to the database
        deliveries = take()
        batches_seen.append([one.turn_id for one in deliveries])
        return [Taken(one.turn_id, replayed=False) for one in deliveries]

    batches = Batches(commit, 1, 5)
    with ThreadPoolExecutor(3) as threads:
        turns = [threads.submit(batches.take, delivery("one"))]
        assert begun.wait(WAIT_SECONDS)
        turns += [threads.submit(batches.take, delivery(name)) for name in ("two", "three")]
        wait_for(batches, 3)
        may_go.set()
        assert [one.result().answer for one in turns] == ["one", "two", "three"]
    assert [sorted(one) for one in batches_seen] == [["one", "three", "two"]]


def test_a_commit_that_can_not_begin_fails_for_all_that_wait() -> None:
    def commit(_take: Take) -> list[Taken | Exception]:
        raise StoreError("the database is locked")

    batches = Batches(commit, 1, 5)
    for name in ("one", "two"):
        with pytest.raises(StoreError, match="locked"):
            batches.take(delivery(name))
    assert batches.waiting == 0
