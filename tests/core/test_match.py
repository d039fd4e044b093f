"""Short answers: every way people write a key or the name of a service, and what is not guessed at."""

# ruff: noqa: RUF001 - people write letters and digits that look alike, and so do these tests

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.catalogue import load
from bot.core.match import LONGEST_ANSWER_CHARS, Match, fold, is_command, key_in, match_key, match_words
from bot.core.match import one_edit_apart as near

ROOT = Path(__file__).parents[2]
FLOW = load(ROOT / "flows", ROOT / "config").flows["helpline"]
WORDING = FLOW.wording("en")
MAIN = FLOW.nodes["main"]
OTHER = FLOW.nodes["other"]

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=120)
# Pieces of real answers, so that the interesting paths are met more often than by chance.
PIECES = st.lists(
    st.sampled_from(
        ["1", "2", "one", "option", "no", "the", "police", "i", "#", "*", "1️⃣", "?", "①", "999", " "]
    )
    | st.text(max_size=3),
    max_size=8,
).map(" ".join)
SHORT_WORD = st.text("abc", max_size=6)


def answer(text: str) -> Match | None:
    """Match a text against the main menu."""
    return match_words(text, FLOW, MAIN, WORDING)


@pytest.mark.parametrize(
    "text",
    [
        *("1", "one", "One", "ONE", "1.", "1)", "(1)", "1!", "1?", " 1 ", "1\n", "'1'", "“1”", "-1", "[1]"),
        *("1️⃣", "1⃣", "①", "⑴", "⒈", "１", "١", "۱", "१", "১", "𝟏", "𝟙", "¹"),
        *(
            "option 1",
            "Option 1",
            "option one",
            "OPTION 1.",
            "opt 1",
            "no 1",
            "no. 1",
            "No.1",
            "No: 1",
            "nr 1",
        ),
        *("number one", "number 1", "num 1", "№ 1", "key 1", "choice 1", "answer 1", "press 1 please"),
        *(
            "press 1",
            "reply 1",
            "option number 1",
            "choose option no. 1",
            "1 please",
            "1 pls",
            "ok 1",
            "yes 1",
        ),
        *(
            "I want option 1",
            "i'd like 1",
            "can i get 1",
            "the 1",
            "1 1 1",
            "1 1",
            "1, 1",
            "one one",
            "#1",
        ),
        *("1 police", "1 the police", "1. Police", "1) police", "1: POLICE", "1 - police", "1 cops", "1 101"),
    ],
)
def test_the_key_of_an_option_is_read_in_every_form_people_use(text: str) -> None:
    assert answer(text) == Match("node", "police", "key")


@pytest.mark.parametrize("text", ["I", "i", "l", "i."])
def test_a_letter_that_looks_like_one_is_one(text: str) -> None:
    assert answer(text) == Match("node", "police", "key")


@pytest.mark.parametrize(
    ("text", "target"),
    [("2", "anonymous"), ("two", "anonymous"), ("3️⃣", "recovery"), ("Three!", "recovery"), ("④", "other")],
)
def test_every_key_of_the_menu_leads_to_its_own_option(text: str, target: str) -> None:
    assert answer(text) == Match("node", target, "key")


@pytest.mark.parametrize("key", ["1", "2", "3", "4"])
@pytest.mark.parametrize("menu", ["main", "other", "young"])
def test_a_line_copied_whole_from_a_menu_is_its_key(menu: str, key: str) -> None:
    node = FLOW.nodes[menu]
    line = f"{key} {WORDING.labels[node.id, key].text}"
    option = node.option(key)
    assert option
    assert match_words(line, FLOW, node, WORDING) == Match("node", option.goto, "key")


@pytest.mark.parametrize(
    ("text", "key"),
    [("0", "0"), ("zero", "0"), ("nine", "9"), ("*", "*"), ("#", "#"), ("press hash", None), ("7", "7")],
)
def test_a_key_is_read_even_where_no_menu_has_it(text: str, key: str | None) -> None:
    assert key_in(text, WORDING) == key


@pytest.mark.parametrize(
    "text", ["12", "①②", "789", "0123456789", "*#", "9*", "", "no", "1 2", "one two", "1st"]
)
def test_what_is_not_one_key_is_none(text: str) -> None:
    assert key_in(text, WORDING) is None


