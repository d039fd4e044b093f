"""The statistical model: a multinomial logistic regression with weights of one byte each."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.intent import LABELS, Label
from bot.understanding.features import BUCKETS

FORM = "signpost understanding model 1"
MOST = 127
LINE_CHARS = 120
FINGERPRINT_CHARS = 16
LEARNT_FROM = ("emergency.*.toml", "understanding.*.toml", "understanding-*.toml", "words.*.txt")


@dataclass(frozen=True)
class Model:
    """Weights, bucket by bucket and label by label within it; a weight is `scale` times its byte.

    `made_of` is the fingerprint of the data files that the model was trained from.
    """

    scale: float
    weights: array[int] = field(repr=False)
    made_of: str = ""

    def likelihoods(self, features: Mapping[int, float]) -> dict[Label, float]:
        """How likely each label is; they add up to 1."""
        sums = [0.0] * len(LABELS)
        for bucket, weight in features.items():
            first = bucket * len(LABELS)
            for at in range(len(LABELS)):
                sums[at] += weight * self.weights[first + at]
        return dict(zip(LABELS, softmax([one * self.scale for one in sums]), strict=True))

    def render(self) -> str:
        """The model as text: a line that says what it is, then the weights in base 64."""
        packed = base64.b64encode(zlib.compress(self.weights.tobytes(), 9)).decode("ascii")
        lines = [packed[at : at + LINE_CHARS] for at in range(0, len(packed), LINE_CHARS)]
        head = {"form": FORM, "scale": self.scale, "labels": LABELS, "made_of": self.made_of}
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
    return Model(float(told["scale"]), weights, str(told.get("made_of", "")))


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
