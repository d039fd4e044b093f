"""Rules that are danger itself, and rules that are only a sign of it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import signpost
from bot.core.intent import LABELS, Label
from bot.understanding import load, understand
from bot.understanding.model import Model
from bot.understanding.understanding import FLOWS, SIGN_OF_DANGER, SURE_OF_DANGER, load_without_model

CODES = ("en", "lt", "pl", "pt", "ro", "ru", "uk")
RULES = [
    pytest.param(code, rule.examples, id=rule.id)
    for code, language in load_without_model(FLOWS).languages.items()
    for rule in language.rules
]
SIGN = "a lad in my year has a blade in his sock"
DANGER = "hes not breathing"
BOTH = "shes taken a lot of pills before, now he is outside with a knife"


@dataclass(frozen=True)
class Sees(Model):
    """A model that sees as much danger in every message as it is told to."""

    danger: float = 0.0

    def likelihoods(self, features: Mapping[int, float], vector: Any = None) -> dict[Label, float]:
        rest = (1.0 - self.danger) / (len(LABELS) - 1)
        return {label: self.danger if label == "emergency" else rest for label in LABELS}


def heard(text: str, danger: float) -> tuple[str, str, float]:
    """What is made of a message where the model sees so much danger."""
    seeing = replace(load(), model=Sees(1.0, array("I"), array("b"), danger=danger))
    intent = seeing.understand(text)
    return intent.label, intent.rule, intent.score


@pytest.mark.parametrize("channel", ["sms", "speech"])
@pytest.mark.parametrize(("code", "examples"), RULES)
def test_every_example_of_every_rule_ends_as_an_emergency(
    code: str, examples: tuple[str, ...], channel: str
) -> None:
    missed = [text for text in examples if understand(text, channel, (code,)).label != "emergency"]
    assert not missed


def test_a_sign_needs_less_of_the_model_than_no_rule_does() -> None:
    assert 0.0 < SIGN_OF_DANGER < SURE_OF_DANGER


def test_a_sign_alone_makes_no_emergency() -> None:
    label, rule, _ = heard(SIGN, SIGN_OF_DANGER - 0.01)
    assert label != "emergency"
    assert rule == "model"


def test_a_sign_counts_where_the_model_sees_a_little_danger_too() -> None:
    assert heard(SIGN, SIGN_OF_DANGER) == ("emergency", "en.weapon.sign", 0.5)


@pytest.mark.parametrize("danger", [0.0, SIGN_OF_DANGER, 0.9])
def test_what_is_danger_itself_wins_whatever_the_model_sees(danger: float) -> None:
    assert heard(DANGER, danger) == ("emergency", "en.breathing.stopped", max(danger, 0.5))


def test_without_a_model_every_sign_is_danger() -> None:
    assert load_without_model(FLOWS).understand(SIGN).label == "emergency"


def test_the_advice_is_that_of_what_counts() -> None:
    assert heard(BOTH, 0.0)[1] == "en.weapon"
    assert heard(BOTH, SIGN_OF_DANGER)[1] == "en.overdose.too-many.sign"


def test_a_rule_beside_others_speaks_with_a_sign_that_counts() -> None:
    text = f"im deaf. {SIGN}"
    assert heard(text, 0.0)[0] != "emergency"
    assert heard(text, SIGN_OF_DANGER)[:2] == ("emergency", "en.deaf")


@pytest.mark.parametrize("code", CODES)
def test_every_language_has_rules_of_both_kinds(code: str) -> None:
    rules = load_without_model(FLOWS).languages[code].rules
    assert any(rule.sign for rule in rules)
    dangers = {rule.id.partition(".")[2] for rule in rules if not rule.sign}
    assert {"breathing.stopped", "unresponsive", "bleeding", "attack", "suicide.now"} <= dangers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (DANGER, "en.breathing.stopped, danger itself"),
        (DANGER, f"en.breathing.stopped.sign, a sign: counts from {SIGN_OF_DANGER} of danger on\n"),
        ("There was a knife found in my sons bag last term, school dealt with that", "less: passed over\n"),
    ],
)
def test_understand_shows_what_was_heard_and_what_it_counted_for(text: str, shown: str) -> None:
    result = CliRunner().invoke(signpost, ["understand", text])
    assert result.exit_code == 0, result.output
    assert shown in result.output
