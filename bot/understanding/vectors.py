"""Sentence vectors: where a message lies among others, by what it means rather than by its letters.

The first layers of a small transformer (all-MiniLM-L6-v2, Apache 2.0), with weights of one byte each.
`signpost understanding vectors` makes the file from what its publishers give away.

The large products are of whole numbers below 2^24, which float32 holds exactly, whatever the order in
which a processor adds them up; the rest is in float64 and rounded to whole numbers again at every step.
So the same words give the same vector on every computer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.understanding.wordpiece import WordPieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FORM = "signpost sentence vectors 1"
HEADS = 12
WIDTH = 384
MOST = 127
AT_ONCE = 128 * WIDTH  # numbers of a matrix that become float32 together
TINY = 1e-12
ROOT_2_OVER_PI = 0.7978845608028654


@dataclass(frozen=True)
class Linear:
    """A matrix of whole numbers, a row for each number that comes out, and the scale of each row.

    It stays in the file, one byte a number, and becomes float32 for each product, a few rows at a time: that
    takes less time than the product, and four times less memory than to keep it.
    """

    matrix: NDArray[np.int8] = field(repr=False)
    scale: Floats = field(repr=False)
    bias: Floats = field(repr=False)

    def __call__(self, values: Floats) -> Floats:
        """Multiply: each row is rounded to whole numbers from -127 to 127 first."""
        unit = np.maximum(np.abs(values).max(axis=1, keepdims=True), TINY) / MOST
        whole = np.rint(values / unit).astype(np.float32)
        product = np.empty((len(whole), len(self.matrix)))
        step = max(1, AT_ONCE // self.matrix.shape[1])
        for row in range(0, len(self.matrix), step):
            product[:, row : row + step] = whole @ self.matrix[row : row + step].astype(np.float32).T
        given: Floats = product * (unit * self.scale) + self.bias
        return given


@dataclass(frozen=True)
class Norm:
    """Brings each row to mean 0 and variance 1, then scales and shifts it."""

    scale: Floats = field(repr=False)
    shift: Floats = field(repr=False)

    def __call__(self, values: Floats) -> Floats:
        """Do it."""
        centred = values - values.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=1, keepdims=True) + TINY)
        normed: Floats = centred / spread * self.scale + self.shift
        return normed


@dataclass(frozen=True)
class Layer:
    """One layer: every piece looks at every other, then at itself."""

    looks: Linear
    joins: Linear
    after_looking: Norm
    widens: Linear
    narrows: Linear
    after_thinking: Norm

    def __call__(self, values: Floats) -> Floats:
        """Do it."""
        pieces = len(values)
        parted = self.looks(values).reshape(pieces, 3, HEADS, WIDTH // HEADS).transpose(1, 2, 0, 3)
        wanted, offered, given = parted
        weights = wanted @ offered.transpose(0, 2, 1) / (WIDTH // HEADS) ** 0.5
        weights = np.exp(weights - weights.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        seen = (weights @ given).transpose(1, 0, 2).reshape(pieces, WIDTH)
        values = self.after_looking(values + self.joins(seen))
        return self.after_thinking(values + self.narrows(_bent(self.widens(values))))


@dataclass(frozen=True)
class Vectors:
    """All layers, ready to be asked. `revision` is the fingerprint of the file they came from."""

    pieces: WordPieces
    embeddings: NDArray[np.int8] = field(repr=False)
    units: NDArray[np.float32] = field(repr=False)
    places: Floats = field(repr=False)
    first: Norm
    layers: tuple[Layer, ...]

    def of(self, text: str) -> NDArray[np.int8]:
        """Give the vector of a text: WIDTH whole numbers, the largest of them 127 or -127."""
        cut = self.pieces.cut(text)
        values = self.embeddings[cut].astype(np.float64) * self.units[cut, None]
        values = self.first(values + self.places[: len(cut)])
        for layer in self.layers:
            values = layer(values)
        mean = values.mean(axis=0)
        vector: NDArray[np.int8] = np.rint(mean * (MOST / max(np.abs(mean).max(), TINY))).astype(np.int8)
        return vector


def _bent(values: Floats) -> Floats:
    """GELU, by its usual approximation with a hyperbolic tangent: https://arxiv.org/abs/1606.08415."""
    cubed = values * values * values
    bent: Floats = 0.5 * values * (1 + np.tanh(ROOT_2_OVER_PI * (values + 0.044715 * cubed)))
    return bent


def read_vectors(path: Path) -> Vectors | None:
    """Open a file of vectors; None when there is none or it is of another form."""
    parts = read_parts(path)
    if parts is None:
        return None
    layers = tuple(_layer(parts, number) for number in range(sum(name.endswith(".looks") for name in parts)))
    places = np.asarray(parts["places"], np.float64)
    units = np.asarray(parts["embeddings.scale"])
    pieces = WordPieces.listed(parts["pieces"])
    return Vectors(pieces, parts["embeddings"], units, places, _norm(parts, "first"), layers)


def read_parts(path: Path) -> dict[str, NDArray[Any]] | None:
    """Open the parts of a file of vectors by name; None when there is none or it is of another form.

    What is read rarely, the embeddings of the pieces, stays in the file until it is asked for.
    """
    opened = read_opening(path)
    if opened is None:
        return None
    told, start = opened
    return {name: _part(path, start, where) for name, where in told["parts"].items()}


def read_opening(path: Path) -> tuple[dict[str, Any], int] | None:
    """Read what a file says of itself, and at which byte its parts begin."""
    try:
        with path.open("rb") as file:
            told = json.loads(file.readline())
            return (told, file.tell()) if told.get("form") == FORM else None
    except (OSError, ValueError):
        return None


def _part(path: Path, start: int, told: Mapping[str, Any]) -> NDArray[Any]:
    return np.memmap(path, np.dtype(told["type"]), "r", start + told["at"], tuple(told["shape"]))


def _layer(parts: Mapping[str, NDArray[Any]], number: int) -> Layer:
    def linear(name: str) -> Linear:
        stem = f"{number}.{name}"
        return Linear(
            parts[stem], *(np.asarray(parts[f"{stem}.{one}"], np.float64) for one in ("scale", "bias"))
        )

    return Layer(
        linear("looks"),
        linear("joins"),
        _norm(parts, f"{number}.after_looking"),
        linear("widens"),
        linear("narrows"),
        _norm(parts, f"{number}.after_thinking"),
    )


def _norm(parts: Mapping[str, NDArray[Any]], name: str) -> Norm:
    return Norm(*(np.asarray(parts[f"{name}.{one}"], np.float64) for one in ("scale", "shift")))
