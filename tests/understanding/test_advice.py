"""Which rule decides the advice, where several speak or only the model found the emergency."""

from __future__ import annotations

import pytest

from bot.understanding import understand
from bot.understanding.advice import of_model
from bot.understanding.understanding import FLOWS, load_without_model

RULES = load_without_model(FLOWS)
CODES = tuple(RULES.languages)


def seen_with(text: str, code: str = "en") -> str:
    """The name that an emergency would get if the model alone had found it."""
    return of_model(RULES.see(text, "sms", code, (code,)))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("im deaf, there is a man with a knife in my house", "en.deaf"),
        ("i cant hear, my husband collapsed", "en.deaf"),
        ("deaf, use bsl, need police now", "en.deaf"),
        ("dont ring back he has got a knife and my sister is tied up", "en.cannot-speak"),
        ("cant talk hes in the next room with a knife", "en.cannot-speak"),
        ("he has a knife and i cant get out", "en.weapon"),
        ("i have a gun and i want to use it on myself", "en.suicide.now"),
        ("im going to kill myself tonight, dont ring back", "en.suicide.now"),
        ("chcę się zabić dzisiaj w nocy", "pl.suicide.now"),
        ("nie mogę mówić on jest w pokoju obok uderzył mnie", "pl.cannot-speak"),
        ("he has overdosed and i can't talk he will hear me", "en.overdose.named"),
        ("jestem głucha, w domu jest facet z nożem", "pl.deaf"),
        ("я глуха, в будинку чоловік з ножем", "uk.deaf"),
    ],
)
def test_of_several_rules_the_one_whose_advice_is_needed_first_decides(text: str, rule: str) -> None:
    intent = understand(text)
    assert (intent.label, intent.rule) == ("emergency", rule)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("i am deaf", "en"),
        ("I'm deaf, can I use this line", "en"),
        ("jestem głuchy", "pl"),
        ("esu kurčias", "lt"),
        ("sou surdo", "pt"),
        ("sunt surd", "ro"),
        ("я глухой", "ru"),
        ("я глухий", "uk"),
    ],
)
def test_to_be_deaf_is_no_emergency(text: str, code: str) -> None:
    heard = dict(RULES.see(text, "sms", code, (code,)).heard)[code]
    assert heard.speaking == ()
    assert heard.beside == (f"{code}.deaf",)


@pytest.mark.parametrize("code", CODES)
def test_a_person_who_cannot_speak_is_told_so_in_every_language(code: str) -> None:
    rule = next(rule for rule in RULES.languages[code].rules if rule.id == f"{code}.cannot-speak")
    for text in rule.examples:
        intent = understand(text, languages=(code,))
        assert intent.rule.partition(".")[2] == "cannot-speak"


@pytest.mark.parametrize(
    ("text", "code", "name"),
    [
        ("took a handful of pills", "en", "model.overdose"),
        ("she is slumped over", "en", "model.unresponsive"),
        ("the man has a blade", "en", "model.weapon"),
        ("deaf. it is bad", "en", "model.deaf"),
        ("he overdosed last year and it is happening", "en", "model.overdose"),
        ("w marcu przedawkował", "pl", "model.overdose"),
        ("список и верёвка", "ru", "model"),
        ("it is all going wrong", "en", "model"),
    ],
)
def test_what_the_model_finds_is_named_by_what_was_seen(text: str, code: str, name: str) -> None:
    assert seen_with(text, code) == name


@pytest.mark.parametrize("code", CODES)
def test_whatever_a_rule_would_find_the_model_names_alike_or_plainly(code: str) -> None:
    """No overdose is given the advice of a suicide: the names come from the same sets as the rules."""
    flow_kinds = ("overdose", "breathing", "unresponsive", "suicide")
    for rule in RULES.languages[code].rules:
        kind = rule.id.split(".")[1]
        if kind == "suicide":
            continue  # tablets taken to die are an overdose too
        for text in rule.examples:
            named = seen_with(text, code).partition(".")[2]
            if kind in flow_kinds:
                assert named != "suicide", text
