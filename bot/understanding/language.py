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
LETTER_WEIGHT = 1.5
TOLD = 2.5  # from here on a language is told apart, and others count only with this share of it
SHARE = 0.4
CYRILLIC_CODES = ("ru", "uk")
MOST_CHARS = 600
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Detector:
    """Tells languages apart by letters, then by how usual words and their parts are in each."""

    weights: Mapping[str, Mapping[str, float]] = field(repr=False)

    def detect(self, text: str, languages: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """The likeliest language, and all that the message may be in.

        Where nothing tells, the likeliest is the first of `languages`, the session's own, and all may be.
        """
        home = languages[0] if languages else "en"
        scores = self._scores(text)
        if CYRILLIC.search(text):
            scores = {code: score + 1.0 for code, score in scores.items() if code in CYRILLIC_CODES}
        best = max(sorted(scores), key=lambda code: (scores[code], code == home))
        if scores[best] <= scores.get(home, 0.0) + 0.5 and home in scores:
            best = home
        told = scores[best] >= TOLD
        may = [code for code in scores if not told or scores[code] >= scores[best] * SHARE]
        return best, tuple(sorted({best, *may}))

    def _scores(self, text: str) -> dict[str, float]:
        scores = dict.fromkeys(self.weights, 0.0)
        lowered = text[:MOST_CHARS].casefold()
        for code, letters in LETTERS.items():
            found = sum(lowered.count(letter) for letter in letters)
            scores[code] = scores.get(code, 0.0) + LETTER_WEIGHT * min(found, 4)
        for word in WORD.findall(fold(lowered))[:80]:
            for code, weights in self.weights.items():
                scores[code] += weights.get(word, 0.0)
        return scores
