"""`make bench`: the line against the floor, in turn, on this machine.

    python -m tests.bench [--seconds 2] [--rounds 3] [--json bench.json] [--svg bench.svg] [--quick]

The floor is tests/bench/floor.py under the same server with as many workers and threads.
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
MOST_RATE = 9000  # requests a second that are made beforehand for each worker
WARM_UP_SECONDS = 1
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """One server at one load: medians over the rounds; `ratio` and `p99_ratio` are against the floor."""

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


@dataclass
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


def measure(servers: list[Server], channel: str, workers: int, asked: Any) -> Iterator[Measured]:
    """Load each server in turn, round after round."""
    for server in servers:
        load(server.port, channel, 32, WARM_UP_SECONDS, MOST_RATE * workers)
    for connections in asked.connections:
        rounds: dict[str, list[tuple[Loaded, float]]] = {server.name: [] for server in servers}
        for _ in range(asked.rounds):
            for server in servers:
                before = server.cpu_seconds()
                loaded = load(server.port, channel, connections, asked.seconds, MOST_RATE * workers)
                micros = (server.cpu_seconds() - before) / (loaded.rate * asked.seconds) * 1e6
                rounds[server.name].append((loaded, micros))
        at_floor = [loaded for loaded, _ in rounds["floor"]]
        for server in servers:
            seen = [loaded for loaded, _ in rounds[server.name]]
            yield Measured(
                channel,
                workers,
                connections,
                server.name,
                median(one.rate for one in seen),
                median(one.median_ms for one in seen),
                median(one.p99_ms for one in seen),
                median(micros for _, micros in rounds[server.name]),
                server.resident_mb(),
                # Each round against the floor of the same round: what else the machine does hits both.
                median(mine.rate / theirs.rate for mine, theirs in zip(seen, at_floor, strict=True)),
                median(mine.p99_ms / theirs.p99_ms for mine, theirs in zip(seen, at_floor, strict=True)),
            )


def main() -> None:
    """Measure, print a table, and write the files that were asked for."""
    asked = _asked()
    found: list[Measured] = []
    _print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    _print(f"{'':8}{'workers':>8}{'conns':>6}  {'server':<11}{'req/s':>7}{'p50 ms':>8}{'p99 ms':>8}"
           f"{'CPU us':>8}{'MB':>6}{'/floor':>8}{'p99/floor':>10}")  # fmt: skip
    with run_postgres() as postgres:
        for workers in asked.workers:
            with ExitStack() as stack:
                url = stack.enter_context(postgres.database(f"bench{workers}"))
                servers = [
                    stack.enter_context(floor(workers)),
                    stack.enter_context(line("SQLite", "", workers)),
                    stack.enter_context(line("PostgreSQL", url, workers)),
                ]
                for channel in ("text", "voice"):
                    for one in measure(servers, channel, workers, asked):
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
    return f"{where}{speed}{cost}{one.ratio:8.2f}{one.p99_ratio:10.2f}"


def _named(one: Measured) -> str:
    workers = "1 worker" if one.workers == 1 else f"{one.workers} workers"
    return f"{one.channel}, {one.server}, {workers}, {one.connections} connections"


def _asked() -> Any:
    parser = argparse.ArgumentParser(description="The line against the floor.")
    parser.add_argument("--seconds", type=int, default=2, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=list(CONNECTIONS))
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--svg", type=Path)
    return parser.parse_args()


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that prints


if __name__ == "__main__":
    main()
