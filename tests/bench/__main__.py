"""`make bench`: the line against the floor, in turn, on this machine.

    python -m tests.bench [--seconds 1] [--rounds 4] [--json bench.json] [--svg bench.svg] [--quick]

The floor is tests/bench/floor.py under the same server with as many workers and threads. All servers run all
the time, and only one of them has something to do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bot.cli.run import THREADS, WORKER_CLASS
from bot.settings import ROOT
from tests.bench.loader import Loaded, load
from tests.bench.plot import plot
from tests.faults.running import RunningLine, free_port
from tests.line import ORIGIN, TOKEN
from tests.postgres import run_postgres

CONNECTIONS = (1, 32, 128)
MOST_RATE = 5000  # requests a second that are made beforehand for each worker,
MOST_RATE_ALONE = 3000  # and no more than these for each connection
WARM_UP_SECONDS = 1
TICKS = os.sysconf("SC_CLK_TCK")
Key = tuple[str, int]  # a server's name, and how many workers it has


@dataclass(frozen=True)
class Measured:
    """One server at one load: medians over the rounds. `ratio` and `p99_ratio` are against the floor with as
    many workers, `scale` against itself with the fewest.
    """

    channel: str
    workers: int
    connections: int
    server: str
    rate: float
    median_ms: float
    p99_ms: float
    cpu_micros: float
    resident_mb: float
    ratio: float
    p99_ratio: float
    scale: float


@dataclass(frozen=True)
class Server:
    """A running server: its port, and the processes that answer."""

    name: str
    port: int
    pids: list[int]

    def cpu_seconds(self) -> float:
        """How long its processes have computed, in all."""
        return sum(_stat(pid) for pid in self.pids)

    def resident_mb(self) -> float:
        """The memory of the largest of its processes."""
        return max(_resident(pid) for pid in self.pids)


def _stat(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def floor(workers: int) -> Iterator[Server]:
    """Start the floor under gunicorn, as `signpost run` starts the line."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--workers", str(workers), "--worker-class", WORKER_CLASS]
    command += ["--threads", str(THREADS), "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    command += ["--no-control-socket", "tests.bench.floor:app"]
    environment = {**os.environ, "TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_URL": ORIGIN}
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            wait_for(port)
            yield Server("floor", port, _children(process.pid, workers))
        finally:
            process.terminate()


@contextmanager
def line(name: str, database_url: str, workers: int) -> Iterator[Server]:
    """Start the line as in production."""
    with tempfile.TemporaryDirectory() as folder:
        url = database_url or f"sqlite:///{folder}/line.db"
        running = RunningLine(Path(folder), url, workers)
        environment = {**os.environ, "DATABASE_URL": url}
        subprocess.run([sys.executable, "-m", "bot", "db", "upgrade"], cwd=ROOT, env=environment, check=True)
        running.start()
        try:
            yield Server(name, running.port, running.worker_pids())
        finally:
            running.stop()


def _children(pid: int, many: int) -> list[int]:
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        pids = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
        if len(pids) == many:
            return pids
        time.sleep(0.05)
    raise RuntimeError("the floor has not started")


def wait_for(port: int) -> None:
    """Wait until somebody listens on a port."""
    import socket  # noqa: PLC0415 - here alone

    limit = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
        else:
            return


def measure(servers: dict[Key, Server], channel: str, asked: Any) -> Iterator[Measured]:
    """Load each server in turn, round after round: what else the machine does hits all of a round."""
    for (_, workers), server in servers.items():
        load(server.port, channel, 32, WARM_UP_SECONDS, MOST_RATE * workers)
    for connections in asked.connections:
        rounds: dict[Key, list[tuple[Loaded, float]]] = {key: [] for key in servers}
        for _ in range(asked.rounds):
            for key, server in servers.items():
                before = server.cpu_seconds()
                most = min(MOST_RATE * key[1], MOST_RATE_ALONE * connections)
                try:
                    loaded = load(server.port, channel, connections, asked.seconds, most)
                except RuntimeError as fault:
                    raise RuntimeError(
                        f"{key[0]}, workers: {key[1]}, connections: {connections}: {fault}"
                    ) from fault
                micros = (server.cpu_seconds() - before) / (loaded.rate * asked.seconds) * 1e6
                rounds[key].append((loaded, micros))
        seen = {key: [loaded for loaded, _ in each] for key, each in rounds.items()}
        for (name, workers), server in servers.items():
            mine, at_floor = seen[name, workers], seen["floor", workers]
            yield Measured(
                channel,
                workers,
                connections,
                name,
                median(one.rate for one in mine),
                median(one.median_ms for one in mine),
                median(one.p99_ms for one in mine),
                median(micros for _, micros in rounds[name, workers]),
                server.resident_mb(),
                _ratio("rate", mine, at_floor),
                _ratio("p99_ms", mine, at_floor),
                _ratio("rate", mine, seen[name, min(asked.workers)]),
            )


def _ratio(name: str, mine: list[Loaded], theirs: list[Loaded]) -> float:
    """The median over the rounds, each against the other's of the same round."""
    pairs = zip(mine, theirs, strict=True)
    return float(median(getattr(one, name) / getattr(other, name) for one, other in pairs))


def main() -> None:
    """Measure, print a table, and write the files that were asked for."""
    asked = _asked()
    found: list[Measured] = []
    _print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    _print(f"{'':8}{'workers':>8}{'conns':>6}  {'server':<11}{'req/s':>7}{'p50 ms':>8}{'p99 ms':>8}"
           f"{'CPU us':>8}{'MB':>6}{'/floor':>8}{'p99/floor':>10}{'/fewest':>9}")  # fmt: skip
    with run_postgres() as postgres, ExitStack() as stack:
        servers: dict[Key, Server] = {}
        for workers in asked.workers:
            url = stack.enter_context(postgres.database(f"bench{workers}"))
            for server in (floor(workers), line("SQLite", "", workers), line("PostgreSQL", url, workers)):
                started = stack.enter_context(server)
                servers[started.name, workers] = started
        for channel in ("text", "voice"):
            for one in measure(servers, channel, asked):
                found.append(one)
                _print(_row(one))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in found], indent=1), "utf-8")
    if asked.svg:
        asked.svg.write_text(
            plot([(_named(one), one.ratio) for one in found if one.server != "floor"]), "utf-8"
        )


def _row(one: Measured) -> str:
    where = f"{one.channel:8}{one.workers:8}{one.connections:6}  {one.server:<11}"
    speed = f"{one.rate:7.0f}{one.median_ms:8.2f}{one.p99_ms:8.2f}"
    cost = f"{one.cpu_micros:8.0f}{one.resident_mb:6.0f}"
    return f"{where}{speed}{cost}{one.ratio:8.2f}{one.p99_ratio:10.2f}{one.scale:9.2f}"


def _named(one: Measured) -> str:
    workers = "1 worker" if one.workers == 1 else f"{one.workers} workers"
    return f"{one.channel}, {one.server}, {workers}, {one.connections} connections"


def _asked() -> Any:
    parser = argparse.ArgumentParser(description="The line against the floor.")
    parser.add_argument("--seconds", type=int, default=1, help="of each round")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--connections", type=int, nargs="+", default=list(CONNECTIONS))
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--svg", type=Path)
    return parser.parse_args()


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that prints


if __name__ == "__main__":
    main()
