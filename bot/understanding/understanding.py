"""The understanding of free text: rules first, a model for the rest, danger before all."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.intent import Intent, Label
from bot.understanding.advice import deciding, of_model
from bot.understanding.ages import Ages, read_ages
from bot.understanding.features import Seen, features
from bot.understanding.language import Detector
from bot.understanding.lexicon import Lexicon, Near
from bot.understanding.model import Model, fingerprint, read_model
from bot.understanding.pattern import forget_parts
from bot.understanding.reading import RuleFile, UnderstandingError, read_rules
from bot.understanding.rules import Language
from bot.understanding.vectors import Vectors, read_vectors
from bot.understanding.vocabulary import Vocabulary
from bot.understanding.words import FUZZY_FROM_CHARS, Speller, fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLOWS = Path(__file__).resolve().parents[2] / "flows"
MODEL_FILE = "understanding.model"
VECTORS_FILE = "understanding.vectors"
TOPICS_FILE = "understanding-topics.toml"
AGES_FILE = "understanding-ages.toml"
HOME = "en"
REVISION_CHARS = 12
SHORTEST_START_CHARS = 3
FUZZY_UNLISTED_CHARS = 7  # without a list of usual words, only long words are taken for slips
# The model alone is believed about danger from here on. Chosen on the development messages: a little lower
# finds no more emergencies there, a little higher would lose some.
SURE_OF_DANGER = 0.32
# Where a rule speaks that is only a sign of danger ("he had a knife last term"), this much is enough. Of 420
# emergencies by authors that the model has not learnt from, in which a rule spoke, it saw less in none; of 25
# calm messages by them, in which nothing but a sign spoke, it saw less in 14.
SIGN_OF_DANGER = 0.08
OPT_OUT = frozenset(
    {
        *("stop", "stopall", "unsubscribe", "unsub", "end", "quit", "cancel", "optout", "revoke"),
        *("wypisz", "atsisakyti", "parar", "dezabonare", "стоп", "отписка", "відписка"),
    }
)
OPT_OUT_WORDS = re.compile(r"^(?:please )?(?:stop ?all|stop|opt ?out|unsubscribe)(?: please)?$")


@dataclass(frozen=True)
class Understanding:
    """The rules of every language, and the model, ready to be asked."""

    languages: Mapping[str, Language] = field(repr=False)
    spellers: Mapping[str, Speller] = field(repr=False)
    topics: Mapping[str, Vocabulary] = field(repr=False)
    ages: Mapping[str, Ages] = field(repr=False)
    detector: Detector = field(repr=False)
    model: Model | None = field(repr=False)
    vectors: Vectors | None = field(repr=False)
    revision: str

    def understand(self, text: str, channel: str = "sms", languages: Sequence[str] = (HOME,)) -> Intent:
        """Say what a message means, and which rule decided.

        Args:
            text: what was written, or what the recogniser heard.
            channel: "sms" or "speech".
            languages: the session's language first; emergencies are looked for in all languages.

        Returns:
            An Intent; the same for the same arguments and the same `revision`. Never raises.
        """
        language, spoken = self.detector.detect(text, languages)
        seen = self.see(text, channel, language, spoken)
        if not seen.message.tokens:
            return Intent("menu" if "?" in text else "unknown", "nothing.said", 1.0, language)
        if seen.message.plain in OPT_OUT or OPT_OUT_WORDS.match(seen.message.plain):
            return Intent("stop", "stop.word", 1.0, language)
        likely = self._likely(seen, self.vector(text, language))
        danger = likely["emergency"]
        finding = [rule for _, one in seen.heard for rule in one.finding(signs=danger >= SIGN_OF_DANGER)]
        if finding:
            return Intent("emergency", deciding(seen, finding), max(danger, 0.5), language)
        if danger >= SURE_OF_DANGER:
            return Intent("emergency", of_model(seen), danger, language)
        return _rest(seen.under_age, likely, language)

    def spoken(self, text: str, channel: str, languages: Sequence[str]) -> list[tuple[str, bool]]:
        """Say which rules speak, whatever comes of it, and whether each is a sign alone."""
        seen = self.see(text, channel, *self.detector.detect(text, languages))
        return [(rule, rule in one.signs) for _, one in seen.heard for rule in one.speaking]

    def see(self, text: str, channel: str, language: str, spoken: Sequence[str]) -> Seen:
        """Take a message apart as its language does, and run the rules of the likely languages over it."""
        readings = {code: self.spellers[code].read(text) for code in {HOME, language, *spoken}}
        heard = [
            (code, rules.decide(readings[code])) for code, rules in self.languages.items() if code in spoken
        ]
        message = readings[language]
        met = [self.topics[code].spans(clause) for code in {HOME, language} for clause in message.clauses]
        topics = [name for spans in met for name, where in sorted(spans.items()) for _ in where]
        told = self.ages[language].told(message)
        under_age = any(self.ages[code].under_age(readings[code]) for code in {HOME, language})
        return Seen(message, heard, sorted(topics), told, under_age, channel)

    def vector(self, text: str, language: str) -> NDArray[np.int8] | None:
        """Where a message lies among others; known for English alone, and not of a face without a word."""
        known = self.vectors and language == HOME and self.vectors.pieces.knows(text)
        return self.vectors.of(text) if self.vectors and known else None

    def _likely(self, seen: Seen, vector: NDArray[np.int8] | None) -> dict[Label, float]:
        if self.model is None:
            speaks = any(one.speaking for _, one in seen.heard)
            return {"emergency": 0.9 if speaks else 0.0, "menu": 0.05, "unknown": 0.06}
        return self.model.likelihoods(features(seen), vector)


def _rest(young: bool, likely: Mapping[Label, float], language: str) -> Intent:
    """The likeliest label that is not danger; nothing about somebody under 18 leads to the adult service."""
    ordered = sorted((label for label in likely if label != "emergency"), key=lambda label: -likely[label])
    best, second = ordered[0], ordered[1]
    if best == "recovery" and young:
        return Intent("young", "under-18", likely[best], language, "safeguarding")
    second = "young" if second == "recovery" and young else second
    return Intent(best, "model", likely[best], language, second)


@lru_cache(maxsize=4)
def load(folder: Path = FLOWS) -> Understanding:
    """Read the rules and the model from a folder.

    Raises:
        UnderstandingError: the English rules are missing, or a file is not TOML.
    """
    return _build(folder, read_model(folder / MODEL_FILE), _revision(folder))


def load_without_model(folder: Path) -> Understanding:
    """Read the rules alone, to train a model with."""
    return _build(folder, None, "")


def read_rule_files(folder: Path) -> list[RuleFile]:
    """Read every language's rules."""
    files = [read_rules(path) for path in sorted(folder.glob("emergency.*.toml"))]
    forget_parts()
    if not any(file.code == HOME for file in files):
        raise UnderstandingError(f"{folder.name}/emergency.{HOME}.toml: the file\n    cure:  restore it")
    return files


