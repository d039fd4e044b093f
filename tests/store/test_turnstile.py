"""The turnstile before SQLite: one at a time, in order, and never stuck."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from threading import Event
from typing import TYPE_CHECKING

import pytest

from bot.errors import StoreError
from bot.store.turnstile import Turnstile
from tests.waiting import wait_until

if TYPE_CHECKING:
    pass

WAIT_SECONDS = 20


def pass_through(turnstile: Turnstile, passed: list[int], number: int) -> None:
    """Go in, note it, and leave."""
    with turnstile.passing():
        passed.append(number)


def test_threads_pass_in_the_order_they_came() -> None:
    turnstile, passed = Turnstile("SQLite here", WAIT_SECONDS), list[int]()
    with ThreadPoolExecutor(8) as threads:
        with turnstile.passing():
            for number in range(8):
                threads.submit(pass_through, turnstile, passed, number)
                wait_until(lambda number=number: turnstile.waiting == number + 1, WAIT_SECONDS, 0.001)  # type: ignore[misc]
            assert passed == []
        wait_until(lambda: len(passed) == 8, WAIT_SECONDS, 0.001)
    assert passed == list(range(8))


def test_who_waits_too_long_is_told_and_holds_up_nobody() -> None:
    turnstile, passed = Turnstile("SQLite here", 0.01), list[int]()
    with ThreadPoolExecutor(1) as threads, turnstile.passing():
        late = threads.submit(pass_through, turnstile, passed, 1)
        with pytest.raises(StoreError, match=r"SQLite here: .* 0\.01 s; use a faster disk or PostgreSQL"):
            late.result(WAIT_SECONDS)
    assert turnstile.waiting == 0
    pass_through(turnstile, passed, 2)
    assert passed == [2]


def test_fault_inside_lets_the_next_one_in() -> None:
    turnstile, passed = Turnstile("SQLite here", WAIT_SECONDS), list[int]()
    with pytest.raises(LookupError), turnstile.passing():
        raise LookupError
    pass_through(turnstile, passed, 1)
    assert passed == [1]


def test_child_forked_while_a_thread_was_inside_is_not_stuck() -> None:
    turnstile, inside, leave = Turnstile("SQLite here", 0.01), Event(), Event()

    def stay() -> None:
        with turnstile.passing():
            inside.set()
            leave.wait(WAIT_SECONDS)

    with ThreadPoolExecutor(1) as threads:
        threads.submit(stay)
        assert inside.wait(WAIT_SECONDS)
        try:
            child = get_context("fork").Process(target=pass_through, args=(turnstile, [], 1))
            child.start()
            child.join(WAIT_SECONDS)
            assert child.exitcode == 0
        finally:
            leave.set()
