"""The shipped data in a folder of its own, where a test may break it."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.catalogue import Catalogue, load
from bot.check import Finding, Report, check

if TYPE_CHECKING:
    from bot.check.finding import Level

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 24)


@dataclass(frozen=True)
class Data:
    """A copy of flows/ and config/."""

    root: Path

    def replace(self, file: str, old: str, new: str) -> Data:
        """Put other words in a file; fails if the old ones are not there once at least."""
        path = self.root / file
        words = path.read_text("utf-8")
        assert old in words, f"{file} has no {old!r}"
        path.write_text(words.replace(old, new, 1), "utf-8")
        return self

    def append(self, file: str, words: str) -> Data:
        """Add words at the end of a file."""
        path = self.root / file
        path.write_text(path.read_text("utf-8") + words, "utf-8")
        return self

    def edit(self, file: str, table: str, key: str, value: str) -> Data:
        """Set `key = value` in a `[table]`, in the place of what the key has now, if anything."""
        path = self.root / file
        head, found, rest = path.read_text("utf-8").partition(f"[{table}]\n")
        assert found, f"{file} has no [{table}]"
        body, bracket, tail = rest.partition("\n[")
        body = re.sub(rf'^{key} = (?:"""(?s:.*?)"""|.*)\n?', "", body, flags=re.MULTILINE)
        path.write_text(f"{head}{found}{key} = {value}\n{body}{bracket}{tail}", "utf-8")
        return self

    def catalogue(self) -> Catalogue:
        """Load it; the loader's own refusals are not what is tested here."""
        return load(self.root / "flows", self.root / "config")

    def report(self, *, production: bool = False, walked: bool = False) -> Report:
        """Load and check it; the walk takes a second, so a test asks for it."""
        return check(self.catalogue(), TODAY, production, walked=walked)


@pytest.fixture
def shipped(tmp_path: Path) -> Data:
    """Copy the shipped data, all languages of it."""
    for folder in ("flows", "config"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return Data(tmp_path)


@pytest.fixture
def data(shipped: Data) -> Data:
    """The English part alone, so that a test may change the script without six translations."""
    for path in (shipped.root / "flows").glob("helpline.*.toml"):
        path.unlink()
    return shipped.edit("config/lines.toml", "lines.norfolk", "languages", '["en"]')


def found(report: Report, level: Level, item: str) -> list[Finding]:
    """The findings of a level whose item begins so."""
    return [one for one in report.findings if one.level == level and one.item.startswith(item)]
