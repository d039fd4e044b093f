"""A process that answers is killed at some moment: callers are answered, nothing is lost or doubled."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

from bot.store import upgrade
from tests.faults.crowd import crowd
from tests.faults.record import in_the_log
from tests.faults.running import START_SECONDS, RunningLine, running
from tests.test_metrics import value
from tests.waiting import wait_until

KILLS = 4
NEW_WORKER_SECONDS = 4.0  # with both gone at once nobody would answer for as long as one takes to start


def kill_one(line: RunningLine, chance: random.Random) -> None:
    """SIGKILL one of the processes that answer, at some moment of its work."""
    time.sleep(chance.uniform(0, 0.5))
    os.kill(line.worker_pids()[0], signal.SIGKILL)
    time.sleep(NEW_WORKER_SECONDS)


def test_worker_killed_under_load(tmp_path: Path, database_url: str) -> None:
    chance = random.Random(20261125)  # noqa: S311 - the same moments each time
    with running(tmp_path, database_url, workers=2) as line:
        with crowd(line.port) as people:
            time.sleep(1)
            for _ in range(KILLS):
                kill_one(line, chance)
        counts = line.get("/metrics")[1]
        assert value(counts, "signpost_webhooks_failed_total") == 0
    people.were_all_answered()
    assert in_the_log(line) == people.told


def revision(line: RunningLine) -> str:
    """Of the directory that is served; "" while nobody answers."""
    told = line.get("/readyz")[1]
    return str(json.loads(told)["checks"]["directory"]["revision"]) if told else ""


def test_a_new_worker_serves_what_was_checked_until_it_is_told_to_read_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/line.db"
    upgrade(url)
    with running(tmp_path, url) as line:
        assert line.process is not None
        served, [first] = revision(line), line.worker_pids()
        with (tmp_path / "config" / "services.toml").open("a") as file:
            file.write("# changed\n")
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: line.worker_pids() not in ([], [first]) and revision(line), START_SECONDS, 0.1)
        assert revision(line) == served
        line.process.send_signal(signal.SIGHUP)
        wait_until(lambda: revision(line) not in ("", served), START_SECONDS, 0.1)
