"""The data that is shipped has no fault, and in production precisely those that an operator must mend."""

from __future__ import annotations

from bot.check import Report, render
from tests.check.conftest import Data


def items(report: Report, level: str) -> set[str]:
    return {one.item for one in report.findings if one.level == level}


def test_the_shipped_data_has_no_fault(shipped: Data) -> None:
    report = shipped.report(walked=True)
    assert [(one.file, one.item, one.found) for one in report.faults] == []
    languages = {"en", "pl", "lt", "pt", "ro", "ru", "uk"}
    assert {(one.language, one.medium) for one in report.explored} == {
        (language, medium) for language in languages for medium in ("text", "voice")
    }
    drafts = {one.file for one in report.warnings if one.item == "flow.status"}
    assert drafts == {f"flows/helpline.{language}.toml" for language in languages - {"en"}}
    # Russian and Ukrainian can't be written in GSM-7; Polish, Lithuanian and Romanian are, without accents.
    most: dict[str, int] = {}
    for size in report.texts:
        most[size.language] = max(most.get(size.language, 0), size.parts)
    assert most == {"en": 2, "pl": 2, "lt": 2, "pt": 2, "ro": 2, "ru": 3, "uk": 3}


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
