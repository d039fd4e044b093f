"""Trains the model from the phrases and the rules' examples; the same files give the same bytes."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.core.intent import LABELS
from bot.understanding.features import BUCKETS, features
from bot.understanding.head import Head, fit_head
from bot.understanding.model import MOST, Model, fingerprint, softmax
from bot.understanding.phrases import Phrase, read_all
from bot.understanding.understanding import HOME, Understanding, load_without_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.understanding.vectors import Floats

EPOCHS = 10
PACE = 0.6
KEEP = 5e-4  # how strongly each step pulls weights back to nothing
SMOOTHING = 0.02  # nobody is sure of a label by all of 1


@dataclass(frozen=True)
class Example:
    """What the model sees of a phrase: numbered features with their values, and the label's number."""

    buckets: NDArray[np.int64]
    values: Floats
    label: int


def train(folder: Path, *, phrases: Sequence[Phrase] | None = None, epochs: int = EPOCHS) -> Model:
    """Learn from the files in a folder (or from the phrases given, with that folder's rules)."""
    understanding = load_without_model(folder)
    phrases = all_phrases(folder, understanding) if phrases is None else phrases
    model = fit([example(understanding, phrase) for phrase in phrases], epochs, fingerprint(folder))
    return replace(model, head=_head(understanding, phrases))


def _head(understanding: Understanding, phrases: Sequence[Phrase]) -> Head | None:
    """Learn from the sentence vectors of the English phrases, where there are any."""
    seen = [(understanding.vector(one.text, one.language), LABELS.index(one.label)) for one in phrases]
    known = [(vector, label) for vector, label in seen if vector is not None]
    return fit_head([vector for vector, _ in known], [label for _, label in known]) if known else None


def all_phrases(folder: Path, understanding: Understanding) -> list[Phrase]:
    """Everything that is learnt from: the phrases of all languages, and what their rules must find."""
    return [*read_all(folder)[0], *of_rules(understanding)]


def english_phrases(folder: Path) -> list[Phrase]:
    """What the sentence vectors are tuned to."""
    return [one for one in all_phrases(folder, load_without_model(folder)) if one.language == HOME]


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
    values = [seen[bucket] for bucket in buckets]
    return Example(np.array(buckets, np.int64), np.array(values), LABELS.index(phrase.label))


def fit(examples: Sequence[Example], epochs: int, made_of: str = "") -> Model:
    """Descend along the gradient, each weight at its own pace (AdaGrad)."""
    size = len(LABELS)
    counts = [sum(one.label == label for one in examples) or 1 for label in range(size)]
    even = [(len(examples) / size / count) ** 0.5 for count in counts]
    weights = np.zeros((BUCKETS, size))
    paces = np.full((BUCKETS, size), 1e-3)
    for epoch in range(epochs):
        for number in _order(len(examples), epoch):
            one = examples[number]
            _step(weights, paces, one, even[one.label])
    return _rounded(weights, made_of)


def _step(weights: Floats, paces: Floats, one: Example, worth: float) -> None:
    """Take one step. Sums are made row by row, so in the same order on every processor."""
    mine = weights[one.buckets]
    sums = (one.values[:, None] * mine).sum(axis=0)
    errors = np.array([likely - SMOOTHING / len(sums) for likely in softmax(sums.tolist())])
    errors[one.label] -= 1.0 - SMOOTHING
    slope = one.values[:, None] * (worth * errors) + KEEP * mine
    pace = paces[one.buckets] + slope * slope
    paces[one.buckets] = pace
    weights[one.buckets] = mine - PACE * slope / np.sqrt(pace)


def _order(count: int, epoch: int) -> list[int]:
    """An order that looks like chance and is the same each time."""
    return sorted(range(count), key=lambda number: (zlib.crc32(f"{epoch} {number}".encode()), number))


def _rounded(weights: Floats, made_of: str) -> Model:
    scale = float(np.abs(weights).max() or 1.0) / MOST
    whole = array("b", np.rint(weights / scale).astype(np.int8).tobytes())
    return Model.of(float(f"{scale:.9g}"), whole, made_of)
