"""The README is tested: what it names exists, and what exists it names."""

from __future__ import annotations

import re

from bot import metrics
from bot.cli import Commands
from bot.settings import NAMES, ROOT

README = (ROOT / "README.md").read_text("utf-8")


def test_every_setting_is_in_the_readme_and_the_other_way_round() -> None:
    table = README.split("## Settings")[1].split("## ")[0]
    named = {
        name
        for row in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
        for name in re.findall(r"`([A-Z_]+)`", row)
    }
    assert named == set(NAMES)


def test_every_command_is_in_the_readme_and_the_other_way_round() -> None:
    table = README.split("## Commands")[1].split("## ")[0]
    assert set(re.findall(r"`signpost ([a-z-]+)", table)) == set(Commands.known)
    assert set(re.findall(r"signpost ([a-z-]+)", README)) - {"production"} <= set(Commands.known)


def test_every_metric_is_in_the_readme_and_the_other_way_round() -> None:
    table = README.split("## Metrics")[1].split("## ")[0]
    assert set(re.findall(r"`(signpost_[a-z_]+)`", table)) == set(metrics.NAMES)


def test_every_file_that_the_readme_names_exists() -> None:
    for path in re.findall(r"`((?:flows|config|bot|tests|web|channels)/[\w./-]+)`|\]\(([\w./-]+)\)", README):
        name = next(filter(None, path))
        assert (ROOT / name).exists() or (ROOT / "bot" / name).exists(), name


def test_no_fault_of_presentation_reaches_the_operator() -> None:
    assert not re.search(r"(?i)lorem|tbd|fixme", README)
