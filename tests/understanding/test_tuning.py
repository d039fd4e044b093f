"""Tuning: what is learnt is learnt, the same twice, and what is written says the same in whole numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
import pytest
from click.testing import CliRunner

import bot.understanding
from bot.cli.understand import understanding as understanding_command
from bot.errors import SignpostError
from bot.understanding.encoder import encode, filled, read_weights
from bot.understanding.phrases import Phrase
from bot.understanding.reading import UnderstandingError
from bot.understanding.slips import varied
from bot.understanding.tuning import Course, batches, read_published, tune
from bot.understanding.understanding import FLOWS, VECTORS_FILE
from bot.understanding.vectors import WIDTH, read_opening, read_vectors
from bot.understanding.vectors_file import keep_whole, write_parts
from bot.understanding.wordpiece import FIRST, LAST, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORDS = ["he", "is", "not", "breathing", "was", "last", "year", "pizza", "please", "help", "stop", "now"]
PHRASES = [
    Phrase("he is not breathing", "emergency", "sms", "en"),
    Phrase("not breathing now", "emergency", "sms", "en"),
    Phrase("he was not breathing last year", "recovery", "sms", "en", lookalike=True),
    Phrase("pizza please", "unknown", "sms", "en"),
    Phrase("help", "menu", "sms", "en"),
    Phrase("stop", "stop", "sms", "en"),
]
SHORT = Course(epochs=6, layers=1, pace=1e-3, batch=2)


@pytest.fixture(scope="module")
def parts() -> dict[str, NDArray[Any]]:
    """One layer over a few pieces; every number is made up."""
    chance = np.random.default_rng(11)

    def some(*shape: int) -> NDArray[np.float32]:
        return chance.normal(0, 0.05, shape).astype(np.float32)

    pieces = [UNKNOWN, FIRST, LAST, *WORDS]
    made: dict[str, NDArray[Any]] = {"pieces": np.frombuffer("\n".join(pieces).encode(), np.uint8)}
    keep_whole(made, "embeddings", some(len(pieces), WIDTH))
    made["places"] = some(66, WIDTH)
    for name in ("first", "0.after_looking", "0.after_thinking"):
        made[f"{name}.scale"], made[f"{name}.shift"] = 1 + some(WIDTH), some(WIDTH)
    shapes = {"looks": (3, 1), "joins": (1, 1), "widens": (4, 1), "narrows": (1, 4)}
    for name, (tall, wide) in shapes.items():
        keep_whole(made, f"0.{name}", some(tall * WIDTH, wide * WIDTH))
        made[f"0.{name}.bias"] = some(tall * WIDTH)
    return made


@pytest.fixture(scope="module")
def learnt(parts: dict[str, NDArray[Any]]) -> tuple[dict[str, NDArray[Any]], list[float]]:
    """What becomes of them, and how far each epoch was from the labels."""
    lost: list[float] = []
    return tune(parts, PHRASES, SHORT, lambda _, one: lost.append(one)), lost


def test_the_labels_are_learnt(learnt: tuple[dict[str, NDArray[Any]], list[float]]) -> None:
    lost = learnt[1]
    assert len(lost) == SHORT.epochs
    assert lost[-1] < lost[0] - 0.3


def test_only_the_last_layers_change(
    parts: dict[str, NDArray[Any]], learnt: tuple[dict[str, NDArray[Any]], list[float]]
) -> None:
    written = learnt[0]
    assert {name: (one.dtype, one.shape) for name, one in written.items()} == {
        name: (one.dtype, one.shape) for name, one in parts.items()
    }
    changed = {name for name, one in parts.items() if not np.array_equal(written[name], one)}
    assert {"0.looks", "0.narrows", "0.narrows.bias", "0.after_thinking.shift"} <= changed
    assert not {"pieces", "embeddings", "embeddings.scale", "places", "first.scale"} & changed


def test_the_same_phrases_give_the_same_bytes(
    parts: dict[str, NDArray[Any]], learnt: tuple[dict[str, NDArray[Any]], list[float]], tmp_path: Path
) -> None:
    again = tune(parts, PHRASES, SHORT, lambda *_: None)
    for name, one in (("one", learnt[0]), ("other", again)):
        write_parts(one, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_whole_numbers_say_what_the_floats_say(
    learnt: tuple[dict[str, NDArray[Any]], list[float]], tmp_path: Path
) -> None:
    write_parts(learnt[0], tmp_path / VECTORS_FILE)
    read = read_vectors(tmp_path / VECTORS_FILE)
    assert read is not None
    texts = [one.text for one in PHRASES]
    batch = filled(learnt[0], [read.pieces.cut(text) for text in texts], len(texts))
    given = encode(read_weights(learnt[0]), jnp.asarray(batch["values"]), jnp.asarray(batch["there"]))
    floats = np.asarray(given, np.float64)
    for text, wide in zip(texts, floats, strict=True):
        whole = read.of(text).astype(np.float64)
        assert whole @ wide / np.linalg.norm(whole) / np.linalg.norm(wide) > 0.999, text


def test_what_was_tuned_is_not_tuned_again(
    learnt: tuple[dict[str, NDArray[Any]], list[float]], tmp_path: Path
) -> None:
    path = tmp_path / VECTORS_FILE
    write_parts(learnt[0], path)
    known, mark = read_published(path)
    assert set(known) == set(learnt[0])
    write_parts(known, path, tuned=mark)
    with pytest.raises(UnderstandingError, match=f"tuned already, from {mark}"):
        read_published(path)
    path.write_bytes(b"nothing\n")
    with pytest.raises(UnderstandingError, match="no sentence vectors"):
        read_published(path)


def test_every_message_is_in_one_batch_with_others_as_long() -> None:
    lengths = [3, 40, 5, 41, 4, 39, 6]
    groups = list(batches(lengths, 3, np.random.default_rng(1)))
    assert sorted(at for group in groups for at in group) == list(range(7))
    assert max(map(len, groups)) == 3
    assert any({1, 3, 5} >= set(group) for group in groups)


def test_slips_leave_a_phrase_what_it_is() -> None:
    phrases = [*PHRASES, Phrase("don't, he's not breathing!", "emergency", "sms", "en")] * 40
    written = varied(phrases, np.random.default_rng(3))
    assert written == varied(phrases, np.random.default_rng(3))
    assert "dont hes not breathing" in written
    assert any(text == phrase.text for phrase, text in zip(phrases, written, strict=True))
    alone = {text for phrase, text in zip(phrases, written, strict=True) if phrase.label in ("stop", "menu")}
    assert not any(" " in text for text in alone)
    calm = [text for phrase, text in zip(phrases, written, strict=True) if phrase.label == "unknown"]
    assert not any("breathing" in text for text in calm)
    danger = [text for phrase, text in zip(phrases, written, strict=True) if phrase.label == "emergency"]
    assert any("pizza" in text for text in danger)


def test_without_jax_the_cure_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    for name in ("encoder", "tuning"):
        monkeypatch.delitem(sys.modules, f"bot.understanding.{name}", raising=False)
        monkeypatch.delattr(bot.understanding, name, raising=False)
    nothing = tmp_path / VECTORS_FILE
    nothing.write_bytes(b"nothing\n")
    result = CliRunner().invoke(understanding_command, ["tune", "--from", str(nothing)])
    assert isinstance(result.exception, SignpostError)
    assert "make install-dev" in str(result.exception)


def test_the_shipped_vectors_say_from_what_they_were_tuned() -> None:
    opened = read_opening(FLOWS / VECTORS_FILE)
    assert opened is not None
    assert opened[0]["tuned"] == "37ee117c728fcb58"
    with pytest.raises(UnderstandingError, match="37ee117c728fcb58"):
        read_published(FLOWS / VECTORS_FILE)
