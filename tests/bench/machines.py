"""What several machines hold with one PostgreSQL: `python -m tests.bench.machines`.

Each machine is played by a `signpost run` of its own with one worker, all on this computer, so the turns a
second say how they share its cores; what says how many machines one PostgreSQL holds is the processor's time
that a turn takes of either, and how many turns share a sync. PostgreSQL waits for its disk here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bot.store import upgrade
from tests.bench.__main__ import MOST_RATE, TICKS
from tests.bench.loader import load
from tests.faults.running import RunningLine, children
from tests.postgres import PostgresServer, run_postgres

SECONDS, ROUNDS, CONNECTIONS = 4, 3, 16


@dataclass(frozen=True)
class Shared:
    """So many machines: turns a second of all together, microseconds of the processor that a turn takes of a
    machine and of PostgreSQL, and turns that shared a sync of the write-ahead log.
    """

    machines: int
    rate: float
    machine_micros: float
    postgres_micros: float
    together: float


def measure(server: PostgresServer, machines: int, rounds: int = ROUNDS, seconds: int = SECONDS) -> Shared:
    """Load so many machines on a new database at once."""
    with ExitStack() as stack:
        url = stack.enter_context(server.database(f"machines_{machines}"))
        upgrade(url)
        lines = [stack.enter_context(machine(url)) for _ in range(machines)]
        found = [_round(server, lines, seconds) for _ in range(rounds + 1)][1:]  # the first warms up
    return Shared(machines, *(median(one[at] for one in found) for at in range(4)))


@contextmanager
def machine(url: str) -> Iterator[RunningLine]:
    """Run the line as one machine would."""
    with tempfile.TemporaryDirectory(prefix="signpost-machine-") as folder:
        line = RunningLine(Path(folder), url)
        line.start()
        try:
            yield line
        finally:
            line.stop()


def _round(
    server: PostgresServer, lines: Sequence[RunningLine], seconds: int
) -> tuple[float, float, float, float]:
    mine = [pid for line in lines for pid in line.worker_pids()]
    theirs = _postgres_pids(server)
    before, database_before, syncs_before = busy(mine), busy(theirs), syncs(server)
    with ThreadPoolExecutor(len(lines)) as threads:
        loads = [threads.submit(load, line.port, "text", CONNECTIONS, seconds, MOST_RATE) for line in lines]
        rate = sum(one.result().rate for one in loads)
    turns = rate * seconds
    if not turns:
        raise RuntimeError(f"nobody was answered within {seconds} s")
    return (
        rate,
        (busy(mine) - before) / turns * 1e6,
        (busy(_postgres_pids(server)) - database_before) / turns * 1e6,
        turns / max(1, syncs(server) - syncs_before),
    )


def busy(pids: Sequence[int]) -> float:
    """How long processes have computed, in seconds, with those of their children that have ended."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # a connection was closed just now
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def _postgres_pids(server: PostgresServer) -> list[int]:
    with server.connect() as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    assert row is not None
    first = int(str(row[0]).split()[0])
    return [first, *children(first)]


def syncs(server: PostgresServer) -> int:
    """How often the write-ahead log was waited for, of all connections."""
    with server.connect() as connection:
        new = connection.info.server_version >= 180000
        asked = (
            "SELECT sum(fsyncs)::bigint FROM pg_stat_io WHERE object = 'wal'"
            if new
            else "SELECT wal_sync FROM pg_stat_wal"
        )
        row = connection.execute(asked).fetchone()
    assert row is not None
    return int(row[0])


def main() -> None:
    """Measure one machine, then two, and say what that means for one PostgreSQL."""
    parser = argparse.ArgumentParser(description="What several machines hold with one PostgreSQL.")
    parser.add_argument("--machines", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    asked = parser.parse_args()
    heads = ("us/turn, a machine", "us/turn, PostgreSQL")
    _print(f"{'machines':>9}{'turns/s':>9}{heads[0]:>20}{heads[1]:>21}{'turns/sync':>12}")
    with run_postgres(fsync="on", full_page_writes="on") as server:
        for machines in asked.machines:
            one = measure(server, machines, asked.rounds, asked.seconds)
            spent = f"{one.machine_micros:20.0f}{one.postgres_micros:21.0f}"
            _print(f"{one.machines:9}{one.rate:9.0f}{spent}{one.together:12.1f}")
    _print(
        f"one core of PostgreSQL's for every {one.machine_micros / one.postgres_micros:.1f} of the machines'"
    )


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
