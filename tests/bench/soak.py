"""Whether the line's memory stays what it is: `python -m tests.bench.soak --minutes 30`.

People text and ring all the time, in an even mix. Memory is what the processes that answer hold (RSS). It
prints each sample and the growth after the warm-up, and ends with 1 above five per cent.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bot.store import upgrade
from tests.faults.crowd import crowd
from tests.faults.running import RunningLine, running

MOST_GROWTH = 0.05
SAMPLE_SECONDS = 15.0
WARM_UP = 0.3  # of the time: caches fill, and each thread and connection has been used


def memory_kilobytes(line: RunningLine) -> int:
    """What the processes that answer hold just now."""
    total = 0
    for pid in line.worker_pids():
        status = Path(f"/proc/{pid}/status").read_text()
        total += int(status.partition("VmRSS:")[2].split()[0])
    return total


def growth(samples: list[int]) -> float:
    """By how much the last quarter is above the first quarter after the warm-up: 0.01 is one per cent."""
    steady = samples[int(len(samples) * WARM_UP) :]
    quarter = max(1, len(steady) // 4)
    return median(steady[-quarter:]) / median(steady[:quarter]) - 1


def soak(minutes: float, database_url: str, workers: int) -> float:
    """Use a line for so long, and give the growth."""
    samples: list[int] = []
    with tempfile.TemporaryDirectory(prefix="signpost-soak-") as folder:
        url = database_url or f"sqlite:///{folder}/signpost.db"
        upgrade(url)
        with running(Path(folder), url, workers, FLOOD_TEXTS="0") as line, crowd(line.port) as people:
            end = time.monotonic() + minutes * 60
            while time.monotonic() < end:
                time.sleep(min(SAMPLE_SECONDS, max(0.1, end - time.monotonic())))
                samples.append(memory_kilobytes(line))
                turns = len(people.way.answered)
                sys.stdout.write(f"{len(samples):5}  {samples[-1] / 1024:8.1f} MB  {turns:9,} webhooks\n")
                sys.stdout.flush()
        people.were_all_answered()
    return growth(samples)


def main() -> int:
    """Read the command line, and judge."""
    parser = argparse.ArgumentParser(description="Use the line for a while and see whether its memory grows.")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--database", default="", help="an empty database's URL; SQLite if it is left out")
    chosen = parser.parse_args()
    grown = soak(chosen.minutes, chosen.database, chosen.workers)
    sys.stdout.write(f"growth after the warm-up: {grown:+.1%} (at most {MOST_GROWTH:+.0%})\n")
    return 1 if grown > MOST_GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
