"""Time every page of the portal, and its exports, on a database that is there.

    signpost demo seed
    python -m tests.bench.portal sqlite:///var/signpost.db crimestoppers

It adds two accounts of its own to that database: use one that is made up.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

from bot.memory import settle
from bot.store import reports
from bot.store.wanted import Wanted
from tests.line import PlayedLine, play
from tests.partners import Person, add_account

ROUNDS = 15
PAGES = (
    *("", "?period={month}", "?period={year}", "/routings", "/routings?channel=voice&language=lt"),
    *("/routings?outcome=failed&channel=sms", "/routings?after={place}", "/routings?from={day}&to={day}"),
    *("/routings/{routing}", "/records/{number}/proof", "/log", "/log/entries", "/directory", "/downloads"),
)
LINE_PAGES = ("", "?period={month}", "/log", "/log/entries", "/downloads")
EXPORTS = ("csv", "jsonl")
WARM_PIECES = 10  # of an export: what comes later may not need more memory


@dataclass(frozen=True)
class PageTime:
    """How long a page took, in milliseconds, over ROUNDS."""

    who: str
    path: str
    median_ms: float
    slowest_ms: float


@dataclass(frozen=True)
class ExportTime:
    """How fast a download left: in seconds, and of those of the processor; and how the memory grew by it."""

    form: str
    rows: int
    seconds: float
    busy_seconds: float
    megabytes: float
    grown_megabytes: float


@dataclass(frozen=True)
class Visitors:
    """Somebody of a partner and an auditor, signed in, and what there is to ask for."""

    partner: Person
    auditor: Person
    rows: int
    named: dict[str, object]


def visit(line: PlayedLine, partner: str) -> Visitors:
    """Make two accounts, sign them in, and look for a month, a day, a place and a routing to ask for."""
    line.now = datetime.now(UTC)
    mark = uuid4().hex[:8]
    add_account(line, f"bench-{mark}@partner.example", partner=partner)
    add_account(line, f"bench-{mark}@auditor.example", role="auditor")
    with line.wiring.store.reading("rows") as connection:
        rows = reports.page(connection, partner, Wanted(), None, 400)
        many = reports.count(connection, partner, Wanted())
    last = [row for row in rows if row["partner_seq"]][-1]  # the others are not in the log yet
    month = f"{last['hour']:%Y-%m}" if last["hour"].month != line.now.month else ""
    before = datetime(line.now.year - (line.now.month == 1), (line.now.month - 2) % 12 + 1, 1, tzinfo=UTC)
    named = {
        "month": month or f"{before:%Y-%m}",
        "year": line.now.year,
        "day": f"{last['hour']:%Y-%m-%d}",
        "place": f"{last['hour']:%Y%m%dT%H}-{last['seq']}",
        "routing": last["id"],
        "number": last["partner_seq"],
    }
    settle()  # as each of the line's processes does
    return Visitors(
        Person(line, f"bench-{mark}@partner.example").sign_in(),
        Person(line, f"bench-{mark}@auditor.example").sign_in(),
        many,
        named,
    )


def time_pages(visitors: Visitors, rounds: int = ROUNDS) -> Iterator[PageTime]:
    """Ask for every page so often."""
    for name, who, pages in (
        ("partner", visitors.partner, PAGES),
        ("auditor", visitors.auditor, LINE_PAGES),
    ):
        for page in pages:
            yield time_page(name, who, page.format_map(visitors.named), rounds)


def time_page(name: str, who: Person, path: str, rounds: int = ROUNDS) -> PageTime:
    """Ask for a page so often.

    Raises:
        RuntimeError: it was not given.
    """
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = who.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
    return PageTime(name, path, median(taken), max(taken))


def time_export(visitors: Visitors, form: str) -> ExportTime:
    """Take every row of a partner away."""
    began, busy, size, most, steady = time.perf_counter(), time.process_time(), 0, 0.0, 0.0
    answer = visitors.partner.client.get(f"/partners/downloads/routings.{form}", buffered=False)
    for number, piece in enumerate(answer.response):
        size += len(piece)
        most = max(most, resident_megabytes())
        if number <= WARM_PIECES:
            steady = most
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    return ExportTime(form, visitors.rows, seconds, busy, size / 1e6, most - steady)


def resident_megabytes() -> float:
    """What this process holds just now."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main(database_url: str, partner: str) -> None:
    """Print a line for each page: the median and the slowest of ROUNDS, in milliseconds."""
    visitors = visit(play(database_url), partner)
    _print(f"{visitors.rows:,} routings of {partner}")
    for page in time_pages(visitors):
        told = f"{page.median_ms:7.1f} ms median {page.slowest_ms:7.1f} ms slowest"
        _print(f"{told}  {page.who} {page.path or '(overview)'}")
    for form in EXPORTS:
        one = time_export(visitors, form)
        speed = f"{one.rows / one.seconds:,.0f} rows a second as {form}"
        busy = f"{one.rows / one.busy_seconds:,.0f} a second of the processor"
        _print(f"{speed}, {busy} ({one.megabytes:.0f} MB, memory +{one.grown_megabytes:.1f} MB)")


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that prints


if __name__ == "__main__":
    main(*sys.argv[1:3])
