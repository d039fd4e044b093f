"""The line in production, started as an operator starts it, and the carrier's way to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Lock

from bot.carrier import Answer, FetchError, HttpTransport
from bot.settings import ROOT
from tests.line import ORIGIN, TOKEN, assure

METRICS_TOKEN = "m" * 32
START_SECONDS = 60.0
STOP_SECONDS = 30.0
# `signpost twilio apply` asks Twilio to try twice more (#rc=2&rp=ct,rt,5xx) when an answer does not come.
REPEATS = 2


@dataclass(frozen=True)
class Answered:
    """One webhook: what became of it, and how long that took, repeats included."""

    path: str
    status: int
    seconds: float
    repeats: int


@dataclass
class Way:
    """The carrier's way to a line on this machine: what is signed is the public address. Threads share it."""

    port: int
    answered: list[Answered] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def post(self, url: str, params: Sequence[tuple[str, str]], headers: Mapping[str, str]) -> Answer:
        """Post a form, again if no answer comes, as Twilio does."""
        began = time.perf_counter()
        path = url.removeprefix(ORIGIN)
        for repeats in range(REPEATS + 1):
            try:
                answer = HttpTransport().post(f"http://127.0.0.1:{self.port}{path}", params, headers)
            except FetchError:
                if repeats == REPEATS:
                    self._note(path, 0, began, repeats)
                    raise
            else:
                break
        self._note(path, answer.status, began, repeats)
        return answer

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Get an address; nothing of the line's is got by the carrier."""
        raise AssertionError(f"GET {url}: the line asked for something it does not serve ({len(headers)})")

    def _note(self, path: str, status: int, began: float, repeats: int) -> None:
        took = time.perf_counter() - began
        with self._lock:
            self.answered.append(Answered(path.partition("?")[0], status, took, repeats))


@dataclass
class RunningLine:
    """`signpost run`, and where it keeps things."""

    folder: Path
    database_url: str
    workers: int = 1
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    more: Mapping[str, str] = field(default_factory=dict)  # settings beside the usual ones
    under: Sequence[str] = ()  # a command that starts it, and stays out of its way

    @property
    def journal(self) -> Path:
        """Where the journal is."""
        return Path(self.more.get("JOURNAL_PATH", self.folder / "journal"))

    def environment(self) -> dict[str, str]:
        """The settings that it is started with, in production."""
        config = self.folder / "config"
        if not config.exists():
            assure(config)
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("PROMETHEUS")},
            "ENVIRONMENT": "production",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "PUBLIC_URL": ORIGIN,
            "SECRET_KEY": "k" * 64,
            "DATABASE_URL": self.database_url,
            "JOURNAL_PATH": str(self.journal),
            "METRICS_TOKEN": METRICS_TOKEN,
            "CONFIG_DIR": str(config),
            "PORT": str(self.port),
            "WORKERS": str(self.workers),
            "LOG_LEVEL": "WARNING",
            **self.more,
        }

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.port = self.port or free_port()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.under, sys.executable, "-m", "bot", "run"],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )
        limit = time.monotonic() + START_SECONDS
        while self.get("/healthz")[0] != 200:
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < limit, self.log()
            time.sleep(0.05)

    def get(self, path: str) -> tuple[int, str]:
        """Ask for a page of the operator's; (0, "") when nobody answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, HTTPException):
            return 0, ""
        finally:
            connection.close()

    def log(self) -> str:
        """What it has said."""
        return (self.folder / "log").read_text("utf-8", "replace")

    def worker_pids(self) -> list[int]:
        """The processes that answer."""
        assert self.process is not None
        return children(self.process.pid)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it: in order, or with SIGKILL at once and all of it."""
        if self.process is None:
            return
        workers = self.worker_pids() if self.process.poll() is None else []
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            for pid in workers:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.stop(signal.SIGKILL)
        self.process = None


@contextmanager
def running(folder: Path, database_url: str, workers: int = 1, **more: str) -> Iterator[RunningLine]:
    """Run the line on a migrated database for a while, with `more` settings beside the usual ones."""
    line = RunningLine(folder, database_url, workers, more=more)
    try:
        line.start()
        yield line
    finally:
        line.stop()


def children(pid: int) -> list[int]:
    """A process's children (Linux)."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
