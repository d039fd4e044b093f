"""How well free text is understood: the last report, as the table that the command prints."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template

from bot.core.intent import LABELS
from bot.understanding import load
from bot.understanding.reading import UnderstandingError
from bot.understanding.summary import COMMAND, SUMMARY_FILE, Group, Summary, read_summary, total
from bot.web.portal.access import allowed, record_access
from bot.web.portal.blueprint import bp
from bot.web.portal.names import LABELS as NAMES
from bot.web.wiring import wiring

HOME = "en"
HEARD = {"sms": "written", "speech": "spoken"}


@dataclass(frozen=True)
class Row:
    """The shares of one group of messages."""

    title: str
    messages: int
    shares: tuple[str, ...]


@bp.get("/understanding")
@allowed("auditor", "operator")
def understanding() -> str:
    """The last report, and a warning where it was made with other rules, phrases or another model."""
    record_access("understanding.seen")
    folder = wiring().settings.flows_dir
    fault = ""
    try:
        summary = read_summary(folder / SUMMARY_FILE)
    except UnderstandingError:
        summary, fault = None, f"flows/{SUMMARY_FILE} can't be read."
    present = load(folder).revision
    return render_template(
        "portal/understanding.html",
        summary=summary,
        fault=fault,
        command=COMMAND,
        present=present,
        stale=summary is not None and summary.revision != present,
        rows=rows(summary) if summary else (),
        labels=LABELS,
    )


def rows(summary: Summary) -> tuple[Row, ...]:
    """All messages, English, the other languages together, and then each language and channel."""
    groups = summary.groups
    home = [one for one in groups if one.language == HOME]
    others = [one for one in groups if one.language != HOME]
    sums = [("All messages", groups), ("English", home), ("Other languages together", others)]
    return (
        *(_row(title, total(some)) for title, some in sums if some),
        *(_row(_title(one), one) for one in [*home, *others]),
    )


def _title(group: Group) -> str:
    language = NAMES["language"].get(group.language, group.language)
    return f"{language}, {HEARD.get(group.channel, group.channel)}"


def _row(title: str, group: Group) -> Row:
    pairs = (
        (group.found, group.emergencies),
        (group.alarms, group.calm),
        (group.alike_alarms, group.alike),
        (group.right, group.messages),
        (group.young_to_recovery, group.young),
    )
    return Row(title, group.messages, tuple(_share(*pair) for pair in pairs))


def _share(count: int, of: int) -> str:
    return f"{count} of {of} ({100 * count / of:.1f}%)" if of else "none to judge"
