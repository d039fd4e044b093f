"""The statistical model: a multinomial logistic regression with weights of one byte each."""

from __future__ import annotations

import base64
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


@dataclass(frozen=True)
class Model:
    """Weights, bucket by bucket and label by label within it; a weight is `scale` times its byte."""

    scale: float
    weights: array[int] = field(repr=False)
    revision: str = ""

    def likelihoods(self, features: Mapping[int, float]) -> dict[Label, float]:
        """How likely each label is; they add up to 1."""
        sums = [0.0] * len(LABELS)
        for bucket, weight in features.items():
            first = bucket * len(LABELS)
            for at in range(len(LABELS)):
                sums[at] += weight * self.weights[first + at]
        return dict(zip(LABELS, softmax([one * self.scale for one in sums]), strict=True))

    def write(self, path: Path) -> None:
        """Write the model as text: a line that says what it is, then the weights in base 64."""
        packed = base64.b64encode(zlib.compress(self.weights.tobytes(), 9)).decode("ascii")
        lines = [packed[at : at + LINE_CHARS] for at in range(0, len(packed), LINE_CHARS)]
        head = {"form": FORM, "scale": self.scale, "labels": LABELS, "revision": self.revision}
        path.write_text("\n".join([json.dumps(head), *lines, ""]), "ascii")


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
    return Model(float(told["scale"]), weights, str(told.get("revision", "")))


def softmax(sums: list[float]) -> list[float]:
    """Turn sums into likelihoods."""
    highest = max(sums)
    powers = [math.exp(one - highest) for one in sums]
    total = sum(powers)
    return [power / total for power in powers]
