"""Whether anything gets slower as the record grows.

    python -m tests.bench.growth [--sizes 0 1000000] [--databases sqlite postgresql] [--keep FOLDER]

For each database and size: `signpost demo seed` fills it, and then everything whose cost might grow is
measured, against an empty database where that is what counts. Ten million routings take 7 GB and, on two
cores, three quarters of an hour. With --keep the databases stay in a folder and are used again. Nothing else
should run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bot.catalogue import load
from bot.cli.worker import integrator, present
from bot.ledger.guard import Guard
from bot.ledger.note import read_signer
from bot.ledger.signing import Signing
from bot.settings import ROOT
from bot.store import open_store, upgrade
from tests.bench.portal import EXPORTS, ExportTime, PageTime, time_export, time_pages, visit
from tests.bench.turns import Compared, compare
from tests.faults.running import RunningLine
from tests.line import play
from tests.postgres import PostgresServer, run_postgres

PARTNER = "crimestoppers"
LEDGER = "localhost/log"
KINDS = ("sqlite", "postgresql")
SPEED = r" in .*\(([\d,]+) a second, ([\d,]+) a second of the processor\)"
CHUNK = re.compile(r"leaves up to (\d+)" + SPEED)
WHOLE = re.compile(r"(\d+) leaves in the log" + SPEED)


@dataclass
class Grown:
    """What was found of one database at one size. Rates of leaves are of the clock and of the processor."""

    database: str
    routings: int
    leaves: int = 0
    rate: float = 0.0
    busy_rate: float = 0.0
    chunks: list[tuple[int, float, float]] = field(default_factory=list)
    turn: Compared | None = None
    pages: list[PageTime] = field(default_factory=list)
    exports: list[ExportTime] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where one database is, with what belongs to it."""

    folder: Path
    url: str

    @property
    def settings(self) -> dict[str, str]:
        """What a command has to find in its environment."""
        return {
            "ENVIRONMENT": "development",
            "DATABASE_URL": self.url,
            "LEDGER_ORIGIN": LEDGER,
            "LEDGER_KEYS": str(self.folder / "key"),
            "LEDGER_GUARD_PATH": str(self.folder / "guard"),
        }

    def command(self, *arguments: str) -> str:
        """Run a command of the project's on it, and give what it prints.

        Raises:
            RuntimeError: it failed.
        """
        command = [sys.executable, "-m", "bot", *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **self.settings},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(
                f"signpost {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}"
            )
        return done.stdout

    def timed(self, *arguments: str) -> float:
        """Give the seconds that a command takes, its start included."""
        began = time.perf_counter()
        self.command(*arguments)
        return time.perf_counter() - began


@contextmanager
def place(
    kind: str, size: int, keep: Path | None, postgres: PostgresServer | None
) -> Iterator[tuple[Place, bool]]:
    """Make room for a database, and say whether one is there from an earlier run."""
    with ExitStack() as stack:
        if keep:
            folder = keep / f"{kind}-{size}"
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signpost-growth-")))
        if postgres:
            url = stack.enter_context(postgres.database(f"growth_{uuid4().hex}"))
        else:
            url = f"sqlite:///{folder}/line.db"
        there = kind == "sqlite" and (folder / "line.db").exists()
        yield Place(folder, url), there


def grown(kind: str, size: int, at: Place, empty_url: str, *, there: bool) -> Grown:
    """Fill a database, unless it is, and measure it."""
    found = Grown(kind, size)
    key = at.folder / "verifier"
    if not there:
        key.write_text(at.command("log", "keygen", LEDGER, str(at.folder / "key")), "utf-8")
        upgrade(at.url)
        if size:
            (at.folder / "seeded").write_text(at.command("demo", "seed", "--routings", str(size)), "utf-8")
            _vacuum(at)
    read_seeded(found, at.folder / "seeded")
    if size:
        _tell(found, "the portal")
        visitors = visit(play(at.url), PARTNER)
        found.pages = list(time_pages(visitors))
        found.exports = [time_export(visitors, form) for form in EXPORTS]
        _tell(found, "the log")
        shutil.rmtree(at.folder / "log", ignore_errors=True)
        found.seconds["log export"] = at.timed("log", "export", str(at.folder / "log"))
        verifier = key.read_text("utf-8").strip()
        found.seconds["log verify"] = at.timed("log", "verify", str(at.folder / "log"), "--key", verifier)
        shutil.rmtree(at.folder / "log")
        _tell(found, "the rollups")
        found.seconds["rollups check"] = at.timed("rollups", "check")
        found.seconds["rollups rebuild"] = at.timed("rollups", "rebuild")
    _tell(found, "start-up")
    found.seconds["start-up"] = _start_up(at)
    _tell(found, "the cost of a turn")
    found.turn = compare(at.url, empty_url)
    catch_up(at)
    return found


def _vacuum(at: Place) -> None:
    """Do what PostgreSQL does by itself where a record grows within a year and not within minutes."""
    if at.url.startswith("postgresql"):
        engine = create_engine(at.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))


