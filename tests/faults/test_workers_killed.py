"""A process that answers is killed at some moment: callers are answered, nothing is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from tests.faults.crowd import crowd
from tests.faults.record import in_the_log
from tests.faults.running import RunningLine, running
from tests.test_metrics import value

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
