"""The data that is shipped has no fault, and in production precisely those that an operator must mend."""

from __future__ import annotations

from bot.check import Report, render
from tests.check.conftest import Data


def items(report: Report, level: str) -> set[str]:
    return {one.item for one in report.findings if one.level == level}


def test_the_shipped_data_has_no_fault(data: Data) -> None:
    assert [(one.item, one.found) for one in data.report(walked=True).faults] == []


def test_production_asks_for_real_lines_and_fresh_listings(data: Data) -> None:
    catalogue = data.catalogue()
    active = {name for name, one in catalogue.directory.services.items() if one.status == "active"}
    stale = {f"services.{name}.assured_on" for name in active}
    report = data.report(production=True, walked=True)
    assert items(report, "fault") == {*stale, "lines.norfolk", "lines.norfolk.example"}


def test_the_report_shows_counts_figures_and_findings(data: Data) -> None:
    report = data.report(production=True, walked=True)
    text = render(report)
    assert text.startswith(f"{len(report.faults)} faults, {len(report.warnings)} warnings, ")
    assert "What each text message becomes" in text
    assert "How far the script was walked" in text
    assert "services.nrp" in text
    for one in report.findings:
        assert all(part in text for part in (one.file, one.item, one.found, one.limit, one.cure))


def test_faults_come_first(data: Data) -> None:
    levels = [one.level for one in data.report(production=True).findings]
    assert levels == sorted(levels, key=("fault", "warning", "note").index)


def test_without_the_walk_the_other_proofs_stand(data: Data) -> None:
    data.edit("flows/helpline.toml", "nodes.young.options.4", "goto", '"young"')
    quick = data.report()
    assert quick.explored == ()
    assert "nodes.young.options.4" in items(quick, "fault")
