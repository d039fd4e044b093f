"""Trains the model from the phrases and the rules' examples; the same files give the same bytes."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.intent import LABELS
from bot.understanding.features import BUCKETS, features
from bot.understanding.model import MOST, Model, fingerprint, softmax
from bot.understanding.phrases import Phrase, read_all
from bot.understanding.understanding import HOME, Understanding, load_without_model

EPOCHS = 10
PACE = 0.6
KEEP = 2e-5  # how strongly each step pulls weights back to nothing
SMOOTHING = 0.02  # nobody is sure of a label by all of 1


@dataclass(frozen=True)
class Example:
    """What the model sees of a phrase: numbered features with their values, and the label's number."""

    buckets: Sequence[int]
    values: Sequence[float]
    label: int


def train(folder: Path, *, phrases: Sequence[Phrase] | None = None, epochs: int = EPOCHS) -> Model:
    """Learn from the files in a folder (or from the phrases given, with that folder's rules)."""
    understanding = load_without_model(folder)
    if phrases is None:
        phrases = [*read_all(folder)[0], *of_rules(understanding)]
    return fit([example(understanding, phrase) for phrase in phrases], epochs, fingerprint(folder))


def of_rules(understanding: Understanding) -> list[Phrase]:
    """What must match is an emergency for the model too."""
    return [
        Phrase(text, "emergency", "sms", code)
        for code, language in understanding.languages.items()
        for rule in language.rules
        for text in rule.examples
    ]


def example(understanding: Understanding, phrase: Phrase) -> Example:
    """What the model sees of a phrase."""
    language, spoken = understanding.detector.detect(phrase.text, (phrase.language, HOME))
    seen = features(understanding.see(phrase.text, phrase.channel, language, spoken))
    buckets = sorted(seen)
    return Example(buckets, [seen[bucket] for bucket in buckets], LABELS.index(phrase.label))


def fit(examples: Sequence[Example], epochs: int, made_of: str = "") -> Model:
    """Descend along the gradient, each weight at its own pace (AdaGrad)."""
    size = len(LABELS)
    counts = [sum(one.label == label for one in examples) or 1 for label in range(size)]
    even = [(len(examples) / size / count) ** 0.5 for count in counts]
    weights = [0.0] * (BUCKETS * size)
    paces = [1e-3] * (BUCKETS * size)
    for epoch in range(epochs):
        for number in _order(len(examples), epoch):
            one = examples[number]
            _step(weights, paces, one, even[one.label])
    return _rounded(weights, made_of)


def _step(weights: list[float], paces: list[float], one: Example, worth: float) -> None:
    size = len(LABELS)
    sums = [0.0] * size
    for bucket, value in zip(one.buckets, one.values, strict=True):
        first = bucket * size
        for at, weight in enumerate(weights[first : first + size]):
            sums[at] += value * weight
    errors = [likely - SMOOTHING / size for likely in softmax(sums)]
    errors[one.label] -= 1.0 - SMOOTHING
    steps = [(at, worth * error) for at, error in enumerate(errors) if abs(error) > 1e-3]  # noqa: PLR2004 - too small to matter
    for bucket, value in zip(one.buckets, one.values, strict=True):
        first = bucket * size
        for at, error in steps:
            place = first + at
            slope = error * value + KEEP * weights[place]
            pace = paces[place] + slope * slope
            paces[place] = pace
            weights[place] -= PACE * slope / pace**0.5


def _order(count: int, epoch: int) -> list[int]:
    """An order that looks like chance and is the same each time."""
    return sorted(range(count), key=lambda number: (zlib.crc32(f"{epoch} {number}".encode()), number))


def _rounded(weights: Sequence[float], made_of: str) -> Model:
    most = max(map(abs, weights)) or 1.0
    scale = most / MOST
    return Model(float(f"{scale:.9g}"), array("b", (round(weight / scale) for weight in weights)), made_of)