@pytest.mark.parametrize(
    ("text", "target"),
    [
        *(
            (text, "police")
            for text in ("police", "POLICE", "Police.", "the police", "police please", "pólice")
        ),
        *(
            (text, "police")
            for text in ("i want to speak to the police", "Please can I call the police?", "101")
        ),
        *((text, "police") for text in ("Polcie", "polise", "poilce", "poliice", "ring the polcie pls")),
        *((text, "police") for text in ("Norfolk Police", "norfolk polcie", "report a crime")),
        *(
            (text, "anonymous")
            for text in ("crime stoppers", "Crimestoppers", "CRIME-STOPPERS", "crimestopers")
        ),
        *(
            (text, "anonymous")
            for text in ("crimstoppers", "crime stopers", "anonymous", "0800 555 111", "0800555111")
        ),
        *(
            (text, "recovery")
            for text in ("nrp", "NRP", "N.R.P.", "n r p", "nrp pls", "help with drugs", "drugs?")
        ),
        *(
            (text, "recovery")
            for text in ("Norfolk Recovery Partnership", "norfolk recovery partnrship", "acohol")
        ),
        *(
            (text, "other")
            for text in ("something else", "not sure", "don't know", "dont know", "I don’t know", "idk")
        ),
        *(
            (text, "emergency")
            for text in ("999", "emergency!", "emergancy", "it's an emergency", "I'm in danger", "SOS")
        ),
        *((text, "distress") for text in ("can't cope", "i can’t cope", "cant cope")),
        *((text, "childline") for text in ("childline", "child line", "Chlidline")),
        *((text, "frank") for text in ("frank", "talk to frank", "FRANK please")),
        *((text, "mental-health") for text in ("111", "NHS 111", "mental health", "mental helth")),
    ],
)
def test_the_words_for_a_service_lead_there(text: str, target: str) -> None:
    assert answer(text) == Match("node", target, "word")


@pytest.mark.parametrize("text", ["9 9 9", "9-9-9", "nine nine nine", "9.9.9"])
def test_999_written_apart_is_still_999(text: str) -> None:
    match = answer(text)
    assert match
    assert match.target == "emergency"


def test_101_written_apart_is_still_101() -> None:
    match = answer("1 0 1")
    assert match
    assert match.target == "police"


@pytest.mark.parametrize("node", [name for name in FLOW.nodes if WORDING.words.get(name)])
def test_every_word_of_the_script_leads_where_it_says(node: str) -> None:
    for word in WORDING.words[node]:
        match = match_words(word, FLOW, None, WORDING)
        assert match == Match("node", node, "word"), word


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\n", "😀", "👍🏽", "❤️", "…", "!!!", "_", "'", "\u200b", "\ufe0f", "\ud83d"),
        *(
            "not the police",
            "no police",
            "don't call the police",
            "police no",
            "stop police",
            "the police are here",
        ),
        *(
            "12",
            "1 or 2",
            "1 and 2",
            "1, 2",
            "1/2",
            "½",
            "1.5",
            "13",
            "5",
            "7",
            "1 crimestoppers",
            "2 police",
        ),
        *(
            "no",
            "press",
            "option",
            "number",
            "one of my mates is dealing",
            "my sister needs help with drugs now",
        ),
        *(
            "nrpp",
            "bak",
            "frnk",
            "poloce station",
            "plice man",
            "polciee",
        ),  # short, or more than one letter wrong
        "there is a man at number 1 who sells to kids",
        "police " * 12,
    ],
)
def test_what_is_not_a_key_or_a_known_word_is_never_guessed(text: str) -> None:
    assert answer(text) is None


@pytest.mark.parametrize(
    "text", ["yes", "please", "the", "ok", "call me", "i want", "to", "a", "yeah please"]
)
def test_politeness_alone_means_nothing(text: str) -> None:
    assert answer(text) is None


def test_a_long_sentence_is_left_to_the_understanding_of_free_text() -> None:
    padding = " " * (LONGEST_ANSWER_CHARS - len("police"))
    assert answer("police" + padding) == Match("node", "police", "word")
    assert answer("police" + padding + " ") is None


@pytest.mark.parametrize(
    ("text", "command"),
    [
        *(
            (text, "menu")
            for text in ("menu", "MENU", "Menu.", "main menu", "menu please", "start again", "Hi", "hello!")
        ),
        *((text, "back") for text in ("back", "BACK", "go back", "Back!")),
        *((text, "repeat") for text in ("repeat", "again", "say that again", "Pardon?")),
        *((text, "help") for text in ("help", "HELP", "Are you a robot?", "who is this?")),
        *((text, "numbers") for text in ("numbers", "all numbers", "operator")),
        *((text, "stop") for text in ("STOP", "stop.", "Stop all", "unsubscribe", "opt-out")),
    ],
)
def test_commands_work_at_every_point(text: str, command: str) -> None:
    for menu in (None, MAIN, OTHER):
        assert match_words(text, FLOW, menu, WORDING) == Match("command", command, "word")


