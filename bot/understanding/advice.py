"""Which emergency decides the advice, where several rules speak or only the model does.

The flow gives each kind of emergency its node (`understanding.emergencies`); a kind is a part of a rule's
id. Where there is more than one, the first of these is answered: how to reach 999 at all for whoever
can't hear, then what keeps somebody alive until help comes, then how to call without a voice.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from bot.understanding.features import Seen
from bot.understanding.pattern import Clause

FIRST = ("deaf", "breathing", "unresponsive", "overdose", "suicide", "cannot-speak")
MODEL = "model"
# What in a message points to a kind: sets that must all be met in one clause. English tells apart more
# than the other languages do, so some sets are in one file alone.
CLUES: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("breathing", (("bad-breathing",), ("breath",))),
    ("unresponsive", (("unconscious",),)),
    ("overdose", (("overdosing",), ("overdose",), ("take", "lots", "pills"), ("take", "lots", "drug"))),
    ("suicide", (("goodbye",), ("selfharm", "myself"), ("suicide", "myself"), ("means", "myself"))),
    ("cannot-speak", (("silent",),)),
    ("weapon", (("weapon",),)),
    ("attack", (("attack",), ("attacked",))),
    ("intruder", (("intrude",),)),
    ("held", (("held",),)),
    ("fire", (("fire",),)),
    ("bleeding", (("bleeding",),)),
)
# Less sure, so only where nothing above is met: anywhere in the message.
HINTS: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("breathing", (("breathe",),)),
    ("unresponsive", (("wake", "negation"), ("snore",))),
    ("overdose", (("pills", "take"), ("pills", "dying"), ("drug", "seizure"), ("take", "child"))),
)
# In these languages the set of suicide holds whole sentences; in English it holds "jump" and "do it".
PLAIN_SUICIDE = frozenset({"lt", "pl", "pt", "ro", "ru", "uk"})


def deciding(seen: Seen, finding: Sequence[str]) -> str:
    """Choose, of the rules that find an emergency, the one that decides the advice.

    A rule of suicide that was met by "he has a knife" counts as what it looks like to the others; with
    "kill myself" or a goodbye it comes before them.
    """
    meant = "suicide" in _all_kinds(seen)
    first = [kind for kind in FIRST if kind != "suicide" or meant]
    return min(finding, key=lambda rule: _place(rule, first))


def of_model(seen: Seen) -> str:
    """Name what the model found by what was seen with it: "model.overdose", or "model" where nothing fits."""
    kinds = _all_kinds(seen)
    kinds.update(rule.partition(".")[2] for _, one in seen.heard for rule in one.beside)
    # A guard that silences a rule may be wrong where the model is not: "last night" and still not awake.
    silenced = [part for _, one in seen.heard for rule in one.silenced for part in rule.split(".")[1:]]
    kinds.update(kind for kind in FIRST if kind in silenced)
    if not kinds:
        kinds.update(kind for _, one in seen.heard for kind, clues in HINTS if _met(clues, one.sets))
    ordered = [*FIRST, *(kind for kind, _ in CLUES if kind not in FIRST)]
    return next((f"{MODEL}.{kind}" for kind in ordered if kind in kinds), MODEL)


def _place(rule: str, first: Sequence[str]) -> int:
    parts = rule.split(".")
    return next((at for at, kind in enumerate(first) if kind in parts), len(first))


def _all_kinds(seen: Seen) -> set[str]:
    return {kind for code, one in seen.heard for kind in _kinds(code, one.clauses)}


def _kinds(code: str, clauses: Sequence[Clause]) -> Iterator[str]:
    for clause in clauses:
        for kind, clues in CLUES:
            if _met(clues, clause.spans):
                yield kind
        if code in PLAIN_SUICIDE and "suicide" in clause.spans:
            yield "suicide"


def _met(clues: Sequence[Sequence[str]], sets: Container[str]) -> bool:
    return any(all(name in sets for name in clue) for clue in clues)
