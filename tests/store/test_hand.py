"""What a disk may never answer is waited for only so long."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest

from bot.errors import StoreError
from bot.store.hand import MOST_WAITING, Hand, SlowError
from bot.store.journal import Entry, Journal
from tests.waiting import wait_until

WAIT_SECONDS = 20


@pytest.fixture
def hand() -> Iterator[Hand]:
    made = Hand("the disk")
    yield made
    made.close()


@pytest.fixture
def stuck(hand: Hand) -> Iterator[Event]:
    """Work that does not end until it is let."""
    let = Event()
    with pytest.raises(SlowError, match="did not answer in time") as told:
        hand.do(lambda: let.wait(WAIT_SECONDS), 0.05)
    assert not told.value.kept
    yield let
    let.set()


def test_work_is_done_in_order_and_gives_what_it_gives_or_raises(hand: Hand) -> None:
    assert [hand.do(lambda at=at: at, 5) for at in range(3)] == [0, 1, 2]  # type: ignore[misc]  # a loop's lambda
    with pytest.raises(ZeroDivisionError):
        hand.do(lambda: 1 // 0, 5)
    assert hand.do(threading.current_thread, 5) is not threading.current_thread()


def test_while_something_takes_too_long_nothing_else_is_waited_for(hand: Hand, stuck: Event) -> None:
    began = monotonic()
    with pytest.raises(SlowError, match="does not answer"):
        hand.do(lambda: 1, 10)
    with pytest.raises(SlowError):
        hand.do(lambda: 1, 10, keep=True)
    assert monotonic() - began < 5
    assert not stuck.is_set()


def test_what_is_kept_is_done_afterwards_and_what_is_not_is_not(hand: Hand, stuck: Event) -> None:
    done: list[str] = []
    with pytest.raises(SlowError) as kept:
        hand.do(lambda: done.append("kept"), 10, keep=True)
    assert kept.value.kept
    with pytest.raises(SlowError):
        hand.do(lambda: done.append("dropped"), 10)
    stuck.set()
    limit = monotonic() + WAIT_SECONDS
    while True:
        try:
            hand.do(lambda: done.append("after"), 5)
            break
        except SlowError:
            assert monotonic() < limit
            sleep(0.01)
    assert done == ["kept", "after"]


def test_only_so_much_waits_in_memory(hand: Hand, stuck: Event) -> None:
    assert not stuck.is_set()
    kept = []
    for _ in range(MOST_WAITING + 5):
        with pytest.raises(SlowError) as told:
            hand.do(lambda: None, 10, keep=True)
        kept.append(told.value.kept)
    assert kept[:10] == [True] * 10
    assert kept[-1] is False
    assert MOST_WAITING - 5 <= sum(kept) <= MOST_WAITING


def test_forked_child_begins_anew(hand: Hand, stuck: Event) -> None:
    assert not stuck.is_set()
    child = os.fork()
    if child == 0:
        os._exit(0 if hand.do(lambda: 7, 5) == 7 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_thread_ends_with_whoever_used_it() -> None:
    made = Hand("the disk of this test")
    made.do(lambda: None, 5)
    [thread] = [one for one in threading.enumerate() if one.name == "the disk of this test"]
    del made
    gc.collect()
    thread.join(WAIT_SECONDS)
    assert not thread.is_alive()


class HangingJournal(Journal):
    """A journal whose disk does not answer until it is let."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 16 * 1024)
        self.let = Event()

    def append(self, entry: Entry) -> None:
        """Wait, as `fdatasync` would."""
        assert self.let.wait(WAIT_SECONDS)
        super().append(entry)


def test_journal_that_does_not_answer_keeps_entries_for_later(tmp_path: Path) -> None:
    journal = HangingJournal(tmp_path / "journal")
    journal.prepare()
    entries = [{"turn": str(number)} for number in range(5)]
    for entry in entries:
        with pytest.raises(SlowError) as told:
            journal.append_within(0.05, entry)
        assert told.value.kept
    with pytest.raises(StoreError):
        journal.waiting_within(0.05)
    journal.let.set()
    wait_until(lambda: journal.waiting() >= len(entries), WAIT_SECONDS)
    kept: list[Entry] = []
    journal.drain(kept.extend)
    assert kept == entries