def catch_up(at: Place) -> None:
    """Have the log take what the turns have left, so that the database can be used again."""
    store = open_store(at.url, pool_size=1)
    signer = read_signer((at.folder / "key").read_text("utf-8"))
    signing = Signing(store.ledger(), LEDGER, [signer], Guard(at.folder / "guard"))
    grows = integrator(load(ROOT / "flows", ROOT / "config"), store)
    while grows.grow(present()) >= grows.batch_leaves:
        pass
    signing.sign(present())
    store.close()


def read_seeded(found: Grown, file: Path) -> None:
    """Read what `signpost demo seed` said of its speed, if it was kept."""
    if not file.exists():
        return
    told = file.read_text("utf-8")
    found.chunks = [(int(to), _number(rate), _number(busy)) for to, rate, busy in CHUNK.findall(told)]
    for leaves, rate, busy in WHOLE.findall(told):
        found.leaves, found.rate, found.busy_rate = int(leaves), _number(rate), _number(busy)


def _number(told: str) -> float:
    return float(told.replace(",", ""))


def _start_up(at: Place) -> float:
    """Give the seconds from `signpost run`, as in production, to the first answer.

    Where Python is told to keep nothing that it compiles, it compiles everything at each start.
    """
    with tempfile.TemporaryDirectory(prefix="signpost-growth-") as folder:
        line = RunningLine(Path(folder), at.url, more={"PYTHONDONTWRITEBYTECODE": ""})
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            try:
                line.start()
                taken.append(time.perf_counter() - began)
            finally:
                line.stop()
        return sorted(taken)[1]


def table(all_found: list[Grown]) -> str:
    """Write what was found: a line for each measure, with its limit where there is one."""
    heads = [f"{one.database} {one.routings:,}" for one in all_found]
    lines = [f"{'':44}" + "".join(f"{head:>22}" for head in heads) + "   limit"]
    for name, limit, measure in _MEASURES:
        cells = [measure(one) if one.turn else "" for one in all_found]
        if any(cells):
            lines.append(f"{name:44}" + "".join(f"{cell:>22}" for cell in cells) + f"   {limit}")
    return "\n".join(lines)


def _chunk_change(one: Grown) -> str:
    """How the cost of a leaf changed from the first chunk to the last, by the processor's time."""
    return f"{one.chunks[0][2] / one.chunks[-1][2]:.2f}" if len(one.chunks) > 1 else ""


def _slowest(one: Grown) -> str:
    return f"{max(page.median_ms for page in one.pages):.0f} ms" if one.pages else ""


def _export(form: str, what: str) -> Any:
    def measure(one: Grown) -> str:
        for export in one.exports:
            if export.form == form:
                rates = f"{export.rows / export.seconds:,.0f} ({export.rows / export.busy_seconds:,.0f})"
                return rates if what == "rate" else f"{export.grown_megabytes:+.1f} MB"
        return ""

    return measure


def _seconds(name: str) -> Any:
    return lambda one: f"{one.seconds[name]:.1f} s" if name in one.seconds else ""


_MEASURES: tuple[tuple[str, str, Any], ...] = (
    ("a turn, to one on an empty database", "1.10", lambda one: f"{one.turn.ratio:.2f}"),
    ("  by the processor's time", "1.10", lambda one: f"{one.turn.busy_ratio:.2f}"),
    ("slowest page of the portal, median", "150 ms", _slowest),
    *((f"rows of {form} a second (of the processor)", "100,000", _export(form, "rate")) for form in EXPORTS),
    *((f"  memory during {form}", "0", _export(form, "memory")) for form in EXPORTS),
    (
        "leaves a second (of the processor)",
        "20,000",
        lambda one: f"{one.rate:,.0f} ({one.busy_rate:,.0f})" if one.leaves else "",
    ),
    ("  a leaf's cost, the last to the first", "flat", _chunk_change),
    ("start-up", "2 s", _seconds("start-up")),
    ("log verify", "300 s", _seconds("log verify")),
    *((name, "", _seconds(name)) for name in ("log export", "rollups check", "rollups rebuild")),
)


def main() -> None:
    """Measure each database at each size; print the table and every page, and write JSON if asked."""
    parser = argparse.ArgumentParser(description="Whether anything gets slower as the record grows.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[0, 1_000_000], help="how many routings")
    parser.add_argument("--databases", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--keep", type=Path, help="a folder for SQLite's databases, used again next time")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found: list[Grown] = []
    with ExitStack() as stack:
        for kind in asked.databases:
            postgres = (
                stack.enter_context(run_postgres(fsync="on", full_page_writes="on"))
                if kind == "postgresql"
                else None
            )
            for size in asked.sizes:
                with (
                    place(kind, size, asked.keep, postgres) as (at, there),
                    place(kind, 0, None, postgres) as (empty, _),
                ):
                    found.append(grown(kind, size, at, empty.url, there=there))
    _print(table(found))
    for one in found:
        for page in one.pages:
            where = f"{one.database} {one.routings:,}  {page.who} {page.path or '(overview)'}"
            _print(f"{page.median_ms:7.1f} ms median {page.slowest_ms:7.1f} ms slowest  {where}")
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in found], indent=1), "utf-8")


def _tell(found: Grown, what: str) -> None:
    sys.stderr.write(f"{found.database}, {found.routings:,} routings: {what}\n")


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that prints


if __name__ == "__main__":
    main()
