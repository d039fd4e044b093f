"""Which of the line's languages a short message is in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.understanding.words import fold

CYRILLIC = re.compile("[\u0400-\u04ff]")
# Letters that one of the line's languages alone uses.
LETTERS = {
    "pl": "łżźśćńąęó",
    "lt": "ėįųūšžčąę",
    "pt": "ãõçáâêíóôúà",
    "ro": "ăâîșțşţ",
    "ru": "ыэёъ",
    "uk": "іїєґ",
}
LETTER_WEIGHT = 3.0
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Detector:
    """Tells languages apart by letters, then by how usual words and their parts are in each."""

    weights: Mapping[str, Mapping[str, float]] = field(repr=False)

    def detect(self, text: str, languages: Sequence[str]) -> str:
        """The likeliest language; the first of `languages` (the session's own) where nothing tells."""
        home = languages[0] if languages else "en"
        scores = {code: 0.0 for code in self.weights}
        lowered = text.casefold()
        cyrillic = len(CYRILLIC.findall(lowered))
        for code, letters in LETTERS.items():
            found = sum(lowered.count(letter) for letter in letters)
            scores[code] = scores.get(code, 0.0) + LETTER_WEIGHT * min(found, 4)
        for word in WORD.findall(fold(text))[:80]:
            for code, weights in self.weights.items():
                scores[code] += weights.get(word, 0.0)
        if cyrillic:
            scores = {code: score for code, score in scores.items() if code in ("ru", "uk")}
            return max(sorted(scores), key=lambda code: (scores[code], code == home))
        best = max(sorted(scores), key=lambda code: (scores[code], code == home))
        return best if scores[best] > scores.get(home, 0.0) + 0.5 else home