def read_topics(path: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """Read the words of each subject: language -> subject -> words."""
    topics: dict[str, dict[str, tuple[str, ...]]] = {}
    if path.exists():
        for topic, table in tomllib.loads(path.read_text("utf-8")).items():
            for code, words in table.items():
                topics.setdefault(code, {})[topic] = tuple(fold(word).replace("'", " ") for word in words)
    return topics


def _build(folder: Path, model: Model | None, revision: str) -> Understanding:
    files, topics = read_rule_files(folder), read_topics(folder / TOPICS_FILE)
    return Understanding(
        {file.code: file.language for file in files},
        {
            file.code: speller(file, topics.get(file.code, {}), read_words(folder, file.code))
            for file in files
        },
        {file.code: Vocabulary.of(topics.get(file.code, {})) for file in files},
        read_ages(folder / AGES_FILE),
        detector(files),
        model,
        read_vectors(folder / VECTORS_FILE),
        revision,
    )


def read_words(folder: Path, code: str) -> Lexicon:
    """Read the usual words of a language that are right as they are; none where there is no list."""
    path = folder / f"words.{code}.txt"
    if not path.exists():
        return Lexicon()
    return Lexicon.of(word for word in path.read_text("utf-8").splitlines() if not word.startswith("#"))


def speller(file: RuleFile, topics: Mapping[str, Sequence[str]], right: Lexicon) -> Speller:
    """The spelling of one language: what its data files know, and what is one slip away from that."""
    respelt = {word: tuple(words.split()) for word, words in file.spelling.items()}
    spoken = [word for words in topics.values() for phrase in words for word in phrase.split()]
    subjects = {word for word in spoken if word.isalpha()}
    starts = file.starts | {word[:-1] for word in spoken if word.endswith("*")}
    misspelt = [word for word in file.words | subjects if len(word) >= FUZZY_FROM_CHARS and word.isalpha()]
    known = file.words | subjects | set(file.usual) | {word for words in respelt.values() for word in words}
    return Speller(
        respelt,
        file.emoji,
        frozenset(known),
        right,
        Near.of(misspelt),
        tuple(sorted(start for start in starts if len(start) >= SHORTEST_START_CHARS)),
        FUZZY_FROM_CHARS if right else FUZZY_UNLISTED_CHARS,
    )


def detector(files: Sequence[RuleFile]) -> Detector:
    """Weigh usual words by how few languages share them."""
    usual = {file.code: {fold(word) for word in file.usual} for file in files}
    weights: dict[str, dict[str, float]] = {}
    for file in files:
        mine = weights.setdefault(file.code, {})
        for word in file.words:
            mine[word] = 0.5
        for word in usual[file.code]:
            sharing = sum(word in others for others in usual.values())
            mine[word] = 1.5 / sharing
    return Detector(weights)


def _revision(folder: Path) -> str:
    path = folder / MODEL_FILE
    weights = path.read_bytes() if path.exists() else b""
    return hashlib.sha256(fingerprint(folder).encode() + weights).hexdigest()[:REVISION_CHARS]


def understand(text: str, channel: str = "sms", languages: Sequence[str] = (HOME,)) -> Intent:
    """Say what a message means, by the rules and the model that ship with this code."""
    return load().understand(text, channel, languages)
