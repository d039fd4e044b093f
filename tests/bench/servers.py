"""Which WSGI server: the floor and the line under each, in turn: `python -m tests.bench.servers`.

Those beside gunicorn are tried where they are installed (`pip install granian waitress cheroot`); the line
needs none of them. All have one process with as many threads as `signpost run` gives it.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from bot.cli.run import THREADS, WORKER_CLASS
from bot.settings import ROOT
from bot.store import upgrade
from tests.bench.__main__ import MOST_RATE, wait_for
from tests.bench.loader import Loaded, load
from tests.faults.running import RunningLine, free_port

GUNICORN = "gunicorn --no-control-socket --log-level warning --bind 127.0.0.1:{port} --threads {threads}"
# By name: the module that is run, and what it is told.
SERVERS = {
    "gunicorn, our worker": f"{GUNICORN} --worker-class {WORKER_CLASS} {{app}}",
    "gunicorn, gthread": f"{GUNICORN} --worker-class gthread {{app}}",
    "granian": "granian --interface wsgi --host 127.0.0.1 --port {port} --blocking-threads {threads} "
    "--no-ws --log-level warning {app}",
    "waitress": "waitress --listen=127.0.0.1:{port} --threads={threads} {app}",
    "cheroot": "cheroot --bind 127.0.0.1:{port} --threads {threads} {app}",
}
APPS = {"floor": "tests.bench.floor:app", "line": "wsgi:app"}


@contextmanager
def serving(command: str, app: str, folder: Path) -> Iterator[int]:
    """Serve the floor or the line with SQLite, and give the port."""
    port = free_port()
    line = RunningLine(folder, f"sqlite:///{folder}/line.db", port=port)
    told = command.format(port=port, threads=THREADS, app=APPS[app]).split()
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *told], cwd=ROOT, env=line.environment(), stdout=log, stderr=log
        )
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    """Load all of them in turn, round after round, and print answers a second and the 99th percentile."""
    parser = argparse.ArgumentParser(description="The floor and the line under several WSGI servers.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=32)
    asked = parser.parse_args()
    found: dict[tuple[str, str], list[Loaded]] = {}
    with ExitStack() as stack:
        ports = {}
        for name, command in SERVERS.items():
            if importlib.util.find_spec(command.split()[0]) is None:
                continue
            for app in APPS:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signpost-server-")))
                upgrade(f"sqlite:///{folder}/line.db")
                ports[name, app] = stack.enter_context(serving(command, app, folder))
        for _ in range(asked.rounds + 1):  # the first warms up
            for key, port in ports.items():
                loaded = load(port, "text", asked.connections, asked.seconds, MOST_RATE)
                found.setdefault(key, []).append(loaded)
    _print(f"{'':22}{'floor/s':>9}{'p99 ms':>8}{'line/s':>9}{'p99 ms':>8}{'line/floor':>12}")
    for name in dict.fromkeys(name for name, _ in found):
        cells, rates = "", []
        for app in APPS:
            rounds = found[name, app][1:]
            rates.append(median(one.rate for one in rounds))
            cells += f"{rates[-1]:9.0f}{median(one.p99_ms for one in rounds):8.1f}"
        _print(f"{name:22}{cells}{rates[1] / rates[0]:12.2f}")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
