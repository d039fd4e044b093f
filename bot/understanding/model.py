"""The statistical model: two logistic regressions, one over words and one over sentence vectors.

The first has weights of one byte each, and serves every language; the second serves English.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.core.intent import LABELS, Label
from bot.understanding.features import BUCKETS
from bot.understanding.head import Head, read_head

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORM = "signpost understanding model 2"
MOST = 127
LINE_CHARS = 120
FINGERPRINT_CHARS = 16
LEARNT_FROM = (
    *("emergency.*.toml", "understanding.*.toml", "understanding-*.toml", "words.*.txt"),
    "understanding.vectors",
)
WORDS_SHARE = 0.7  # of the two regressions' logarithms; the rest is the vectors'


@dataclass(frozen=True)
class Model:
    """Weights, a row of labels for each of those `buckets` that has any; a weight is `scale` times its byte.

    `made_of` is the fingerprint of the data files that the model was trained from.
    """

    scale: float
    buckets: array[int] = field(repr=False)
    rows: array[int] = field(repr=False)
    made_of: str = ""
    head: Head | None = field(default=None, repr=False)

    @classmethod
    def of(cls, scale: float, weights: array[int], made_of: str = "", head: Head | None = None) -> Model:
        """Make one of the weights of all buckets: most have none, and would take three times the memory."""
        all_rows = np.frombuffer(weights, np.int8).reshape(BUCKETS, len(LABELS))
        some = np.flatnonzero(np.logical_or.reduce(list(all_rows.T)))  # four times as fast as any(axis=1)
        buckets, rows = array("I", some.astype(np.uint32).tobytes()), array("b", all_rows[some].tobytes())
        return cls(scale, buckets, rows, made_of, head)

    @property
    def weights(self) -> array[int]:
        """The weights of all buckets, label by label within each."""
        all_rows = np.zeros((BUCKETS, len(LABELS)), np.int8)
        all_rows[np.array(self.buckets)] = np.array(self.rows, np.int8).reshape(-1, len(LABELS))
        return array("b", all_rows.tobytes())

    def likelihoods(
        self, features: Mapping[int, float], vector: NDArray[np.int8] | None = None
    ) -> dict[Label, float]:
        """How likely each label is; they add up to 1. Where there is a vector it is heard as well."""
        sums = [0.0] * len(LABELS)
        for bucket, weight in features.items():
            place = bisect_left(self.buckets, bucket)
            if place == len(self.buckets) or self.buckets[place] != bucket:
                continue
            first = place * len(LABELS)
            for at in range(len(LABELS)):
                sums[at] += weight * self.rows[first + at]
        sums = [one * self.scale for one in sums]
        if vector is not None and self.head:
            heard = zip(sums, self.head.logarithms(vector), strict=True)
            sums = [WORDS_SHARE * words + (1 - WORDS_SHARE) * meant for words, meant in heard]
        return dict(zip(LABELS, softmax(sums), strict=True))

    def render(self) -> str:
        """The model as text: a line that says what it is, then the weights in base 64."""
        packed = base64.b64encode(zlib.compress(self.weights.tobytes(), 9)).decode("ascii")
        lines = [packed[at : at + LINE_CHARS] for at in range(0, len(packed), LINE_CHARS)]
        head: dict[str, Any] = {"form": FORM, "scale": self.scale, "labels": LABELS, "made_of": self.made_of}
        head["vectors"] = self.head.render() if self.head else None
        return "\n".join([json.dumps(head), *lines, ""])


def read_model(path: Path) -> Model | None:
    """Read a model; None when there is none or it is of another form."""
    try:
        head, _, body = path.read_text("ascii").partition("\n")
        told = json.loads(head)
        weights = array("b", zlib.decompress(base64.b64decode(body)))
    except (OSError, ValueError, zlib.error):
        return None
    fits = told.get("form") == FORM and told.get("labels") == list(LABELS)
    if not fits or len(weights) != BUCKETS * len(LABELS):
        return None
    made_of, vectors = str(told.get("made_of", "")), read_head(told.get("vectors"))
    return Model.of(float(told["scale"]), weights, made_of, vectors)


def fingerprint(folder: Path) -> str:
    """A fingerprint of all data files that a model is trained from."""
    digest = hashlib.sha256()
    paths = {path for pattern in LEARNT_FROM for path in folder.glob(pattern)}
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:FINGERPRINT_CHARS]


def softmax(sums: list[float]) -> list[float]:
    """Turn sums into likelihoods."""
    highest = max(sums)
    powers = [math.exp(one - highest) for one in sums]
    total = sum(powers)
    return [power / total for power in powers]
