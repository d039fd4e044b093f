"""The switch by which the operator stops the line for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Switch:
    """Whether the line is stopped, in the operator's words, and since when it has been so."""

    on: bool = False
    message: str = ""
    changed_at: datetime | None = None


OFF = Switch()
