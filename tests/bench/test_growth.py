"""The growth bench on a small record, so that it cannot rot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import bot.cli.demo as demo_commands
from bot.cli import signpost
from tests.bench import growth
from tests.bench.portal import EXPORTS, LINE_PAGES, PAGES, time_export, time_pages, visit
from tests.bench.turns import compare
from tests.line import play, sqlite_url

if TYPE_CHECKING:
    from pathlib import Path


def test_everything_that_may_grow_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_commands, "LEAVES_TOLD", 200)
    place = growth.Place(tmp_path, sqlite_url(tmp_path))
    (tmp_path / "seeded").write_text(seed(place, monkeypatch, 600), "utf-8")
    found = growth.Grown("sqlite", 600)
    growth.read_seeded(found, tmp_path / "seeded")
    assert [up_to for up_to, _, _ in found.chunks] == [found.leaves]  # the integrator takes 5,000 at once
    assert found.leaves > 600
    assert min(found.rate, found.busy_rate, *(rate for _, *rates in found.chunks for rate in rates)) > 0

    visitors = visit(play(place.url), growth.PARTNER)
    found.pages = list(time_pages(visitors, rounds=1))
    assert len(found.pages) == len(PAGES) + len(LINE_PAGES)
    found.exports = [time_export(visitors, form) for form in EXPORTS]
    assert {one.rows for one in found.exports} == {visitors.rows} != {0}

    found.turn = compare(place.url, f"sqlite:///{tmp_path}/empty.db", many=2)
    assert 0.2 < found.turn.busy_ratio < 5
    found.seconds["start-up"] = 1.5
    printed = growth.table([found])
    assert "sqlite 600" in printed
    for name in (
        "a turn, to one on an empty database",
        "leaves a second",
        "rows of csv a second",
        "start-up",
    ):
        assert name in printed
    growth.catch_up(place)
    assert "Every count is what the routings say." in place.command("rollups", "check")


def seed(place: growth.Place, monkeypatch: pytest.MonkeyPatch, routings: int) -> str:
    """Make up records in this process, with a key of the bench's own."""
    place.command("log", "keygen", growth.LEDGER, str(place.folder / "key"))
    for name, value in place.settings.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(signpost, ["demo", "seed", "--routings", str(routings)])
    assert done.exit_code == 0, done.output
    return done.output
