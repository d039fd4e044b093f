"""What is to be deleted at the carrier, once a person was sent to a service."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal["message", "call"]
# https://www.twilio.com/docs/glossary/what-is-a-sid
SID = re.compile(r"(SM|MM|CA)[0-9a-f]{32}")


@dataclass(frozen=True)
class Redaction:
    """A message or a call at the carrier, under its id there, and when it is to be deleted."""

    sid: str = field(repr=False)
    kind: Kind
    due_at: datetime


def redaction_of(sid: str, due_at: datetime) -> Redaction | None:
    """Say what is to be deleted under an id; None where it is no message's or call's."""
    found = SID.fullmatch(sid)
    if found is None:
        return None
    return Redaction(sid, "call" if found[1] == "CA" else "message", due_at)
