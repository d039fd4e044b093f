"""Takes a message apart: clauses of plain words, with spelling, textspeak and emoji made even.

People write "hes not brEEEthing", "he's not br3athing", "HESNOTBREATHING" and "🔪 at my door";
a rule is written once, in plain words, and has to meet all of these.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.understanding.lexicon import Lexicon, Near

MOST_CHARS = 2000  # Twilio gives at most 1,600 of a text; a recogniser seldom half of that
MOST_TOKENS = 400
FUZZY_FROM_CHARS = 5  # shorter words sit too near to each other: "shot" and "shop"
RUN_TOGETHER_FROM_CHARS = 7
LONGEST_RUN_CHARS = 40

# Letters that Unicode does not take apart into a plain one and an accent (the last: dotless i).
NOT_DECOMPOSED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "\u0131": "i"})
APOSTROPHES = re.compile("[\u2018\u2019\u02bc`\u00b4]")
ENDINGS = (
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\bod'(?:d|ed)\b"), "overdosed"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"\b(i|he|she|it|we|you|they)'d\b"), r"\1 would"),
    (re.compile(r"(?<=\w)'d\b"), "d"),
    (re.compile(r"\b(he|she|it|that|there|what|who|where)'s\b"), r"\1 is"),
    (re.compile(r"(?<=[a-z])'s\b"), " s"),
)
# A line may end anywhere in a sentence; only an empty line parts sentences.
BREAK = re.compile(r"[.!?;:…]+|\n\s*\n")
TOKEN = re.compile(r"[^\W_]+|[.!?;:…]+|\n\s*\n")
INSIDE = {"@": "a", "$": "s"}
DIGIT_LETTERS = str.maketrans("0134578", "oieastb")
LETTER_RUN = re.compile(r"(.)\1{2,}")
SIGN_INSIDE = re.compile(r"(?<=[a-z])[@$](?=[a-z])")
DOTTED = re.compile(r"(?<=\b\w)\.(?=\w\b)")


@dataclass(frozen=True)
class Message:
    """A message taken apart: `clauses` of tokens; `plain` is all of them, joined by spaces."""

    clauses: tuple[tuple[str, ...], ...]

    @property
    def tokens(self) -> tuple[str, ...]:
        """All tokens, in order."""
        return tuple(token for clause in self.clauses for token in clause)

    @property
    def plain(self) -> str:
        """All words joined by spaces."""
        return " ".join(self.tokens)


def fold(text: str) -> str:
    """Lower case without accents; "Pomóżcie" and "pomozcie" are one, and so are "й" and "и"."""
    if text.isascii():
        return text.lower().replace("`", "'")  # what the rest gives as well, and takes longer for
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(ch for ch in decomposed if not unicodedata.combining(ch))
    return APOSTROPHES.sub("'", kept.translate(NOT_DECOMPOSED))


@dataclass(frozen=True)
class Speller:
    """Makes words even.

    `respelt` maps a word to the words it stands for ("hes": "he is"), `emoji` a sign to words,
    `known` holds the words of the rules, `right` other words that are no misspelling of these, and
    `near` leads from a misspelt word to the one of the rules that it may have been.
    `starts` are beginnings of words that are right.
    """

    respelt: Mapping[str, tuple[str, ...]]
    emoji: Mapping[str, str]
    known: frozenset[str]
    right: Lexicon = field(repr=False, default_factory=Lexicon)
    near: Near = field(repr=False, default_factory=Near)
    starts: tuple[str, ...] = ()
    fuzzy_from_chars: int = FUZZY_FROM_CHARS

    def read(self, text: str) -> Message:
        """Take a message apart."""
        clauses: list[tuple[str, ...]] = []
        words: list[str] = []
        count = 0
        for raw in self._raw(text[:MOST_CHARS]):
            if BREAK.match(raw) or (raw == "but" and words):
                if words:
                    clauses.append(tuple(words))
                words = []
                continue
            spelt = self._spell(raw)
            words.extend(spelt)
            count += len(spelt)
            if count > MOST_TOKENS:
                break
        if words:
            clauses.append(tuple(words))
        return Message(tuple(clauses))

    def _raw(self, text: str) -> list[str]:
        for sign, words in self.emoji.items():
            if sign in text:
                text = text.replace(sign, f" {words} ")
        folded = fold(text)
        for ending, words in ENDINGS:
            folded = ending.sub(words, folded)
        folded = DOTTED.sub("", folded.replace("'", ""))
        folded = SIGN_INSIDE.sub(lambda sign: INSIDE[sign[0]], folded)
        return self._letters_joined(TOKEN.findall(folded))

    def _letters_joined(self, raw: list[str]) -> list[str]:
        """Join letters that were written apart: "S T O P", "h e l p"."""
        joined: list[str] = []
        start = 0
        while start < len(raw):
            end = start
            while end < len(raw) and len(raw[end]) == 1 and raw[end].isalpha():
                end += 1
            word = "".join(raw[start:end])
            if end - start > 2 and word in self.known:  # noqa: PLR2004 - "u r" are two words
                joined.append(word)
                start = end
            else:
                joined.append(raw[start])
                start += 1
        return joined

    def _spell(self, word: str) -> tuple[str, ...]:
        if word in self.respelt:
            return self.respelt[word]
        if word in self.known or word in self.right or word.isdigit() or word.startswith(self.starts):
            return (word,)
        if not word.isalpha() and any(ch.isalpha() for ch in word):
            lettered = word.translate(DIGIT_LETTERS)
            if lettered in self.known or lettered in self.respelt:
                return self.respelt.get(lettered, (lettered,))
        for squeezed in (LETTER_RUN.sub(r"\1\1", word), LETTER_RUN.sub(r"\1", word)):
            if squeezed in self.respelt:
                return self.respelt[squeezed]
            if squeezed in self.known or squeezed in self.right:
                return (squeezed,)
            if nearest := self._nearest(squeezed):
                return self.respelt.get(nearest, (nearest,))
        return self._taken_apart(LETTER_RUN.sub(r"\1", word))

    def _nearest(self, word: str) -> str | None:
        """The word of the rules that is one slip away and begins alike, if there is one."""
        if len(word) < self.fuzzy_from_chars or not word.isalpha():
            return None
        found = self.near.meant(word)
        return found if found and found[0] == word[0] else None

    def _taken_apart(self, word: str) -> tuple[str, ...]:
        """Words that ran together: "cantbreathe", "hesnotwakingup"."""
        if not RUN_TOGETHER_FROM_CHARS <= len(word) <= LONGEST_RUN_CHARS or not word.isascii():
            return (word,)
        best: list[tuple[int, tuple[str, ...]] | None] = [(0, ())] + [None] * len(word)
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - 14), end):
                before, part = best[start], word[start:end]
                if before is None or not self._stands_alone(part):
                    continue
                cost = before[0] + (3 if len(part) <= 2 else 2 if len(part) == 3 else 1)  # noqa: PLR2004 - long parts are surer
                here = best[end]
                if here is None or cost < here[0]:
                    best[end] = (cost, (*before[1], *self.respelt.get(part, (part,))))
        whole = best[len(word)]
        return whole[1] if whole and whole[0] <= len(word) else (word,)

    def _stands_alone(self, part: str) -> bool:
        if len(part) == 1:
            return part in "aiu"
        return part in self.respelt or part in self.known
