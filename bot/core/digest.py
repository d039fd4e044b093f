"""What a partner is told each day: its own counts, the newest checkpoint, its listings to assure.

A digest leaves the portal's walls and may be forwarded, so it keeps the rule for numbers about others
(`bot.core.disclosure`) though the numbers are the partner's own, which the portal shows exactly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.disclosure import protect, total

# What is counted, by the word for it in a text.
TABLES = {"service": "By service", "channel": "By channel", "outcome": "By outcome"}
TYPE = "digest.daily"


@dataclass(frozen=True)
class Listing:
    """A listing that somebody has to confirm; `assured_on` is None where nobody ever has."""

    service: str
    name: str
    assured_on: date | None


@dataclass(frozen=True)
class Digest:
    """One partner's day (in UTC). `tables` are shown counts by property and value."""

    partner: str
    name: str
    day: date
    total: str
    tables: Mapping[str, Mapping[str, str]]
    checkpoint: str
    to_assure: tuple[Listing, ...]

    @property
    def id(self) -> str:
        """The same for each delivery, so that the receiver can tell a second one."""
        return f"digest-{self.day.isoformat()}-{self.partner}"


def compose(  # noqa: PLR0913 - what a digest is made of
    partner: str,
    name: str,
    day: date,
    *,
    counts: Mapping[str, Mapping[str, int]],
    checkpoint: str,
    to_assure: Sequence[Listing],
) -> Digest:
    """Put a digest together.

    Args:
        partner, name: whose it is.
        day: the UTC day that was counted; it must be over.
        counts: exact counts by property and value, of this partner's routings of the day alone.
        checkpoint: the log's newest checkpoint as it was signed, "" when there is none.
        to_assure: the partner's listings that have grown old.
    """
    shown = protect({table: counts.get(table, {}) for table in TABLES})
    return Digest(
        partner=partner,
        name=name,
        day=day,
        total=total(shown).text,
        tables={
            table: {value: cell.text for value, cell in sorted(cells.items())}
            for table, cells in shown.items()
        },
        checkpoint=checkpoint,
        to_assure=tuple(to_assure),
    )


def as_json(digest: Digest, now: datetime) -> str:
    """Write a digest as the body of a webhook (github.com/standard-webhooks, "payload structure")."""
    listings = [
        {
            "service": one.service,
            "name": one.name,
            "assured_on": one.assured_on.isoformat() if one.assured_on else None,
        }
        for one in digest.to_assure
    ]
    data = {
        "partner": digest.partner,
        "day": digest.day.isoformat(),
        "routings": digest.total,
        "by": {table: dict(cells) for table, cells in digest.tables.items()},
        "checkpoint": digest.checkpoint or None,
        "listings_to_assure": listings,
    }
    written = {"type": TYPE, "timestamp": now.isoformat(timespec="seconds"), "data": data}
    return json.dumps(written, ensure_ascii=False, separators=(",", ":"))


def subject(digest: Digest) -> str:
    """The subject of an e-mail: nothing that a lock screen should not show."""
    return f"Signpost: your daily digest for {digest.day:%-d %B %Y}"


def as_text(digest: Digest) -> str:
    """Write a digest to be read."""
    parts = [f"{digest.name}\n{digest.day:%A %-d %B %Y}, in UTC\n\nPeople sent to you: {digest.total}"]
    for table, title in TABLES.items():
        cells = digest.tables.get(table)
        if cells:
            rows = "\n".join(f"  {value}: {text}" for value, text in cells.items())
            parts.append(f"{title}\n{rows}")
    if digest.to_assure:
        rows = "\n".join(f"  {one.name}: {_since(one)}" for one in digest.to_assure)
        parts.append(f"Listings to assure: are these still right? The portal takes your answer.\n{rows}")
    parts.append(
        "Counts from 1 to 7 are not told and others are rounded, because a digest may be passed on; the "
        "portal shows yours exactly."
    )
    newest = digest.checkpoint.rstrip("\n") or "none yet"
    parts.append(f"The log's newest checkpoint. Keep it: the next one has to grow out of it.\n\n{newest}")
    return "\n\n".join(parts) + "\n"


def _since(one: Listing) -> str:
    return f"last assured on {one.assured_on:%-d %B %Y}" if one.assured_on else "never assured"
