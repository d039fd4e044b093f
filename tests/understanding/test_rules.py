"""The rules as they ship, the language they are written in, and what `check` says of a broken one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.check.emergencies import of_understanding
from bot.understanding.pattern import PatternError, parse
from bot.understanding.reading import UnderstandingError, read_rules
from bot.understanding.understanding import FLOWS, load_without_model, read_rule_files
from bot.understanding.vocabulary import Vocabulary
from bot.understanding.words import Message, Speller

CODES = ("en", "lt", "pl", "pt", "ro", "ru", "uk")
VOCABULARY = Vocabulary.of({"person": ["he", "my mate"], "blade": ["knife", "knives", "machet*"]})


def found(pattern: str, *clauses: str) -> bool:
    message = VOCABULARY.clauses(Message(tuple(tuple(clause.split()) for clause in clauses)))
    stands = any(True for _ in parse(pattern).find(message))
    assert parse(pattern).is_possible(message) or not stands
    return stands


@pytest.mark.parametrize(
    ("pattern", "clause", "stands"),
    [
        ("{person} has", "he has", True),
        ("{person} has", "my mate has", True),
        ("{person} .. {blade}", "he has got a machete", True),
        ("{person} .. {blade}", "he has got a very old knife", False),
        ("{person} ... {blade}", "he has got a very old knife", True),
        ("{blade} & {person}", "he has a knife", True),
        ("{blade} {person}", "he has a knife", False),
        ("^ {blade} $", "knife", True),
        ("^ {blade} $", "a knife", False),
        ("a? knife now|here", "knife here", True),
        ("[in the|on my] car", "on my car", True),
        ("[in the|on my] car", "on the car", False),
        ("bleed*", "bleeding", True),
    ],
)
def test_a_pattern_means_what_its_signs_say(pattern: str, clause: str, stands: bool) -> None:
    assert found(pattern, clause) is stands


def test_two_clauses_are_joined_by_a_double_sign_alone() -> None:
    assert found("{person} && {blade}", "he is here", "a knife")
    assert not found("{person} & {blade}", "he is here", "a knife")


@pytest.mark.parametrize("pattern", ["..", "a?", "{open", "a||b", "^"])
def test_a_pattern_that_says_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        parse(pattern)


def test_every_language_has_rules() -> None:
    assert tuple(file.code for file in read_rule_files(FLOWS)) == CODES


RULES = [
    pytest.param(code, rule, id=rule.id)
    for code, language in load_without_model(FLOWS).languages.items()
    for rule in language.rules
]


@pytest.mark.parametrize(("code", "rule"), RULES)
def test_a_rule_finds_its_examples_and_leaves_the_others_alone(code: str, rule: object) -> None:
    understanding = load_without_model(FLOWS)
    language, speller = understanding.languages[code], understanding.spellers[code]
    known = next(one for one in language.rules if one == rule)
    assert known.means
    missed = [text for text in known.examples if known.id not in language.decide(speller.read(text)).speaking]
    caught = [text for text in known.never if known.id in language.decide(speller.read(text)).speaking]
    assert not missed
    assert not caught


@pytest.mark.parametrize("code", CODES)
def test_what_is_said_to_be_impossible_stands_nowhere(code: str) -> None:
    understanding = load_without_model(FLOWS)
    language, speller = understanding.languages[code], understanding.spellers[code]
    said = [text for rule in language.rules for text in (*rule.examples, *rule.never)][::20]
    clauses = [language.vocabulary.clauses(speller.read(text)) for text in said]
    patterns = [pattern for rule in language.rules for pattern in (*rule.match, *rule.unless)]
    patterns += [pattern for guard in language.guards.values() for pattern in (*guard.match, *guard.unless)]
    passed_over = [(one, each) for one in patterns for each in clauses if not one.is_possible(each)]
    assert len(passed_over) > len(patterns) * len(clauses) / 2
    assert not [one.source for one, each in passed_over if any(True for _ in one.find(each))]


def test_the_shipped_files_have_no_fault() -> None:
    faults = [finding for finding in of_understanding(FLOWS) if finding.level != "warning"]
    assert not faults


def test_the_shipped_model_is_trained_from_the_shipped_files() -> None:
    stale = [finding for finding in of_understanding(FLOWS) if finding.file.endswith(".model")]
    assert not stale


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the English rules, which a test may break."""
    for name in (
        "emergency.en.toml",
        "understanding-topics.toml",
        "understanding-ages.toml",
        "understanding.model",
    ):
        shutil.copy(FLOWS / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "item"),
    [
        ('"{heart}", ', '"{haert}", ', "rules.body.failing.sign.match"),
        ('"{heart}", ', '"{heart", ', "rules.body.failing.sign.match"),
        ('examples = ["hes having a seizure", ', 'examples = ["hello", ', "rules.seizure.examples"),
        ('never = ["he is fitting a new kitchen", ', 'never = ["shes fitting", ', "rules.seizure.never"),
        ("negatable = false\nexamples", "negateable = false\nexamples", "rules.breathing.stopped"),
        ('id = "seizure"', 'id = "unresponsive"', "rules.unresponsive"),
        ("sign = true\nexamples", 'sign = "yes"\nexamples', "rules.breathing.stopped.sign.sign"),
        ("negatable = false\nbeside = true", "sign = true\nbeside = true", "rules.deaf.sign"),
        ('reach = "message"', 'reach = "page"', "guards.past-far.reach"),
        ('child = ["baby", ', 'child = ["{babies}", ', "sets.child"),
        ('guards = ["past-far", ', 'guards = ["past-afar", ', "rules.overdose.too-many.guards"),
    ],
)
def test_a_broken_rule_is_told_with_its_place(folder: Path, old: str, new: str, item: str) -> None:
    path = folder / "emergency.en.toml"
    words = path.read_text("utf-8")
    assert old in words
    path.write_text(words.replace(old, new, 1), "utf-8")
    findings = [finding for finding in of_understanding(folder) if finding.item == item]
    assert findings
    assert all(f.level == "fault" and f.found and f.limit and f.cure for f in findings)


