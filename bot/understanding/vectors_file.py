"""Makes the file of sentence vectors from what is published: fewer layers and pieces, one byte a weight."""

from __future__ import annotations

import json
import string
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.understanding.reading import UnderstandingError
from bot.understanding.vectors import FORM, MOST
from bot.understanding.wordpiece import CONTINUED, FIRST, LAST, MOST_AT_EACH_END, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYERS = 4  # the fifth and sixth add nothing to what is found here
MOST_PIECES = 20_000  # the vocabulary is in order of use
SPECIAL = (UNKNOWN, FIRST, LAST)
WRITTEN = frozenset(string.ascii_lowercase + string.digits + string.punctuation + "£€\u2019")


def convert(weights: Path, tokenizer: Path, target: Path) -> int:
    """Write `target` from `model.safetensors` and `tokenizer.json`; give its size in bytes.

    Raises:
        UnderstandingError: a file is missing or of another form.
    """
    try:
        given = _read_tensors(weights)
        vocabulary = json.loads(tokenizer.read_text("utf-8"))["model"]["vocab"]
        parts = _parts(given, vocabulary)
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise UnderstandingError(
            f"{weights.parent}: the published model\n    found: {error!r}\n"
            "    limit: model.safetensors and tokenizer.json of all-MiniLM-L6-v2\n    cure:  fetch them again"
        ) from error
    return write_parts(parts, target)


def write_parts(parts: Mapping[str, NDArray[Any]], target: Path, tuned: str = "") -> int:
    """Write a file of vectors; give its size in bytes. `tuned` names what it was tuned from, if it was."""
    told, at = {}, 0
    for name, part in parts.items():
        told[name] = {"type": part.dtype.str, "shape": part.shape, "at": at}
        at += part.nbytes
    head = {"form": FORM, **({"tuned": tuned} if tuned else {}), "parts": told}
    body = b"".join(part.tobytes() for part in parts.values())
    return target.write_bytes(json.dumps(head).encode() + b"\n" + body)


def _read_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read https://huggingface.co/docs/safetensors: a length, a head of JSON, and the numbers."""
    raw = path.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    head = json.loads(raw[8 : 8 + size])
    found = {}
    for name, told in head.items():
        if told.get("dtype") == "F32":
            start, end = told["data_offsets"]
            flat = np.frombuffer(raw[8 + size + start : 8 + size + end], np.float32)
            found[name] = flat.reshape(told["shape"])
    return found


def _parts(given: dict[str, NDArray[np.float32]], vocabulary: dict[str, int]) -> dict[str, NDArray[Any]]:
    kept = _kept(vocabulary)
    numbers = [vocabulary[piece] for piece in kept]
    stem = "embeddings"
    parts: dict[str, NDArray[Any]] = {"pieces": np.frombuffer("\n".join(kept).encode(), np.uint8)}
    keep_whole(parts, "embeddings", given[f"{stem}.word_embeddings.weight"][numbers])
    longest = 2 * MOST_AT_EACH_END + len(SPECIAL)
    places = given[f"{stem}.position_embeddings.weight"][:longest]
    parts["places"] = places + given[f"{stem}.token_type_embeddings.weight"][0]
    _normed(parts, "first", given, f"{stem}.LayerNorm")
    for number in range(LAYERS):
        theirs = f"encoder.layer.{number}"
        looks = [f"{theirs}.attention.self.{one}" for one in ("query", "key", "value")]
        _linear(parts, f"{number}.looks", given, looks)
        _linear(parts, f"{number}.joins", given, [f"{theirs}.attention.output.dense"])
        _normed(parts, f"{number}.after_looking", given, f"{theirs}.attention.output.LayerNorm")
        _linear(parts, f"{number}.widens", given, [f"{theirs}.intermediate.dense"])
        _linear(parts, f"{number}.narrows", given, [f"{theirs}.output.dense"])
        _normed(parts, f"{number}.after_thinking", given, f"{theirs}.output.LayerNorm")
    return parts


def _kept(vocabulary: dict[str, int]) -> list[str]:
    """The special pieces, then those that English is written with, the most used ones."""
    in_order = sorted(vocabulary, key=lambda piece: vocabulary[piece])[:MOST_PIECES]
    plain = [piece for piece in in_order if set(piece.removeprefix(CONTINUED)) <= WRITTEN]
    letters = [f"{start}{one}" for start in ("", CONTINUED) for one in sorted(WRITTEN)]
    return list(dict.fromkeys([*SPECIAL, *plain, *(one for one in letters if one in vocabulary)]))


def _linear(
    parts: dict[str, NDArray[Any]], name: str, given: dict[str, NDArray[np.float32]], theirs: Iterable[str]
) -> None:
    names = list(theirs)
    keep_whole(parts, name, np.concatenate([given[f"{one}.weight"] for one in names]))
    parts[f"{name}.bias"] = np.concatenate([given[f"{one}.bias"] for one in names])


def _normed(
    parts: dict[str, NDArray[Any]], name: str, given: dict[str, NDArray[np.float32]], theirs: str
) -> None:
    parts[f"{name}.scale"], parts[f"{name}.shift"] = given[f"{theirs}.weight"], given[f"{theirs}.bias"]


def keep_whole(parts: dict[str, NDArray[Any]], name: str, matrix: NDArray[np.float32]) -> None:
    """Keep each row as whole numbers from -127 to 127, and the unit that they are counted in."""
    unit = np.abs(matrix).max(axis=1) / np.float32(MOST)
    parts[name] = np.rint(matrix / unit[:, None]).astype(np.int8)
    parts[f"{name}.scale"] = unit.astype(np.float32)
