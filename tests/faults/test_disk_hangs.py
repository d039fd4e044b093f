"""A disk neither fails nor answers: everybody is answered in time, and nothing is lost when it comes back."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from bot.store import upgrade
from tests.faults.crowd import crowd
from tests.faults.record import in_the_log
from tests.faults.running import RunningLine, running
from tests.required import lack
from tests.test_metrics import value

DISK_BYTES = 48 * 1024 * 1024
PAGES = 20
BEFORE_SECONDS, AFTER_SECONDS, QUIET_SECONDS = 1.0, 7.0, 2.0


class Disk:
    """A file system of its own, which can be made to stand still: whoever writes waits, and gets no error."""

    def __init__(self, folder: Path) -> None:
        """Make it of a file, and mount it."""
        self.folder = folder / "disk"
        self.folder.mkdir()
        image = folder / "image"
        with image.open("wb") as file:
            file.truncate(DISK_BYTES)
        self._run("mkfs.ext4", "-q", str(image))
        self._run("mount", "-o", "loop", str(image), str(self.folder))

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Answer nobody who writes."""
        self._run("fsfreeze", "--freeze", str(self.folder))
        try:
            yield
        finally:
            self._run("fsfreeze", "--unfreeze", str(self.folder))

    def unmount(self) -> None:
        """Put it away."""
        self._run("umount", str(self.folder))

    @staticmethod
    def _run(program: str, *arguments: str) -> None:
        path = shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin")
        if path is None:
            raise FileNotFoundError(program)
        subprocess.run([path, *arguments], check=True, capture_output=True, timeout=30)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that can be made to stand still."""
    try:
        made = Disk(tmp_path)
    except (OSError, subprocess.CalledProcessError) as fault:
        lack("mount", f"a file system can be made and frozen by root alone ({fault})")
    yield made
    made.unmount()


def settled(journal: Path) -> None:
    """Wait until nothing is written to the journal any more."""
    limit = time.monotonic() + 30
    last, changed = b"", time.monotonic()
    while time.monotonic() - changed < QUIET_SECONDS:
        assert time.monotonic() < limit
        if (now := journal.read_bytes()) != last:
            last, changed = now, time.monotonic()
        time.sleep(0.1)


def asked_for(line: RunningLine) -> list[Thread]:
    """Ask for more pages at once than there are threads to answer anything."""
    threads = [Thread(target=line.get, args=("/log/checkpoint",)) for _ in range(PAGES)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("journal_too", [False, True], ids=["database", "database and journal"])
def test_disk_neither_fails_nor_answers(
    tmp_path: Path, disk: Disk, journal_too: bool, fault_seconds: float
) -> None:
    url = f"sqlite:///{disk.folder}/signpost.db"
    upgrade(url)
    journal = (disk.folder if journal_too else tmp_path) / "journal"
    with running(tmp_path, url, JOURNAL_PATH=str(journal)) as line:
        with crowd(line.port) as people:
            time.sleep(BEFORE_SECONDS)
            with disk.standing_still():
                pages = asked_for(line)
                time.sleep(fault_seconds)
                during = line.get("/metrics")[1]
                ready, _ = line.get("/readyz")
            time.sleep(AFTER_SECONDS)
        settled(journal)
        after = line.get("/metrics")[1]
    people.were_all_answered()
    assert ready in {200, 503}  # it may still be read, or not; either is said in time
    for page in pages:
        page.join()
    assert value(during, "signpost_store_circuit") == 1
    assert value(after, "signpost_store_circuit") == 0
    assert value(after, "signpost_webhooks_overdue_total") >= 1
    if journal_too:
        assert value(after, "signpost_routings_unsure_total") > 0
    assert value(after, "signpost_routings_lost_total") == 0
    assert value(after, "signpost_webhooks_failed_total") == 0
    assert in_the_log(line) == people.told
