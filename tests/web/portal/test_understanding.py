"""The page that says how well free text is understood."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from bot.understanding import load
from bot.understanding.summary import SUMMARY_FILE, Group, Summary
from bot.understanding.understanding import FLOWS
from bot.web.wiring import KEY
from tests.web.portal.places import AUDITOR, OPERATOR, Portal

COUNTS = (200, 150, 40, 39, 120, 3, 30, 2, 10, 0)
STALE = "These figures are of other data."


def a_summary(revision: str) -> Summary:
    label = {
        name: tuple(range(10))
        for name in (
            *("emergency", "police", "anonymous", "recovery", "safeguarding"),
            *("young", "distress", "menu", "stop", "unknown"),
        )
    }
    groups = (Group("en", "sms", *COUNTS), Group("pl", "speech", 50, *COUNTS[1:]))
    return Summary(date(2026, 11, 25), "held-out.jsonl", "ab" * 32, revision, groups, label)  # type: ignore[arg-type]  # the keys are labels


@pytest.fixture
def folder(portal: Portal, tmp_path: Path) -> Path:
    """The portal's data files, in a folder of its own without a summary."""
    folder = Path(shutil.copytree(FLOWS, tmp_path / "flows"))
    (folder / SUMMARY_FILE).unlink()
    app: Flask = portal.line.app
    wiring = portal.line.wiring
    app.extensions[KEY] = replace(wiring, settings=replace(wiring.settings, flows_dir=folder))
    return folder


def keep(folder: Path, summary: Summary) -> None:
    (folder / SUMMARY_FILE).write_text(summary.render(), "utf-8")


@pytest.mark.parametrize("email", [AUDITOR, OPERATOR])
def test_the_figures_are_shown_by_language_and_channel(portal: Portal, folder: Path, email: str) -> None:
    keep(folder, a_summary(load(folder).revision))
    page = portal.person(email).get("/understanding").text
    for shown in (
        "78 of 80 (97.5%)",
        "39 of 40 (97.5%)",
        "English, written",
        "Polish, spoken",
        "25 November 2026",
    ):
        assert shown in page
    assert "Other languages together" in page
    assert STALE not in page


def test_figures_of_other_rules_or_another_model_are_called_stale(portal: Portal, folder: Path) -> None:
    keep(folder, a_summary("0" * 12))
    page = portal.person(OPERATOR).get("/understanding").text
    assert STALE in page
    assert load(folder).revision in page


def test_without_a_report_the_page_says_how_to_make_one(portal: Portal, folder: Path) -> None:
    page = portal.person(OPERATOR).get("/understanding").text
    assert "signpost understanding report FILE --write" in page
    (folder / SUMMARY_FILE).write_text("on = 1", "utf-8")
    broken = portal.person(OPERATOR).get("/understanding")
    assert broken.status_code == 200
    assert "can&#39;t be read" in broken.text or "can't be read" in broken.text
