"""The age at which a person reads a passage of English with ease.

Method: the Flesch-Kincaid grade, 0.39 * words a sentence + 11.8 * syllables a word - 15.59, plus 5,
since a pupil in grade 1 is about six years old. Source: J. P. Kincaid, R. P. Fishburne, R. L. Rogers
and B. S. Chissom, Derivation of New Readability Formulas for Navy Enlisted Personnel, Research Branch
Report 8-75, Naval Technical Training, 1975.

What differs here, and why:

- A line break ends a sentence: each option of a menu stands on a line of its own.
- Names of services and organisations, telephone numbers and {fields} count as one word of one syllable:
  they are recognised as a whole, and nobody can write them more plainly.
- A passage of fewer than MIN_WORDS words gets no age. The formula speaks of averages, and over one or two
  words they jump by eight years with a syllable ("midnight").
- Syllables are counted from spelling by rules of our own, right for the everyday words listed in
  tests/check/test_reading_age.py and not for every word of the language. It is a measure for finding
  hard sentences, not a verdict: only people who read the words can give that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST_YEARS = 9.0
MIN_WORDS = 4

VOWELS = re.compile(r"[aeiouy]+")
SENTENCE_END = re.compile(r"[.!?:;]+(?=\s|$)|\n")
WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|\d[\d ]*")
FIELD = re.compile(r"\{\w*\}")
ONE_SYLLABLE = "x"
# Two vowels written together and said apart: so-ci-al is not, but ra-di-o, vi-o-lent, du-et, do-ing are.
SAID_APART = re.compile(
    r"(?<![cgstx])i[ao]|iu|eo(?!p)|ie(?=t)|(?<=[crd])ie(?=nc)|oe(?=[mt])|[aeou]ing|u(?=el[s]?$)|u(?=al)"
    r"|^cre(?=at)|^re(?=ac[^h])|^sui"
)
SILENT_E = re.compile(r"(?<=[^aeiouy])e[sd]?$")
SPOKEN_E = re.compile(r"(?:[td]ed|(?:[sxz]|[cs]h|[cg])es|[^aeiouyrwl]le[sd]?)$")
SILENT_INSIDE = re.compile(r"(?<=[^aeiouy])e(?=(?:ly|less|ful|ment|teen|line)s?$)")  # safe-ly, nine-teen
CONSONANT_Y = re.compile(r"^y(?=[aeiou])|(?<=[aeiou])y(?=[aeiou])|(?<=q)u")
HISSING = re.compile(r"(?:[sxz]|[cs]h|[cg]e)'s$")  # a service's
COMPOUND = re.compile(r"(any|every|some)(\w+)")
IRREGULAR = {"every": 2, "business": 2, "wednesday": 2, "area": 3, "idea": 3, "being": 2, "evening": 2}


def syllables(word: str) -> int:
    """Count the syllables of one English word by its spelling; at least 1."""
    letters = word.casefold().replace("\u2019", "'")
    if "-" in letters:
        return sum(syllables(part) for part in letters.split("-") if part) or 1
    if letters in IRREGULAR:
        return IRREGULAR[letters]
    compound = COMPOUND.fullmatch(letters)
    if compound:
        return syllables(compound[1]) + syllables(compound[2])
    # "isn't" and "couldn't" have one more than "is" and "could"; "don't" and "can't" do not.
    extra = len(re.findall(r"[sd]n't$", letters)) + len(HISSING.findall(letters))
    letters = re.sub(r"'(?:s|re|ll|ve|d|m)$|n't$|[^a-z]", "", letters)
    letters = CONSONANT_Y.sub("w", letters)
    letters = SILENT_INSIDE.sub("", letters)
    if not SPOKEN_E.search(letters):
        letters = SILENT_E.sub("", letters) or letters
    return max(1, len(VOWELS.findall(letters)) + len(SAID_APART.findall(letters)) + extra)


def reading_age(passage: str, names: Iterable[str] = ()) -> float | None:
    """Estimate a reading age in years, to one decimal.

    Args:
        passage: English, with its {fields} open or filled.
        names: names that count as one syllable, whatever their length.

    Returns:
        The age; None for a passage of fewer than MIN_WORDS words, of which the formula says nothing.
    """
    plain = FIELD.sub(f" {ONE_SYLLABLE} ", passage)
    for name in sorted(names, key=len, reverse=True):
        if name:
            plain = re.sub(rf"\b{re.escape(name)}\b", ONE_SYLLABLE, plain, flags=re.IGNORECASE)
    sentences = [words for part in SENTENCE_END.split(plain) if (words := WORD.findall(part))]
    words = [word for sentence in sentences for word in sentence]
    if len(words) < MIN_WORDS:
        return None
    sounds = sum(1 if word[0].isdigit() else syllables(word) for word in words)
    grade = 0.39 * len(words) / len(sentences) + 11.8 * sounds / len(words) - 15.59
    return round(grade + 5, 1)
