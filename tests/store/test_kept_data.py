"""The README says of every table what it keeps, how long, and what deletes it."""

from __future__ import annotations

import re

from bot.cli import Commands
from bot.settings import NAMES, ROOT
from bot.store import operating_tables

metadata = operating_tables.switches.metadata  # of all tables, which importing the package made known

SECTION = (ROOT / "README.md").read_text("utf-8").split("## What is kept")[1].split("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in SECTION.splitlines()
    if line.startswith("| ") and not line.startswith("| where |")
]
# What is no table of the database: files that a setting names, what others keep, and what the operator does.
FILE = re.compile(r"the files? `([A-Z_]+)`")
ELSEWHERE = (
    *("counts for Prometheus", "logs (standard error)", "Twilio: "),
    *("a partner's mailbox or webhook", "your backups"),
)


def tables_of(where: str) -> list[str]:
    """The tables that a row is about; [] where it is about something else."""
    names = re.findall(r"`([a-z_]+)`", where)
    return names if ", ".join(f"`{name}`" for name in names) == where else []


def test_every_table_of_the_database_has_a_row() -> None:
    told = {name for where, *_ in ROWS for name in tables_of(where)}
    missing = sorted(set(metadata.tables) - told)
    assert not missing, f'add to "What is kept" in README.md: {", ".join(missing)}'


def test_every_row_is_about_something_that_exists() -> None:
    for where, *_ in ROWS:
        tables, file = tables_of(where), FILE.fullmatch(where)
        known = set(tables) <= set(metadata.tables) if tables else bool(file and file[1] in NAMES)
        assert known or where.startswith(ELSEWHERE), where


def test_no_table_is_told_of_twice() -> None:
    told = [name for where, *_ in ROWS for name in tables_of(where)]
    assert len(told) == len(set(told))


def test_every_row_says_what_how_long_and_by_what() -> None:
    assert len(ROWS) > len(ELSEWHERE)
    for row in ROWS:
        assert len(row) == 4, row
        assert all(row), row


def test_what_deletes_is_a_command_or_setting_that_exists() -> None:
    for _, _, long, by in ROWS:
        assert set(re.findall(r"`signpost ([a-z-]+)", by)) <= set(Commands.known)
        assert set(re.findall(r"`([A-Z_]+)`", long)) <= set(NAMES)
