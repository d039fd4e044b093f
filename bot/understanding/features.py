"""What the model looks at: words, parts of words, vocabulary sets, rules, guards, ages."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.understanding.ages import OF_AGE, Told
from bot.understanding.pattern import Clause
from bot.understanding.rules import Heard
from bot.understanding.words import Message

BUCKETS = 1 << 20  # the phrases give some 250,000 features; those that share a bucket cost right answers
MOST_FEATURES = 1500
PART_CHARS = (4,)
SHORT_WORDS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Seen:
    """A message with all that was found in it.

    `topics` are the subjects met, in order; `under_age` says whether anybody under 18 is spoken of.
    """

    message: Message
    heard: Sequence[tuple[str, Heard]]
    topics: Sequence[str]
    ages: Sequence[Told]
    under_age: bool
    channel: str


def features(seen: Seen) -> dict[int, float]:
    """Hash what is seen in a message into numbered features; the vector has length 1."""
    counted: dict[int, float] = {}
    for number, (name, weight) in enumerate(_named(seen)):
        if number >= MOST_FEATURES:
            break
        bucket = zlib.crc32(name.encode("utf-8", "surrogatepass")) % BUCKETS
        counted[bucket] = max(counted.get(bucket, 0.0), weight)
    length = sum(weight * weight for weight in counted.values()) ** 0.5 or 1.0
    return {bucket: weight / length for bucket, weight in counted.items()}


def _named(seen: Seen) -> Iterator[tuple[str, float]]:
    message, words = seen.message, seen.message.tokens
    yield "always", 1.0
    yield f"channel {seen.channel}", 0.3
    yield from _of_rules(seen.heard)
    yield from _of_topics(seen)
    yield f"size {sum(len(words) > limit for limit in SHORT_WORDS)}", 0.7
    for _, one in seen.heard:
        for marked in one.clauses:
            yield from _of_sets(marked)
    if words:
        yield f"first {words[0]}", 0.6
        yield f"last {words[-1]}", 0.4
        yield f"whole {' '.join(words[:6])}", 1.0
    for clause in message.clauses:
        yield from _of_words(clause)


def _of_topics(seen: Seen) -> Iterator[tuple[str, float]]:
    """The subjects and the ages, each alone and in pairs: dealing with no name, drinking at 15."""
    topics = list(seen.topics)
    marks = [f"topic {topic}" for topic in dict.fromkeys(topics)]
    if any(age.years < OF_AGE for age in seen.ages):
        marks.append("age under")
    if any(age.years >= OF_AGE for age in seen.ages):
        marks.append("age over")
    if seen.under_age:
        marks.append("sign of youth")
    for at, mark in enumerate(sorted(marks)):
        yield mark, 1.2
        for other in sorted(marks)[at + 1 :]:
            yield f"{mark} & {other}", 0.7
    if not marks:
        yield "no topic", 1.0
    for topic in dict.fromkeys(topics):
        if topics.count(topic) > 1:
            yield f"much {topic}", 0.8


def _of_rules(heard: Sequence[tuple[str, Heard]]) -> Iterator[tuple[str, float]]:
    speaking = [rule.partition(".")[2] for _, one in heard for rule in one.speaking]
    silenced = [rule.partition(".")[2] for _, one in heard for rule in one.silenced]
    yield f"rules {min(len(speaking), 3)}", 1.5
    for rule in speaking:
        yield f"rule {rule}", 1.0
    for rule in silenced:
        yield f"silenced {rule}", 0.6
    if silenced and not speaking:
        yield "only silenced", 1.0
    for _, one in heard:
        for guard in one.guards:
            yield f"guard {guard}", 1.0


def _of_words(words: Sequence[str]) -> Iterator[tuple[str, float]]:
    for at, word in enumerate(words):
        shown = "#" * len(word) if word.isdigit() else word
        yield f"1 {shown}", 1.0
        if at + 1 < len(words):
            yield f"2 {shown} {words[at + 1]}", 0.7
        whole = f"<{word}>"
        for size in PART_CHARS:
            for start in range(len(whole) - size + 1):
                yield f"c {whole[start : start + size]}", 0.6


def _of_sets(clause: Clause) -> Iterator[tuple[str, float]]:
    placed = sorted((min(where), name) for name, where in clause.spans.items())
    for at, (_, name) in enumerate(placed):
        yield f"set {name}", 0.8
        for _, other in placed[at + 1 : at + 4]:
            yield f"sets {name} {other}", 0.4
