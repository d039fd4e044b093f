"""The second model: a multinomial logistic regression over sentence vectors."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bot.core.intent import LABELS
from bot.understanding.vectors import MOST, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.understanding.vectors import Floats

FINE = 32_767  # weights are kept in two bytes
ROUNDS = 1000
PACE = 4.0
MOMENTUM = 0.9
KEEP = 0.1  # how strongly all weights together are pulled back to nothing, against one example


@dataclass(frozen=True)
class Head:
    """Weights, a row for each label: one for each number of a vector, and one that is always added."""

    scale: float
    weights: NDArray[np.int16] = field(repr=False)

    def logarithms(self, vector: NDArray[np.int8]) -> list[float]:
        """How likely each label is, as natural logarithms."""
        sums = self.weights.astype(np.float64) @ _sighted(vector[None, :])[0] * self.scale
        sums -= sums.max()
        logarithms: list[float] = (sums - np.log(np.exp(sums).sum())).tolist()
        return logarithms

    def render(self) -> dict[str, object]:
        """The head as JSON can keep it."""
        return {"scale": self.scale, "weights": base64.b64encode(self.weights.tobytes()).decode("ascii")}


def read_head(told: dict[str, object] | None) -> Head | None:
    """Read what `render` gave; None when there is nothing, or for other labels or vectors."""
    if not told:
        return None
    weights = np.frombuffer(base64.b64decode(str(told["weights"])), "<i2")
    if weights.size != len(LABELS) * (WIDTH + 1):
        return None
    return Head(float(str(told["scale"])), weights.reshape(len(LABELS), WIDTH + 1))


def fit_head(vectors: Sequence[NDArray[np.int8]], labels: Sequence[int]) -> Head:
    """Descend along the gradient of all examples at once, with momentum."""
    seen = _sighted(np.stack(vectors))
    right = np.eye(len(LABELS))[np.asarray(labels)]
    weights = np.zeros((len(LABELS), WIDTH + 1))
    speed = np.zeros_like(weights)
    for _ in range(ROUNDS):
        sums = seen @ weights.T
        likely = np.exp(sums - sums.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        slope = ((likely - right).T @ seen + KEEP * weights) / len(seen)
        speed = MOMENTUM * speed - PACE * slope
        weights += speed
    scale = float(f"{np.abs(weights).max() / FINE:.6g}")
    return Head(scale, np.rint(weights / scale).clip(-FINE, FINE).astype("<i2"))


def _sighted(vectors: NDArray[np.int8]) -> Floats:
    """Bring vectors to length 1, and put the 1 that is always added behind them."""
    wide = vectors.astype(np.float64) / MOST
    lengths = np.sqrt((wide * wide).sum(axis=1, keepdims=True))
    return np.hstack([wide / np.maximum(lengths, 1 / MOST), np.ones((len(wide), 1))])
