"""Sentence vectors: pieces, the file, and what they say."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.understanding.reading import UnderstandingError
from bot.understanding.understanding import FLOWS, VECTORS_FILE, load
from bot.understanding.vectors import MOST, WIDTH, Vectors, read_vectors
from bot.understanding.vectors_file import LAYERS, convert
from bot.understanding.wordpiece import FIRST, LAST, MOST_AT_EACH_END, UNKNOWN, WordPieces, words


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Those that ship."""
    read = read_vectors(FLOWS / VECTORS_FILE)
    assert read is not None
    return read


def alike(vectors: Vectors, one: str, other: str) -> float:
    """How alike two sentences are: 1 for the same."""
    a, b = (vectors.of(text).astype(float) for text in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_sentences_that_mean_the_same_lie_closer_than_others(vectors: Vectors) -> None:
    near = alike(vectors, "my brother has stopped breathing", "he isnt breathing any more")
    far = alike(vectors, "my brother has stopped breathing", "what time do you open on sundays")
    assert near > far + 0.2


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400))
def test_any_text_has_a_vector_and_always_the_same(vectors: Vectors, text: str) -> None:
    vector = vectors.of(text)
    assert vector.shape == (WIDTH,)
    assert int(np.abs(vector.astype(int)).max()) == MOST
    assert (vectors.of(text) == vector).all()


def test_words_are_cut_into_the_longest_pieces_that_are_known() -> None:
    known = [UNKNOWN, FIRST, LAST, "play", "##ing", "##ed", "pl", "!"]
    pieces = WordPieces({piece: number for number, piece in enumerate(known)})
    assert [known[number] for number in pieces.cut("Playing! játék played")] == [
        *(FIRST, "play", "##ing", "!", UNKNOWN, "play", "##ed", LAST),
    ]


def test_a_text_without_a_known_piece_is_not_known() -> None:
    pieces = WordPieces({piece: number for number, piece in enumerate([UNKNOWN, FIRST, LAST, "help"])})
    assert [pieces.knows(text) for text in ("help 😢", "😢", "", "[CLS]")] == [True, False, False, False]
    assert load().vector("😢", "en") is None


def test_of_a_long_text_its_beginning_and_its_end_are_heard() -> None:
    known = {piece: number for number, piece in enumerate([UNKNOWN, FIRST, LAST, "a", "b"])}
    cut = WordPieces(known).cut("a " * 500 + "b " * 500)
    assert cut == [known[FIRST], *[3] * MOST_AT_EACH_END, *[4] * MOST_AT_EACH_END, known[LAST]]


def test_words_have_no_accents_and_punctuation_stands_alone() -> None:
    assert list(words("Café, c'est ça…")) == ["cafe", ",", "c", "'", "est", "ca", "…"]


def publish(folder: Path, vocabulary: list[str]) -> None:
    """Write a small model as its publishers write the large one: every number is made up."""
    chance = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(vocabulary), WIDTH),
        "embeddings.position_embeddings.weight": (512, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for number in range(LAYERS):
        stem = f"encoder.layer.{number}"
        for name, (wide, narrow) in {
            **{f"attention.self.{one}": (WIDTH, WIDTH) for one in ("query", "key", "value")},
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (4 * WIDTH, WIDTH),
            "output.dense": (WIDTH, 4 * WIDTH),
        }.items():
            shapes |= {f"{stem}.{name}.weight": (wide, narrow), f"{stem}.{name}.bias": (wide,)}
        for name in ("attention.output", "output"):
            shapes |= {f"{stem}.{name}.LayerNorm.{one}": (WIDTH,) for one in ("weight", "bias")}
    head, body = {}, b""
    for name, shape in shapes.items():
        raw = chance.normal(0, 0.05, shape).astype(np.float32).tobytes()
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    told = json.dumps(head).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(told)) + told + body)
    numbered = {piece: number for number, piece in enumerate(vocabulary)}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": numbered}}))


def test_a_file_is_made_of_what_is_published_and_read_again(tmp_path: Path) -> None:
    publish(tmp_path, [UNKNOWN, FIRST, LAST, "[unused1]", "help", "##er", "a", "ж"])
    target = tmp_path / VECTORS_FILE
    assert (
        convert(tmp_path / "model.safetensors", tmp_path / "tokenizer.json", target) == target.stat().st_size
    )
    read = read_vectors(target)
    assert read is not None
    assert set(read.pieces.numbers) == {UNKNOWN, FIRST, LAST, "[unused1]", "help", "##er", "a"}
    assert len(read.layers) == LAYERS
    assert read.of("helper").shape == (WIDTH,)


def test_what_is_not_the_published_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UnderstandingError, match="fetch them again"):
        convert(tmp_path / "model.safetensors", tmp_path / "tokenizer.json", tmp_path / VECTORS_FILE)


def test_a_file_of_another_form_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / VECTORS_FILE
    assert read_vectors(path) is None
    path.write_bytes(b'{"form": "another"}\n')
    assert read_vectors(path) is None
