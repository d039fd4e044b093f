"""Sends requests over so many connections for so many seconds: by wrk, or by threads where it is missing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

from tests.bench.requests import webhooks, write

PATIENCE = "15s"  # Twilio's
LUA = Path(__file__).with_name("replay.lua")


@dataclass(frozen=True)
class Loaded:
    """What came of it: answered requests a second, and how long an answer took, in milliseconds."""

    rate: float
    median_ms: float
    p99_ms: float


def load(port: int, channel: str, connections: int, seconds: int, most_rate: int) -> Loaded:
    """Send webhooks of a channel to a port of this machine.

    Raises:
        RuntimeError: an answer was not HTTP 200, or did not come.
    """
    requests = webhooks(channel, int(most_rate * seconds) + 2 * connections)
    if shutil.which("wrk"):
        return _by_wrk(port, requests, connections, seconds)
    return _by_threads(port, list(requests), connections, seconds)


def _by_wrk(port: int, requests: Iterator[bytes], connections: int, seconds: int) -> Loaded:
    with tempfile.NamedTemporaryFile() as file:
        write(Path(file.name), requests)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", PATIENCE, "-s", str(LUA)]
        command += [f"http://127.0.0.1:{port}/", "--", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in done.stdout.splitlines() if line.startswith("result ")]
    if not told:
        raise RuntimeError(f"wrk ended with {done.returncode}: {done.stderr.strip() or done.stdout}")
    answered, micros, median, p99, lost, bad = (int(one) for one in told[0].split()[1:])
    if lost or bad:
        raise RuntimeError(f"{lost} requests were not answered and {bad} not with HTTP 200")
    return Loaded(answered / micros * 1e6, median / 1000, p99 / 1000)


def _by_threads(port: int, requests: list[bytes], connections: int, seconds: int) -> Loaded:
    taken: list[float] = []
    faults: list[str] = []
    lock, at = Lock(), iter(requests)
    began = time.perf_counter()

    def send() -> None:
        with (
            socket.create_connection(("127.0.0.1", port)) as connection,
            connection.makefile("rb") as answers,
        ):
            while time.perf_counter() - began < seconds:
                with lock:
                    request = next(at)
                before = time.perf_counter()
                connection.sendall(request)
                status = answers.readline().split()[1]
                size = 0
                while (header := answers.readline()) != b"\r\n":
                    name, _, value = header.partition(b":")
                    size = int(value) if name.lower() == b"content-length" else size
                answers.read(size)
                with lock:
                    taken.append(time.perf_counter() - before)
                    if status != b"200":
                        faults.append(status.decode())

    threads = [Thread(target=send) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults or not taken:
        raise RuntimeError(f"{len(faults)} requests were not answered with HTTP 200")
    ordered = sorted(taken)
    rate = len(taken) / (time.perf_counter() - began)
    return Loaded(rate, ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.99)] * 1000)
