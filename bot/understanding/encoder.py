"""The layers of `vectors.py` in floats, as JAX can find their slopes: for tuning alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from bot.understanding.vectors import HEADS, TINY, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

Parts = Mapping[str, "NDArray[Any]"]
Weights = dict[str, jax.Array]
Drop = Callable[[jax.Array], jax.Array]
LENGTHS = (8, 16, 24, 32, 48)  # in pieces; each is compiled once
HIDDEN = -1e9


def read_weights(parts: Parts) -> Weights:
    """Take the layers out of a file's parts, as floats: `0.looks`, `0.looks.bias`, `first.shift`."""
    given = {}
    for name, part in parts.items():
        of_whole = name.endswith(".scale") and name.removesuffix(".scale") in parts
        if part.dtype == np.float32 and not of_whole:
            given[name] = jnp.asarray(part)
        elif part.dtype == np.int8 and name != "embeddings":
            given[name] = jnp.asarray(part * np.asarray(parts[f"{name}.scale"])[:, None], jnp.float32)
    return given


def encode(
    weights: Weights, values: jax.Array, there: jax.Array, drop: Drop | None = None, above: int = 0
) -> jax.Array:
    """Give the mean of each message's pieces after the last layer: what `vectors.py` gives, in floats.

    Args:
        weights: as `read_weights` gives them.
        values: of each message each piece's embedding and place, as `filled` gives them.
        there: 1 where there is a piece, 0 where a message has ended.
        drop: leaves out some numbers, from the layer number `above` on.
    """
    values = _normed(weights, "first", values)
    for number in range(depth(weights)):
        leave_out = drop if drop is not None and number >= above else _as_it_is
        values = _layer(weights, str(number), values, there, leave_out)
    seen = there[:, :, None]
    return (values * seen).sum(axis=1) / seen.sum(axis=1)


def depth(weights: Mapping[str, object]) -> int:
    """Count the layers."""
    return sum(name.endswith(".looks") for name in weights)


def _as_it_is(values: jax.Array) -> jax.Array:
    return values


def _layer(weights: Weights, name: str, values: jax.Array, there: jax.Array, drop: Drop) -> jax.Array:
    count, length, _ = values.shape
    parted = linear(weights, f"{name}.looks", values).reshape(count, length, 3, HEADS, WIDTH // HEADS)
    wanted, offered, given = parted.transpose(2, 0, 3, 1, 4)
    looks = wanted @ offered.transpose(0, 1, 3, 2) / (WIDTH // HEADS) ** 0.5
    looks = jax.nn.softmax(jnp.where(there[:, None, None, :] > 0, looks, HIDDEN), axis=-1)
    seen = (looks @ given).transpose(0, 2, 1, 3).reshape(count, length, WIDTH)
    values = _normed(weights, f"{name}.after_looking", values + drop(linear(weights, f"{name}.joins", seen)))
    thought = linear(weights, f"{name}.narrows", jax.nn.gelu(linear(weights, f"{name}.widens", values)))
    return _normed(weights, f"{name}.after_thinking", values + drop(thought))


def linear(weights: Weights, name: str, values: jax.Array) -> jax.Array:
    """Multiply by a matrix, a row for each number that comes out, and add its bias."""
    return values @ weights[name].T + weights[f"{name}.bias"]


def _normed(weights: Weights, name: str, values: jax.Array) -> jax.Array:
    centred = values - values.mean(axis=-1, keepdims=True)
    spread = jnp.sqrt((centred * centred).mean(axis=-1, keepdims=True) + TINY)
    return centred / spread * weights[f"{name}.scale"] + weights[f"{name}.shift"]


def filled(parts: Parts, cuts: Sequence[Sequence[int]], size: int) -> dict[str, NDArray[Any]]:
    """Give the embeddings and places of `size` messages, filled up with nothing to one of the LENGTHS."""
    longest = max(map(len, cuts))
    length = next((one for one in LENGTHS if one >= longest), longest)
    values, there = np.zeros((size, length, WIDTH), np.float32), np.zeros((size, length), np.float32)
    there[:, 0] = 1.0  # where there is no message its mean is not of nothing
    for at, cut in enumerate(cuts):
        whole = parts["embeddings"][cut] * np.asarray(parts["embeddings.scale"])[cut][:, None]
        values[at, : len(cut)] = whole + parts["places"][: len(cut)]
        there[at, : len(cut)] = 1.0
    return {"values": values, "there": there}
