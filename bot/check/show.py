"""Shows a Report as text: counts, what each text weighs, what was walked, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from bot.check.finding import LEVELS, Finding, Report

NAMES = {"fault": "Faults: mend these", "warning": "Warnings: look at these", "note": "Notes"}
MOST_AGES = 5
MOST_LETTERS = 6
WIDEST_ITEM = 48


def render(report: Report) -> str:
    """Lay a Report out for a terminal or a file: plain text, no colour, figures first."""
    parts = [_counts(report), _texts(report), _menus(report), _ages(report), _walks(report)]
    parts.extend(_findings(level, [one for one in report.findings if one.level == level]) for level in LEVELS)
    return "\n\n".join(part for part in parts if part) + "\n"


def _counts(report: Report) -> str:
    counts = ", ".join(
        _count(len(found), word)
        for found, word in ((report.faults, "fault"), (report.warnings, "warning"), (report.notes, "note"))
    )
    return f"{counts}."


def _texts(report: Report) -> str:
    rows = [
        (
            size.language,
            size.item,
            size.state,
            str(size.chars),
            str(size.parts),
            size.encoding,
            _few(size.forced_by),
        )
        for size in report.texts
    ]
    heads = ("", "text message", "hours", "chars", "parts", "encoding", "forced by")
    return _table("What each text message becomes (a service in its longest state)", heads, rows)


def _menus(report: Report) -> str:
    rows = [
        (size.language, size.item, str(size.chars), f"{size.seconds} s")
        for size in report.speeches
        if size.item.startswith("nodes.")
    ]
    title = "How long each menu takes to say (estimated at 15 characters a second)"
    return _table(title, ("", "menu", "chars", "about"), rows)


def _ages(report: Report) -> str:
    rows = [(age.item, f"{age.years:g}") for age in report.ages[:MOST_AGES]]
    title = "Reading age: the hardest to read (Flesch-Kincaid grade + 5; at most 9)"
    return _table(title, ("words", "years"), rows)


def _walks(report: Report) -> str:
    rows = [
        (one.language, one.flow, one.medium, str(one.states), str(one.turns), str(one.silent_turns or ""))
        for one in report.explored
    ]
    title = "How far the script was walked (the longest call on silence alone in the last column)"
    return _table(title, ("", "flow", "medium", "states", "turns", "silent turns"), rows)


def _findings(level: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    lines = [NAMES[level]]
    for file, ones in groupby(findings, key=lambda finding: finding.file):
        lines.append(f"  {file}")
        for one in ones:
            lines.append(f"    {one.item}")
            lines.extend(f"        {what}: {_of(one, what)}" for what in ("found", "limit", "cure"))
    return "\n".join(lines)


def _of(finding: Finding, what: str) -> str:
    return {"found": finding.found, "limit": finding.limit, "cure": finding.cure}[what]


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    cells = [[_cut(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    return "\n".join([title, *(f"  {line}" for line in _lines(cells, widths))])


def _lines(cells: Iterable[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for row in cells:
        padded = [
            cell.rjust(width) if cell[:1].isdigit() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        yield "  ".join(padded).rstrip()


def _few(letters: str) -> str:
    return letters if len(letters) <= MOST_LETTERS else f"{letters[:MOST_LETTERS]}…"


def _cut(cell: str) -> str:
    return cell if len(cell) <= WIDEST_ITEM else f"{cell[: WIDEST_ITEM - 1]}…"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
