"""Time every page of the portal, and its exports, on a database that is there.

    signpost demo seed
    python -m tests.bench.portal sqlite:///var/signpost.db crimestoppers

It adds two accounts of its own to that database: use one that is made up.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

from bot.store import reports
from tests.line import play
from tests.partners import Person, add_account

ROUNDS = 15
PAGES = (
    *("", "?period={month}", "?period={year}", "/routings", "/routings?channel=voice&language=lt"),
    *("/routings?outcome=failed&channel=sms", "/routings?after={place}", "/routings?from={day}&to={day}"),
    *("/routings/{routing}", "/records/{number}/proof", "/log", "/log/entries", "/directory", "/downloads"),
)
LINE_PAGES = ("", "?period={month}", "/log", "/log/entries", "/downloads")
EXPORTS = ("csv", "jsonl")


def main(database_url: str, partner: str) -> None:
    """Print a line for each page: the median and the slowest of ROUNDS, in milliseconds."""
    line = play(database_url)
    line.now = datetime.now(UTC)
    mark = uuid4().hex[:8]
    add_account(line, f"bench-{mark}@partner.example", partner=partner)
    add_account(line, f"bench-{mark}@auditor.example", role="auditor")
    sam = Person(line, f"bench-{mark}@partner.example").sign_in()
    avery = Person(line, f"bench-{mark}@auditor.example").sign_in()
    with line.wiring.store.reading("rows") as connection:
        rows = reports.page(connection, partner, reports.Wanted(), None, 400)
        many = reports.count(connection, partner, reports.Wanted())
    last = rows[-1]
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
    print(f"{many:,} routings of {partner}")  # noqa: T201 - a program that prints
    for who, pages in ((sam, PAGES), (avery, LINE_PAGES)):
        for page in pages:
            time_page(who, page.format_map(named))
    for form in EXPORTS:
        time_export(sam, form, many)


def time_page(who: Person, path: str) -> None:
    """Ask for a page ROUNDS times."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = who.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            print(f"{path}: {answer.status_code}")  # noqa: T201 - as above
            return
    told = f"{median(taken):7.1f} ms median {max(taken):7.1f} ms slowest"
    print(f"{told}  {who.email[15:22]} {path or '(overview)'}")  # noqa: T201 - as above


def time_export(who: Person, form: str, many: int) -> None:
    """Take every row of a partner away."""
    began, busy, size = time.perf_counter(), time.process_time(), 0
    answer = who.client.get(f"/partners/downloads/routings.{form}", buffered=False)
    for piece in answer.response:
        size += len(piece)
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    told = f"{many / seconds:,.0f} rows a second as {form}, {many / busy:,.0f} a second of the processor"
    print(f"{told} ({size / 1e6:.0f} MB)")  # noqa: T201 - as above


if __name__ == "__main__":
    main(*sys.argv[1:3])