@pytest.mark.parametrize("text", ["?", " ? ", "??"])
def test_a_question_mark_asks_for_help(text: str) -> None:
    assert answer(text) == Match("command", "help", "word")


@pytest.mark.parametrize("text", ["0", "zero", "*", "#"])
def test_keys_that_work_everywhere_are_commands(text: str) -> None:
    expected = {"0": "numbers", "zero": "numbers", "*": "repeat", "#": "back"}[text]
    assert answer(text) == Match("command", expected, "key")


@pytest.mark.parametrize("text", ["stpo", "sotp", "unsubscrib", "repeet", "numbres", "cancle"])
def test_a_command_with_a_typo_is_not_guessed(text: str) -> None:
    assert answer(text) is None


def test_a_menu_decides_what_its_key_means() -> None:
    assert match_words("1", FLOW, OTHER, WORDING) == Match("node", "young", "key")
    assert match_words("1", FLOW, None, WORDING) is None


def test_a_pressed_key_is_the_menus_own_before_it_is_a_command() -> None:
    assert match_key("1", FLOW, MAIN) == Match("node", "police", "key")
    assert match_key("0", FLOW, MAIN) == Match("command", "numbers", "key")
    assert match_key("#", FLOW, None) == Match("command", "back", "key")
    assert match_key("9", FLOW, MAIN) is None
    assert match_key("11", FLOW, MAIN) is None
    assert match_key("", FLOW, MAIN) is None


@pytest.mark.parametrize("text", ["STOP", "stop", " Stop. ", "Stop all", "opt out"])
def test_stop_is_recognised_when_it_is_the_whole_message(text: str) -> None:
    assert is_command(text, "stop", WORDING)


@pytest.mark.parametrize("text", ["please stop them", "stop it", "bus stop", "", "help", "stopp"])
def test_stop_inside_other_words_is_not_a_stop(text: str) -> None:
    assert not is_command(text, "stop", WORDING)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Żółty", "zolty"),
        ("ŁÓDŹ", "lodz"),
        ("são", "sao"),
        ("Straße", "strasse"),
        ("1️⃣", "1"),
        ("don’t", "dont"),
        ("don't", "dont"),
        ("snake_case", "snake case"),
        ("  a\t b\n", "a b"),
        ("＃１", "#1"),
        ("İIıi", "iiii"),
        ("ПОЛІЦІЯ", "поліція"),
    ],
)
def test_folding_keeps_the_words_and_drops_their_dress(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(ANY_TEXT | PIECES)
@example("\ud83d")
@example("\u0345")
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT | PIECES)
def test_case_and_spaces_around_never_change_the_answer(text: str) -> None:
    folded = fold(text)
    assert fold(f"  {text} \n") == folded
    assert fold(folded.upper()) == fold(folded.upper().lower())


@given(ANY_TEXT | PIECES, st.sampled_from([None, *FLOW.nodes]))
@example("\ud83d", "main")
@example("²", "main")
@example("፩", "main")  # a digit without a decimal value
@example("#", "main")
@example("###", "main")
def test_no_text_ever_raises(text: str, menu: str | None) -> None:
    node = FLOW.nodes[menu] if menu else None
    match = match_words(text, FLOW, node, WORDING)
    if match:
        assert match.target in (FLOW.nodes if match.kind == "node" else WORDING.commands)
    key = key_in(text, WORDING)
    assert key is None or (len(key) == 1 and key in "0123456789*#")
    for command in FLOW.command_keys.values():
        assert is_command(text, command, WORDING) in (True, False)


def edits(word: str, letters: str) -> set[str]:
    """Every word that one edit makes of this one: the slow way, by making them all."""
    made = {word}
    for at in range(len(word) + 1):
        made |= {word[:at] + letter + word[at:] for letter in letters}
        if at < len(word):
            made |= {word[:at] + letter + word[at + 1 :] for letter in letters}
            made.add(word[:at] + word[at + 1 :])
        if at + 1 < len(word):
            made.add(word[:at] + word[at + 1] + word[at] + word[at + 2 :])
    return made


@given(SHORT_WORD, SHORT_WORD)
def test_one_edit_apart_agrees_with_making_every_edit(left: str, right: str) -> None:
    assert near(left, right) == (right in edits(left, "abc"))


@given(st.data(), st.text("abc", min_size=1, max_size=8))
def test_one_edit_apart_finds_every_word_one_edit_away(data: st.DataObject, word: str) -> None:
    other = data.draw(st.sampled_from(sorted(edits(word, "abcd"))))
    assert near(word, other)
    assert near(other, word)


@given(SHORT_WORD, SHORT_WORD)
def test_one_edit_apart_does_not_mind_the_order(left: str, right: str) -> None:
    assert near(left, right) == near(right, left)
