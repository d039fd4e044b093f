"""What happens when turns are delivered at the same time, by threads and by processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from threading import Barrier, Event
from typing import TYPE_CHECKING

import pytest

from bot.core.session import Session
from bot.store import Decision, open_store, upgrade
from tests.store.samples import LATER, NOW, ROUTING, SESSION, count_turn, keep, seen_by, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.store import Store, Taken

THREADS = 8
WAIT_SECONDS = 20


def all_at_once(do: Callable[[int], Taken]) -> list[Taken]:
    """Run `do(0)` to `do(7)` in threads that start together."""
    start = Barrier(THREADS)

    def run(number: int) -> Taken:
        start.wait(WAIT_SECONDS)
        return do(number)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(run, range(THREADS)))


@pytest.mark.parametrize("round_number", range(3))
@pytest.mark.parametrize("sessions", [1, THREADS], ids=["one session", "a session each"])
def test_one_turn_delivered_by_eight_threads_is_taken_once(
    store: Store, sessions: int, round_number: int
) -> None:
    decided: list[int] = []

    def deliver(number: int) -> Taken:
        session = replace(SESSION, id=f"s{number % sessions}")

        def decide(_before: Session | None) -> Decision:
            decided.append(number)
            return Decision(f"answer {number}", session, replace(ROUTING, id=f"r{number}"))

        return store.take(f"t{round_number}", session.id, NOW, LATER, decide)

    taken = all_at_once(deliver)
    assert len(decided) == 1
    assert {each.answer for each in taken} == {f"answer {decided[0]}"}
    assert [each.replayed for each in taken].count(False) == 1
    assert [routing.id for routing in store.routings()] == [f"r{decided[0]}"]


def test_no_turn_of_a_session_is_lost_to_another(store: Store) -> None:
    turns = 10

    def deliver(number: int) -> Taken:
        return [take(store, f"t{number}-{turn}", count_turn) for turn in range(turns)][-1]

    all_at_once(deliver)
    found = seen_by(store, "last")
    assert found is not None
    assert found.turns == THREADS * turns


def test_sessions_do_not_wait_for_each_other_on_postgresql(postgres_database: str) -> None:
    upgrade(postgres_database)
    store = open_store(postgres_database)
    deciding, go_on = Event(), Event()

    def wait(_before: Session | None) -> Decision:
        deciding.set()
        assert go_on.wait(WAIT_SECONDS)
        return Decision("slow", None)

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(take, store, "slow", wait)
        assert deciding.wait(WAIT_SECONDS)
        try:
            assert store.take("fast", "another", NOW, LATER, keep(None)).answer == "<Response/>"
            assert not slow.done()
        finally:
            go_on.set()
        assert slow.result().answer == "slow"
    store.close()


def test_forked_processes_share_the_store(store: Store) -> None:
    take(store, "in the parent", count_turn)
    context = get_context("fork")
    answers = context.SimpleQueue()

    def deliver(number: int) -> None:
        mine = take(store, f"t{number}", count_turn).answer
        routing = replace(ROUTING, id=f"r{number}")
        shared = take(store, "shared", lambda s: Decision(f"by {number}", s, routing)).answer
        answers.put((mine, shared))

    children = [context.Process(target=deliver, args=(number,)) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(WAIT_SECONDS)
    assert [child.exitcode for child in children] == [0] * 4
    mine, shared = zip(*(answers.get() for _ in children), strict=True)
    assert sorted(mine) == ["turn 2", "turn 3", "turn 4", "turn 5"]
    assert len(set(shared)) == len(list(store.routings())) == 1
    assert take(store, "in the parent again", count_turn).answer == "turn 6"


def test_upgrades_at_the_same_time_agree(database_url: str) -> None:
    context = get_context("fork")
    children = [context.Process(target=upgrade, args=(database_url,)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(WAIT_SECONDS)
    assert [child.exitcode for child in children] == [0] * 4
    store = open_store(database_url)
    assert store.ready() == []
    store.close()