def test_a_label_that_does_not_exist_is_told(folder: Path) -> None:
    (folder / "understanding.en.toml").write_text('[emergncy]\nphrases = ["x"]\n', "utf-8")
    assert "emergncy" in [finding.item for finding in of_understanding(folder)]


def test_no_rules_and_no_toml_are_told(tmp_path: Path) -> None:
    path = tmp_path / "emergency.en.toml"
    with pytest.raises(UnderstandingError):
        read_rules(path)
    path.write_text("[sets", "utf-8")
    with pytest.raises(UnderstandingError):
        read_rules(path)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("He's NOT breathing", "he is not breathing"),
        ("hes od'd", "he is overdosed"),
        ("S T O P", "stop"),
        ("br3athing", "breathing"),
        ("breathinggg", "breathing"),
        ("breatihng", "breathing"),
        ("breathng", "breathing"),
        ("cantbreathe", "can not breathe"),
        ("🔪 here", "knife here"),
        ("the field was empty", "the field was empty"),
    ],
)
def test_words_are_made_even(text: str, plain: str) -> None:
    speller: Speller = load_without_model(FLOWS).spellers["en"]
    assert speller.read(text).plain == plain


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("he has got a knife", True),
        ("not joking, he has got a knife", True),
        ("he has not got a knife", False),
        ("nobody here has got a knife", False),
        ("he wasn't breathing, he is now but he won't wake up", True),
        ("last time he nearly died and he has taken it again, he won't wake up", True),
        ("he wouldn't wake up last year when he took it", False),
    ],
)
def test_a_not_silences_what_follows_it_and_no_guard_what_is_now(text: str, danger: bool) -> None:
    understanding = load_without_model(FLOWS)
    heard = understanding.languages["en"].decide(understanding.spellers["en"].read(text))
    assert bool(heard.speaking) is danger


def test_no_not_stands_in_the_gap_of_a_plain_pattern() -> None:
    vocabulary = Vocabulary.of({"negation": ["not"], "affirmed": ["not joking"]})
    for text, stands in (("he has not knife", False), ("he not joking has knife", True)):
        clauses = vocabulary.clauses(Message((tuple(text.split()),)))
        assert any(True for _ in parse("he .. knife", plain=True).find(clauses)) is stands
        assert any(True for _ in parse("he .. knife").find(clauses))
