"""An intent: what free text was understood to mean, and which rule decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Label = Literal[
    "emergency",
    "police",
    "anonymous",
    "recovery",
    "safeguarding",
    "young",
    "distress",
    "menu",
    "stop",
    "unknown",
]
LABELS: tuple[Label, ...] = get_args(Label)


@dataclass(frozen=True)
class Intent:
    """What a message means.

    `rule` names what decided, for the record and for an auditor: a rule's id ("en.breathing.stopped"),
    or "model" where the statistical model did; "model.overdose" is an emergency that it found, by what
    was seen with it. `score` (0 to 1) is how sure that is. `language` is the language that the message
    seems to be in, "en" or another of the line's. `second` is the next likeliest label, for a question
    when the first is unsure.
    """

    label: Label
    rule: str
    score: float
    language: str
    second: Label | None = None
