"""Signs of age: whether a message speaks of somebody under 18, and whether of a grown person."""

from __future__ import annotations

import re
from collections.abc import Sequence

YOUNGEST, OF_AGE, OLDEST = 5, 18, 99
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80}
# Words that stand beside an age, in the line's languages, folded.
BEFORE = frozenset(
    "i am im is hes shes he she aged age being only just was turned turning me my son daughter lad girl boy "
    "kid nephew niece brother sister grandson granddaughter child pupil nearly almost are from at since "
    "mam ma ma on ona ma lat corka syn syna corce wiek "
    "man jam jai sunui dukrai esu "
    "tenho tem filho filha com fez "
    "am are ani fiul fiica are fiul meu mea "
    "mne emu ei synu docheri мне ему еи сыну дочери дочке мені иому іи сину доньці".split()
)
AFTER = frozenset(
    "yo yr yrs year years y old m f male female lat lata rokiem roku metu metai metai anos ano aninhos ani an "
    "let god goda лет года год рокив рокiв років роки рік".split()
)
# A school year or school itself: nobody of age is in year 11.
SCHOOL = re.compile(
    r"\b(?:(?:year|yr|y) ?(?:[5-9]|1[0-3])|year (?:five|six|seven|eight|nine|ten|eleven|twelve|thirteen)|"
    r"yr(?:[5-9]|1[0-3])|sixth form|6th form|gcses?|a levels?|my (?:maths|english|form|head)? ?teacher|my school|"
    r"in school|at school|after school|high school|primary school|college said|teen|teens|teenagers?|teenage|"
    r"underage|under age|under 18s?|under eighteens?|minor|detention|camhs|childline|"
    r"my mums? (?:do|does|will|would|must|can) not (?:know|find)|parents? (?:do|does|will|would|must|can) not (?:know|find)|"
    r"tell (?:my|your|his|her|the) (?:mum|mums|dad|dads|parents?|mother|father)|young people|young persons?|"
    r"foster|foster carer|14 year|kid|kids|adolescent\w*|schoolgirl|schoolboy|"
    r"nastolat\w*|szkol\w*|gimnazj\w*|licealist\w*|mlodziez\w*|niepelnolet\w*|"
    r"mokykl\w*|paaugl\w*|moksleiv\w*|nepilnamet\w*|klasej?e?|"
    r"escola|adolescent\w*|menor|menores|liceu|scoala|liceu|minor\w*|clasa|elev\w?|"
    r"школ\w*|подрост\w*|несовершеннолетн\w*|підліт\w*|неповнолітн\w*|шкіл\w*|клас\w*)\b"
)


def ages(tokens: Sequence[str]) -> list[int]:
    """The numbers in a message that are told as somebody's age."""
    found = []
    for at, token in enumerate(tokens):
        value, length = _number(tokens, at)
        if value is None or not YOUNGEST <= value <= OLDEST:
            continue
        before = tokens[at - 1] if at else ""
        after = tokens[at + length] if at + length < len(tokens) else ""
        if _unit(after) or (before in ("year", "yr", "number", "no", "at") and after != "year"):
            continue
        alone = len(tokens) <= length + 1
        if after in AFTER or before in BEFORE or (not after and not before.isdigit()) or alone:
            if after in ("years", "yrs", "year", "ani", "anos", "lat", "лет", "років") and _ago(
                tokens, at + length
            ):
                continue
            found.append(value)
        elif re.fullmatch(r"\d\d[mf]", token):
            found.append(int(token[:2]))
    return found


def under_age(tokens: Sequence[str], plain: str) -> bool:
    """Whether anything says that somebody under 18 is spoken of."""
    return any(age < OF_AGE for age in ages(tokens)) or bool(SCHOOL.search(plain))


def of_age(tokens: Sequence[str]) -> bool:
    """Whether an age of 18 or more is told."""
    return any(age >= OF_AGE for age in ages(tokens))


def _number(tokens: Sequence[str], at: int) -> tuple[int | None, int]:
    token = tokens[at]
    if token.isascii() and token.isdigit():
        return (int(token), 1) if len(token) <= 2 else (None, 1)  # noqa: PLR2004 - nobody is 100 here
    if re.fullmatch(r"\d\d(m|f|yo|yrs?|y)", token):
        return int(token[:2]), 1
    if token in TENS:
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if following in ONES[1:10]:
            return TENS[token] + ONES.index(following), 2
        return TENS[token], 1
    if token in ONES[5:]:
        return ONES.index(token), 1
    return None, 1


def _unit(word: str) -> bool:
    return word in {
        "minutes", "minute", "hours", "hour", "days", "day", "weeks", "week", "months", "month", "quid", "pounds",
        "pm", "am", "times", "people", "miles", "cans", "pints", "tablets", "pills", "pieces", "grand", "units",
        "seconds", "grams", "g", "mg", "ml", "paracetamol", "lads", "cars", "bags", "percent", "x", "lots",
    }  # fmt: skip


def _ago(tokens: Sequence[str], at: int) -> bool:
    return any(
        token in ("ago", "back", "clean", "sober", "now", "on", "of", "off") for token in tokens[at : at + 3]
    )
