"""A database that has failed is left alone for a moment, then tried by one turn, then used again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from bot.breaker import Breaker
from bot.errors import StoreError


@dataclass
class Clock:
    """A clock that the test moves."""

    at: float = 100.0

    def __call__(self) -> float:
        """Read it."""
        return self.at


def fail(breaker: Breaker) -> str:
    """Try the store, which fails; say what the caller is told."""
    with pytest.raises(StoreError) as told, breaker.passing():
        raise StoreError("it failed")
    return str(told.value)


def is_let_through(breaker: Breaker) -> bool:
    """Try the store, which works."""
    try:
        with breaker.passing():
            return True
    except StoreError:
        return False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def test_store_that_works_is_used(breaker: Breaker) -> None:
    assert [is_let_through(breaker) for _ in range(3)] == [True, True, True]
    assert (breaker.open, breaker.seconds_left) == (False, 0.0)


def test_after_a_fault_nobody_tries_for_a_second_and_the_first_success_closes_it(
    breaker: Breaker, clock: Clock
) -> None:
    assert fail(breaker) == "it failed"
    clock.at += 0.99
    assert not is_let_through(breaker)
    assert 0 < breaker.seconds_left < 0.02
    clock.at += 0.02
    assert is_let_through(breaker)
    assert is_let_through(breaker)
    assert fail(breaker) == "it failed"
    assert breaker.seconds_left == 1.0


def test_pause_grows_to_five_seconds(breaker: Breaker, clock: Clock) -> None:
    pauses = []
    for _ in range(5):
        assert fail(breaker) == "it failed"
        pauses.append(breaker.seconds_left)
        assert "left alone" in fail(breaker)
        clock.at += breaker.seconds_left
    assert pauses == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_while_one_tries_the_others_do_without(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.at += 1
    with breaker.passing(), ThreadPoolExecutor(1) as other:
        assert not other.submit(is_let_through, breaker).result()
    assert is_let_through(breaker)


def test_faults_of_many_at_once_count_as_one(breaker: Breaker) -> None:
    def fail_while_another_fails() -> None:
        with breaker.passing():
            assert fail(breaker) == "it failed"
            raise StoreError("so did the other")

    with pytest.raises(StoreError, match="so did the other"):
        fail_while_another_fails()
    assert breaker.seconds_left == 1.0


def test_fault_of_something_else_says_nothing_of_the_store(breaker: Breaker, clock: Clock) -> None:
    with pytest.raises(LookupError), breaker.passing():
        raise LookupError
    assert not breaker.open
    fail(breaker)
    clock.at += 1
    with pytest.raises(LookupError), breaker.passing():
        raise LookupError
    assert is_let_through(breaker)  # the trial was not used up by it
