"""Every emergency rule finds its examples and leaves alone what it must never find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.check.finding import Finding
from bot.understanding import Understanding
from bot.understanding.model import fingerprint, read_model
from bot.understanding.phrases import read_all
from bot.understanding.reading import RuleFault
from bot.understanding.understanding import MODEL_FILE, load_without_model, read_rule_files

SHOWN_CHARS = 60


def of_understanding(folder: Path) -> Iterator[Finding]:
    """Prove the rules of every language, the phrases and the model in a folder of data files."""
    for file in read_rule_files(folder):
        yield from map(_fault, file.faults)
    yield from map(_fault, read_all(folder)[1])
    understanding = load_without_model(folder)
    for code in understanding.languages:
        yield from _examples(understanding, code)
        yield from _approval(understanding, code)
    yield from _model(folder)


def _model(folder: Path) -> Iterator[Finding]:
    file, cure = f"flows/{MODEL_FILE}", "run `signpost understanding train`"
    model = read_model(folder / MODEL_FILE)
    if model is None:
        limit = "a model made by this version"
        yield Finding("fault", file, "the file", "nothing that can be read", limit, cure)
    elif model.made_of != fingerprint(folder):
        limit = "a model trained from the phrases and the rules as they are now"
        yield Finding("warning", file, "the file", "trained from other files", limit, cure)


def _fault(fault: RuleFault) -> Finding:
    return Finding("fault", fault.file, fault.item, fault.found, fault.limit, fault.cure)


def _examples(understanding: Understanding, code: str) -> Iterator[Finding]:
    language, speller = understanding.languages[code], understanding.spellers[code]
    file = f"flows/emergency.{code}.toml"
    for rule in language.rules:
        item = f"rules.{rule.id.partition('.')[2]}"
        for text in rule.examples:
            if rule.id not in language.decide(speller.read(text)).speaking:
                limit = "each of its examples makes the rule speak"
                yield Finding(
                    "fault", file, f"{item}.examples", _shown(text), limit, "widen the rule or move it"
                )
        for text in rule.never:
            if rule.id in language.decide(speller.read(text)).speaking:
                limit = "what is under `never` leaves the rule silent"
                yield Finding(
                    "fault", file, f"{item}.never", _shown(text), limit, "narrow the rule, or a guard"
                )


def _approval(understanding: Understanding, code: str) -> Iterator[Finding]:
    language = understanding.languages[code]
    if language.status != "approved" or not language.approved_by:
        found, limit = f"status {language.status!r}", "rules that a clinician has read and approved"
        cure = 'have it read, then set status = "approved" and approved_by'
        yield Finding("warning", f"flows/emergency.{code}.toml", "status", found, limit, cure)


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…")
