"""Tunes the sentence vectors to the phrases: messages with one label move together, and apart from others.

As published, vectors lie close wherever the subject is the same, whether somebody is dying, died, might die
or is dying of boredom. Here the last layers learn the labels, under a provisional head that is thrown away,
by descent (AdamW, https://arxiv.org/abs/1711.05101). The pieces and the first layers stay as they are, so
that words which no phrase has keep their place among those that some have.

Only this needs JAX; whoever answers does without.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from bot.core.intent import LABELS
from bot.understanding.encoder import LENGTHS, Parts, Weights, depth, encode, filled, linear, read_weights
from bot.understanding.model import FINGERPRINT_CHARS
from bot.understanding.reading import UnderstandingError
from bot.understanding.slips import varied
from bot.understanding.vectors import TINY, WIDTH, read_opening, read_parts
from bot.understanding.vectors_file import keep_whole
from bot.understanding.wordpiece import WordPieces

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.understanding.phrases import Phrase

HEAD = "head"
DROPS_A_LAYER = 2


@dataclass(frozen=True)
class Course:
    """How to learn. What comes of it was judged by other authors."""

    epochs: int = 3
    layers: int = 3  # the last ones; those below stay as they are
    pace: float = 2e-4  # of the last layer
    slower: float = 0.8  # each layer learns at this share of the pace of the one above it
    head_pace: float = 2e-3
    keep: float = 0.05  # how strongly each step pulls weights back to nothing, against its pace
    dropped: float = 0.1  # the share of numbers that is left out at each step
    smoothing: float = 0.1  # nobody is sure of a label by all of 1
    warming: float = 0.1  # the share of steps in which the pace rises
    averaged: float = 0.99  # how much of the average so far each step keeps
    batch: int = 48
    seed: int = 7


def tune(
    parts: Parts, phrases: Sequence[Phrase], course: Course, tell: Callable[[int, float], None]
) -> dict[str, NDArray[Any]]:
    """Learn the labels of the phrases, on one processor device, in an order that the seed decides.

    Args:
        parts: of a file of vectors, as `read_parts` gives them.
        phrases: with all that their labels may be known by; in one language.
        course: how to learn.
        tell: is told the number of each epoch as it ends, and how far it was from the labels.

    Returns:
        The parts with the last layers as they have become. The same arguments give the same on one machine
        with one version of JAX; another may add up in another order.
    """
    with jax.default_device(jax.devices("cpu")[0]):
        still, learnt = _parted(read_weights(parts), course.layers)
        learnt |= {HEAD: jnp.zeros((len(LABELS), WIDTH)), f"{HEAD}.bias": jnp.zeros(len(LABELS))}
        return _written(parts, _descend(parts, still, learnt, phrases, course, tell))


def read_published(path: Path) -> tuple[dict[str, NDArray[Any]], str]:
    """Read all parts of a file that `convert` made, and its fingerprint.

    Raises:
        UnderstandingError: it is no file of vectors, or was tuned already.
    """
    opened, parts = read_opening(path), read_parts(path)
    if opened is None or parts is None or "tuned" in opened[0]:
        found = f"tuned already, from {opened[0]['tuned']}" if opened else "no sentence vectors"
        cure = "give with --from one that `signpost understanding vectors` made, or make it again"
        raise UnderstandingError(
            f"{path.name}: the vectors to begin from\n    found: {found}\n    cure:  {cure}"
        )
    mark = hashlib.sha256(path.read_bytes()).hexdigest()[:FINGERPRINT_CHARS]
    return {name: np.array(part) for name, part in parts.items()}, mark


def _parted(weights: Weights, layers: int) -> tuple[Weights, Weights]:
    """Part what stays as it is from the last layers."""
    first = depth(weights) - layers
    learnt = {name: one for name, one in weights.items() if name[0].isdigit() and _number(name) >= first}
    return {name: one for name, one in weights.items() if name not in learnt}, learnt


def _number(name: str) -> int:
    return int(name.partition(".")[0])


def _loss(
    learnt: Weights, still: Weights, batch: Mapping[str, Any], key: jax.Array, course: Course
) -> jax.Array:
    """How far the provisional head is from the labels: cross entropy, rarer labels counting for more."""
    weights = still | learnt
    keys = iter(jax.random.split(key, DROPS_A_LAYER * course.layers + 1))

    def drop(values: jax.Array) -> jax.Array:
        kept = jax.random.bernoulli(next(keys), 1 - course.dropped, values.shape)
        return jnp.where(kept, values / (1 - course.dropped), 0.0)

    mean = encode(weights, batch["values"], batch["there"], drop, depth(weights) - course.layers)
    length = jnp.sqrt((mean * mean).sum(axis=1, keepdims=True) + TINY)
    sums = linear(weights, HEAD, drop(mean / length * WIDTH**0.5))
    wanted = optax.smooth_labels(jax.nn.one_hot(batch["labels"], len(LABELS)), course.smoothing)
    lost = optax.softmax_cross_entropy(sums, wanted) * batch["worth"]
    return jnp.asarray(lost.sum() / batch["worth"].sum())


def _descend(  # noqa: PLR0913, PLR0917 - what is learnt, from what, and how
    parts: Parts,
    still: Weights,
    learnt: Weights,
    phrases: Sequence[Phrase],
    course: Course,
    tell: Callable[[int, float], None],
) -> Weights:
    """Go down the slope batch by batch; give the weights averaged over the last steps."""
    labels = np.array([LABELS.index(one.label) for one in phrases])
    counts = np.maximum(np.bincount(labels, minlength=len(LABELS)), 1)
    worth = ((len(labels) / len(LABELS) / counts) ** 0.5)[labels]
    steps = course.epochs * -(-len(phrases) // course.batch)
    rule, paces = _rule(learnt, course, steps), _paces(learnt, course)

    @jax.jit
    def step(  # noqa: PLR0913, PLR0917 - what changes with each step
        learnt: Weights,
        average: Weights,
        state: Any,
        still: Weights,
        batch: Mapping[str, Any],
        key: jax.Array,
        kept: float,
    ) -> tuple[Weights, Weights, Any, jax.Array]:
        lost, slope = jax.value_and_grad(_loss)(learnt, still, batch, key, course)
        change, state = rule.update(slope, state, learnt)
        learnt = {name: one + paces[name] * change[name] for name, one in learnt.items()}
        average = {name: kept * one + (1 - kept) * learnt[name] for name, one in average.items()}
        return learnt, average, state, lost

    pieces = WordPieces.listed(parts["pieces"])
    chance, key = np.random.default_rng(course.seed), jax.random.key(course.seed)
    average, state, taken = learnt, rule.init(learnt), 0
    for epoch in range(course.epochs):
        cuts = [pieces.cut(text)[: LENGTHS[-1]] for text in varied(phrases, chance)]
        lost = []
        for chosen in batches([len(cut) for cut in cuts], course.batch, chance):
            batch = filled(parts, [cuts[at] for at in chosen], course.batch)
            batch["labels"] = _behind(labels[chosen], course.batch)
            batch["worth"] = _behind(worth[chosen], course.batch)
            taken += 1
            kept = min(course.averaged, taken / (taken + 10))  # at first the average has nothing to keep
            now = jax.random.fold_in(key, taken)
            learnt, average, state, one = step(learnt, average, state, still, batch, now, kept)
            lost.append(float(one))
        tell(epoch + 1, float(np.mean(lost)))
    return average


def _rule(learnt: Weights, course: Course, steps: int) -> Any:
    """AdamW, with a pace that rises at first and then falls, and no slope steeper than 1."""
    pace = optax.warmup_cosine_decay_schedule(0.0, 1.0, int(steps * course.warming), steps, 0.05)
    return optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.scale_by_adam(b2=0.98, eps=1e-6),
        optax.add_decayed_weights(course.keep, {name: one.ndim > 1 for name, one in learnt.items()}),
        optax.scale_by_learning_rate(pace),
    )


def _paces(learnt: Weights, course: Course) -> dict[str, float]:
    last = max(_number(name) for name in learnt if name[0].isdigit())
    return {
        name: course.pace * course.slower ** (last - _number(name)) if name[0].isdigit() else course.head_pace
        for name in learnt
    }


def batches(lengths: Sequence[int], size: int, chance: np.random.Generator) -> Iterator[list[int]]:
    """Put messages of like length together; give these groups in an order by chance."""
    order = np.argsort(np.asarray(lengths) + chance.uniform(0, 4, len(lengths)), kind="stable")
    groups = [order[at : at + size].tolist() for at in range(0, len(order), size)]
    for at in chance.permutation(len(groups)):
        yield groups[at]


def _behind(values: NDArray[Any], size: int) -> NDArray[Any]:
    """Fill up with noughts, which count for nothing."""
    return np.concatenate([values, np.zeros(size - len(values), values.dtype)])


def _written(parts: Parts, learnt: Weights) -> dict[str, NDArray[Any]]:
    """Put what was learnt in the place of what was there, one byte a weight again."""
    written = {name: np.asarray(part) for name, part in parts.items()}
    for name, one in learnt.items():
        if not name.startswith(HEAD):
            plain = np.asarray(one, np.float32)
            if plain.ndim > 1:
                keep_whole(written, name, plain)
            else:
                written[name] = plain
    return written
