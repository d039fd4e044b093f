"""The journal keeps what it acknowledged: through crashes, a full disk, many writers and damage."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StoreError
from bot.settings import ROOT
from bot.store.journal import BATCH_ENTRIES, Entry, Journal

SMALL_BYTES = 16 * 1024


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "journal", SMALL_BYTES)
    made.prepare()
    return made


def drained(journal: Journal) -> list[Entry]:
    kept: list[Entry] = []
    journal.drain(kept.extend)
    return kept


def test_what_was_appended_is_drained_once_in_order(journal: Journal) -> None:
    entries = [{"turn": str(number), "service": "police-101"} for number in range(5)]
    for entry in entries:
        journal.append(entry)
    assert journal.waiting() == 5
    assert drained(journal) == entries
    assert (journal.waiting(), drained(journal)) == (0, [])


def test_file_is_private_and_never_grows(journal: Journal) -> None:
    for number in range(20):
        journal.append({"turn": str(number)})
    status = journal.path.stat()
    assert (status.st_mode & 0o777, status.st_size) == (0o600, SMALL_BYTES)


def test_full_journal_refuses_and_takes_more_once_it_is_drained(journal: Journal) -> None:
    journal.append({"turn": "x" * 100})
    line_bytes = journal.path.read_bytes().index(b"\0")
    appended = SMALL_BYTES // line_bytes
    for _ in range(appended - 1):
        journal.append({"turn": "x" * 100})
    with pytest.raises(StoreError, match="full"):
        journal.append({"turn": "x" * 100})
    assert len(drained(journal)) == appended
    journal.append({"turn": "again"})
    assert drained(journal) == [{"turn": "again"}]


def test_what_the_database_refuses_waits_on(journal: Journal) -> None:
    for number in range(BATCH_ENTRIES + 3):
        journal.append({"n": str(number)})
    taken: list[Entry] = []

    def keep(entries: Sequence[Entry]) -> None:
        if taken:
            raise ConnectionError("gone again")
        taken.extend(entries)

    with pytest.raises(ConnectionError):
        journal.drain(keep)
    assert len(taken) == BATCH_ENTRIES
    assert drained(journal) == [{"n": str(number)} for number in range(BATCH_ENTRIES, BATCH_ENTRIES + 3)]


def test_entry_that_comes_while_others_are_drained_is_kept(journal: Journal) -> None:
    journal.append({"n": "1"})
    assert journal.drain(lambda _: journal.append({"n": "2"})) == (1, 0)
    assert drained(journal) == [{"n": "2"}]


@given(cut=st.integers(2, 60))
def test_line_that_was_cut_off_costs_no_other(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal") / "journal", SMALL_BYTES)
    journal.prepare()
    for name in ("first", "second"):
        journal.append({"turn": name})
    data = journal.path.read_bytes()
    end = data.index(b"\0")
    cut = min(cut, end // 2 - 1)
    journal.path.write_bytes(data[: end - cut] + bytes(SMALL_BYTES - end + cut))
    journal.append({"turn": "third"})
    kept: list[Entry] = []
    assert journal.drain(kept.extend) == (2, 1)
    assert kept == [{"turn": "first"}, {"turn": "third"}]


def test_altered_line_is_given_up_and_counted(journal: Journal) -> None:
    for service in ("nrp", "police-101"):
        journal.append({"service": service})
    journal.path.write_bytes(journal.path.read_bytes().replace(b"nrp", b"frank"[:3]))
    kept: list[Entry] = []
    assert journal.drain(kept.extend) == (1, 1)
    assert kept == [{"service": "police-101"}]


def test_many_writers_and_a_drain_lose_nothing(journal: Journal) -> None:
    kept: list[Entry] = []
    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(journal.append, {"n": str(number)}) for number in range(200)]
        drains = [pool.submit(journal.drain, kept.extend) for _ in range(10)]
        for write in writes:
            write.result()
        for drain in drains:
            drain.result()
    kept += drained(journal)
    assert sorted(int(entry["n"]) for entry in kept) == list(range(200))


def test_acknowledged_entries_survive_kill_minus_nine(journal: Journal) -> None:
    code = (
        "import sys; from pathlib import Path; from bot.store.journal import Journal\n"
        f"journal = Journal(Path(sys.argv[1]), {SMALL_BYTES}); n = 0\n"
        "while True: journal.append({'n': str(n)}); print(n, flush=True); n += 1"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(journal.path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert writer.stdout
    said = [writer.stdout.readline() for _ in range(50)]
    writer.send_signal(signal.SIGKILL)
    said += writer.stdout.readlines()
    writer.wait()
    writer.stdout.close()
    acknowledged = [line.strip() for line in said if line.endswith("\n")]
    assert [entry["n"] for entry in drained(journal)][: len(acknowledged)] == acknowledged


def test_disk_that_is_full_takes_entries_all_the_same(journal: Journal) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_BYTES, limits[1]))
    try:
        with Path(journal.path.parent, "db").open("wb", 0) as file:
            assert file.write(bytes(SMALL_BYTES + 1)) == SMALL_BYTES
            with pytest.raises(OSError, match="too large"):
                file.write(b"more")
        journal.append({"turn": "in spite of it"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert drained(journal) == [{"turn": "in spite of it"}]


def test_journal_that_can_not_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="JOURNAL_PATH"):
        Journal(tmp_path / "file" / "journal").prepare()


def test_no_file_means_that_nothing_waits(tmp_path: Path) -> None:
    assert Journal(tmp_path / "journal").waiting() == 0
    assert list(tmp_path.iterdir()) == []


def test_what_is_given_back_waits_on_and_nothing_else(journal: Journal) -> None:
    for number in range(3):
        journal.append({"n": str(number)})
    assert journal.drain(lambda entries: [entries[1]]) == (2, 0)
    assert journal.waiting() == 1
    assert drained(journal) == [{"n": "1"}]
