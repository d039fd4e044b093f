"""The dashboard and the alert rules ask for what the line counts, by names that exist."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bot import metrics
from bot.settings import ROOT

DEPLOY = ROOT / "config" / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
NAME = re.compile(r"\bsignpost_[a-z_]+")
WIDTH = 24  # a dashboard's columns


def known(name: str) -> bool:
    """Say whether the line exposes a series of this name."""
    parts = (f"{one}{end}" for one in metrics.HISTOGRAMS for end in ("_bucket", "_sum", "_count"))
    return name in {*metrics.NAMES, *parts}


def expressions() -> list[str]:
    return [target["expr"] for panel in PANELS for target in panel.get("targets", [])]


def test_every_metric_that_the_dashboard_asks_for_exists() -> None:
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert {name for name in asked if not known(name)} == set()


def test_every_label_that_it_groups_by_exists() -> None:
    labels = {
        label for _, names in (*metrics.COUNTERS.values(), *metrics.HISTOGRAMS.values()) for label in names
    }
    shown = {label for panel in PANELS for one in panel.get("targets", []) for label in labels_of(one)}
    assert shown - labels == set()


def labels_of(target: dict[str, str]) -> set[str]:
    grouped = [name for group in re.findall(r"by \(([^)]*)\)", target["expr"]) for name in group.split(", ")]
    return {*grouped, *re.findall(r"{{(\w+)}}", target["legendFormat"])} - {"le"}


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    ids = [panel["id"] for panel in PANELS]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= WIDTH
        taken |= cells


def test_every_panel_has_a_title_and_something_to_draw() -> None:
    for panel in PANELS:
        assert panel["title"]
        assert panel["type"] == "row" or panel["targets"]


@pytest.mark.parametrize("file", ["alerts.yml", "grafana.json"])
def test_nothing_that_is_deployed_names_a_metric_that_is_not_there(file: str) -> None:
    asked = set(NAME.findall((DEPLOY / file).read_text("utf-8")))
    assert {name for name in asked if not known(name)} == set()
