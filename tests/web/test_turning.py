"""A webhook's coroutine gives the same whether a thread waits for it or not, and runs where it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.errors import StoreError
from bot.log import request_id
from bot.store import Decision, Delivery, Done, Taken
from bot.web.turning import Answering, Later, Ways, finish, longer
from tests.store.samples import LATER, NOW


def delivery(name: str) -> Delivery:
    """A turn of somebody's."""
    return Delivery(name, f"session of {name}", NOW, LATER, lambda _before: Decision("", None))


async def two_turns(seen: list[str]) -> str:
    """Take a turn, do something that takes long, take another, and see what becomes of a third."""
    seen.append(f"begun {request_id.get()}")
    first = await delivery("first")
    seen.append(f"first {request_id.get()}")
    await longer
    seen.append("longer")
    second = await delivery("second")
    try:
        await delivery("bad")
    except StoreError as fault:
        seen.append(f"fault {request_id.get()}")
        return f"{first.answer} {second.answer} {fault}"
    raise AssertionError("the third turn failed")


def take(one: Delivery) -> Taken:
    """Commit a turn, unless it is bad."""
    if one.turn_id == "bad":
        raise StoreError("not stored")
    return Taken(one.turn_id, replayed=False)


@dataclass
class Server:
    """Does one thing after the other, when it is told to."""

    submitted: list[tuple[Delivery, Done]] = field(default_factory=list)
    waiting: list[Callable[[], None]] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)

    def begin(self, answering: Answering[str]) -> None:
        """Begin to answer a webhook whose id is 7."""
        ways = Ways(
            lambda one, done: self.submitted.append((one, done)), self.waiting.append, self.answers.append
        )
        Later(ways).run(answering, "7")

    def commit(self) -> None:
        """Commit the turn that waits."""
        one, done = self.submitted.pop()
        try:
            done(take(one))
        except StoreError as fault:
            done(fault)


def test_a_coroutine_is_run_to_its_end_by_a_thread_that_waits() -> None:
    seen = list[str]()
    assert finish(two_turns(seen), take) == "first second not stored"
    assert seen == ["begun ", "first ", "longer", "fault "]


def test_it_stops_where_it_waits_and_goes_on_where_it_may() -> None:
    server, seen = Server(), list[str]()
    server.begin(two_turns(seen))
    assert seen == ["begun 7"]
    server.commit()
    assert seen == ["begun 7", "first 7"]
    assert not server.submitted  # it asked for a thread of its own first
    server.waiting.pop()()
    server.commit()
    server.commit()
    assert len(seen) == 3  # what follows a fault may want a disk: not in the thread that commits
    server.waiting.pop()()
    assert server.answers == ["first second not stored"]
    assert seen == ["begun 7", "first 7", "longer", "fault 7"]
    assert request_id.get() == ""
    assert not server.waiting


def test_one_that_waits_for_nothing_is_answered_at_once() -> None:
    async def at_once() -> str:
        return "refused"

    server = Server()
    server.begin(at_once())
    assert server.answers == ["refused"]
    assert finish(at_once(), take) == "refused"


def test_what_it_raises_is_raised_to_whoever_waits() -> None:
    async def fails() -> str:
        await delivery("bad")
        return ""

    with pytest.raises(StoreError, match="not stored"):
        finish(fails(), take)
