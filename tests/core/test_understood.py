"""What follows from free text and from other languages: the engine with an Intent beside the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue import load
from bot.core.engine import advance
from bot.core.flow import Flow
from bot.core.intent import LABELS, Intent, Label
from bot.core.session import (
    Ask,
    Channel,
    Chosen,
    Connect,
    End,
    Inbound,
    Pressed,
    Rang,
    Said,
    Session,
    Silence,
    Spoken,
    Turn,
)
from bot.core.understood import CERTAIN

ROOT = Path(__file__).parents[2]
SHIPPED = load(ROOT / "flows", ROOT / "config")
FLOW = SHIPPED.flows["helpline"]
LINE = SHIPPED.lines["norfolk"]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STORY = "qqq zzz qqq"
OTHERS = LINE.languages[1:]
SURE, UNSURE = FLOW.meanings.sure, 0.0


def meaning(label: Label, score: float = 1.0, second: Label | None = None, language: str = "en") -> Intent:
    return Intent(label, f"{language}.rule", score, language, second)


@dataclass
class Person:
    """Somebody whose words are understood as the test says."""

    channel: Channel = "sms"
    flow: Flow = FLOW
    language: str = "en"
    session: Session | None = None
    turns: list[Turn] = field(default_factory=list)

    def does(self, inbound: Inbound, intent: Intent | None = None) -> Turn:
        session = self.session or Session("id", "norfolk", self.channel, self.language, NOW, True)
        turn = advance(self.flow, SHIPPED.directory, session, inbound, NOW, line=LINE, intent=intent)
        self.session = turn.session
        self.turns.append(turn)
        return turn

    def means(
        self, label: Label, score: float = 1.0, second: Label | None = None, language: str = "en"
    ) -> Turn:
        words = Spoken(STORY, 0.9) if self.channel == "voice" else Said(STORY)
        return self.does(words, meaning(label, score, second, language))

    def texts(self, *texts: str) -> Turn:
        return [self.does(Said(text)) for text in texts][-1]

    def presses(self, *keys: str) -> Turn:
        return [self.does(Pressed(key)) for key in keys][-1]

    @property
    def here(self) -> str:
        assert self.session
        return self.session.node

    @property
    def speaks(self) -> str:
        assert self.session
        return self.session.language


def told(turn: Turn) -> str:
    return "\n".join(speech.text for speech in turn.says)


def caller(*keys: str) -> Person:
    person = Person("voice")
    person.does(Rang())
    if keys:
        person.presses(*keys)
    return person


def texter(*texts: str) -> Person:
    person = Person()
    if texts:
        person.texts(*texts)
    return person


# -- emergencies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "node", "words"),
    [
        ("en.overdose.named", "emergency-overdose", "recovery position"),
        ("en.overdose.too-many.sign", "emergency-overdose", "recovery position"),
        ("en.breathing.stopped", "emergency-overdose", "CPR"),
        ("en.unresponsive", "emergency-overdose", "Stay with them"),
        ("en.cannot-speak", "emergency-silent", "press 55"),
        ("en.deaf.register", "emergency-deaf", "999 BSL"),
        ("en.suicide.now", "emergency-suicide", "116 123"),
        ("en.weapon", "emergency", "press 55"),
        ("model", "emergency", "press 55"),
        ("model.weapon", "emergency", "press 55"),
        ("model.overdose", "emergency-overdose", "recovery position"),
        ("model.deaf", "emergency-deaf", "999 BSL"),
        ("pl.deaf", "emergency-deaf", "999 BSL"),
    ],
)
def test_the_kind_of_emergency_decides_the_advice(rule: str, node: str, words: str) -> None:
    person = texter()
    turn = person.does(Said(STORY), Intent("emergency", rule, 0.1, "en"))
    assert person.here == node
    assert told(turn).startswith("Call 999 now.")
    assert words in told(turn)
    assert turn.chosen == Chosen("emergency", rule)


def test_an_emergency_comes_before_the_keys_and_words_of_the_menu() -> None:
    for place in FLOW.nodes.values():
        if place.end or place.numbers:
            continue
        person = Person(session=Session("id", "norfolk", "sms", "en", NOW, node=place.id))
        turn = person.does(Said("police"), meaning("emergency"))
        assert turn.chosen == Chosen("emergency", "en.rule")


def test_on_a_call_an_emergency_is_said_twice_and_then_the_choices() -> None:
    person = caller()
    turn = person.does(Spoken(STORY, 0.0), Intent("emergency", "en.overdose.named", 1.0, "en"))
    first, again, choices = turn.says
    assert first.text.startswith("Hang up and call 999 now")
    assert (again.text, again.slow) == (first.text, True)
    assert "To hear this again,\npress 3." in choices.text
    assert "press 4" in choices.text
    assert person.presses("4").steps[0].node == "main"


def test_only_an_opt_out_comes_before_an_emergency() -> None:
    turn = Person().does(Said("STOP"), meaning("emergency"))
    assert turn.then == End()
    assert "999" in told(turn)


@pytest.mark.parametrize("language", OTHERS)
def test_an_emergency_in_a_draft_language_says_999_in_both(language: str) -> None:
    english = FLOW.source.phrases["urgent"].text.format(number="999")
    for rule in ("overdose", "cannot-speak", "deaf", "suicide", "weapon"):
        turn = Person().does(Said(STORY), Intent("emergency", f"{language}.{rule}", 1.0, language))
        assert turn.language == language
        assert "999" in turn.says[0].text.split("\n")[0]
        assert turn.says[1].text == english
    heard = Person("voice", language=language).means("emergency", language=language)
    assert [speech.language for speech in heard.says[:4]] == ["", "en", "", "en"]


def test_an_approved_language_needs_no_english_beside_it() -> None:
    wording = replace(FLOW.wordings["pl"], status="approved", approved_by="somebody")
    flow = replace(FLOW, wordings={**FLOW.wordings, "pl": wording})
    turn = Person(flow=flow).means("emergency", language="pl")
    assert len(turn.says) == 1


def test_back_and_menu_lead_out_of_an_emergency() -> None:
    person = texter("hi", "4")
    person.means("emergency")
    person.texts("back")
    assert person.here == "other"
    person.means("emergency")
    person.texts("menu")
    assert person.here == "main"


# -- meanings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["police", "anonymous", "recovery"])
def test_what_is_sure_is_answered_at_once(label: Label) -> None:
    person = texter("hi")
    turn = person.means(label, SURE)
    assert person.here == label
    assert told(turn).endswith("Not what you meant? Reply MENU.")
    assert turn.chosen
    assert turn.chosen.how == "en.rule"
    heard = caller().means(label, SURE)
    assert heard.says[0].text == FLOW.source.phrases["danger"].voice
    assert "If that is not what you meant, press 4." in told(heard)


@pytest.mark.parametrize("label", ["young", "distress", "safeguarding"])
def test_a_menu_that_was_understood_says_how_to_leave_it(label: Label) -> None:
    person = texter()
    assert told(person.means(label)).endswith("Not what you meant? Reply MENU.")
    assert person.here == label


def test_two_likely_meanings_are_a_question_with_keys() -> None:
    person = texter("hi")
    turn = person.means("recovery", UNSURE, "safeguarding")
    assert told(turn).splitlines() == [
        "Danger now? Call 999. Which do you mean?",
        "1 Drugs or drink help, age 18+",
        "2 Someone is being used or hurt",
        "3 First menu",
    ]
    assert turn.chosen is None
    assert person.texts("1").chosen == Chosen("nrp", "key")


@pytest.mark.parametrize(
    ("reply", "node"), [("2", "safeguarding"), ("3", "main"), ("no", "main"), ("menu", "main")]
)
def test_the_question_is_answered_by_key_or_no(reply: str, node: str) -> None:
    person = texter("hi")
    person.means("recovery", UNSURE, "safeguarding")
    person.texts(reply)
    assert person.here == node
    assert person.session
    assert person.session.offers == ()


def test_yes_answers_a_question_about_one_thing_alone() -> None:
    person = texter("hi")
    person.means("recovery", UNSURE, "unknown")
    assert person.texts("yes").chosen == Chosen("nrp", "word")
    person.means("recovery", UNSURE, "safeguarding")
    assert person.texts("yes").chosen is None


def test_an_answer_that_is_none_asks_the_question_again() -> None:
    person = caller("3")
    person.means("recovery", UNSURE, "safeguarding")
    for inbound in (Silence(), Pressed("7")):
        turn = person.does(inbound)
        assert "press 2" in told(turn)
        assert person.session
        assert person.session.offers == ("recovery", "safeguarding", "main")
    assert person.presses("1").chosen == Chosen("nrp", "key")


def test_offers_come_before_the_keys_of_a_service_on_a_call() -> None:
    person = caller("3")
    person.means("police", UNSURE, "safeguarding")
    assert person.presses("1").chosen == Chosen("police-101", "key")


def test_an_informer_who_is_unclear_chooses_between_police_and_no_name() -> None:
    for first, second in (("police", "anonymous"), ("anonymous", "police")):
        person = texter()
        turn = person.means(first, UNSURE, second)  # type: ignore[arg-type]  # both are labels
        assert person.here == "inform"
        assert turn.chosen is None
        assert person.texts("2").chosen == Chosen("crimestoppers", "key")


@pytest.mark.parametrize("label", ["young", "distress"])
@pytest.mark.parametrize("channel", ["sms", "voice"])
@pytest.mark.parametrize("confidence", [0.0, 0.9])
def test_the_young_and_those_in_distress_are_never_sent_to_the_service_for_adults(
    label: Label, channel: Channel, confidence: float
) -> None:
    for first, second in [(label, other) for other in LABELS] + [("recovery", label)]:
        for score in (UNSURE, SURE) if first == label else (UNSURE,):
            words: Inbound = Spoken(STORY, confidence) if channel == "voice" else Said(STORY)
            turn = Person(channel).does(words, Intent(first, "rule", score, "en", second))
            assert turn.chosen is None or turn.chosen.service != "nrp"
            assert turn.session is None or "recovery" not in turn.session.offers
            assert "0300 7900 227" not in told(turn)


@pytest.mark.parametrize("score", [UNSURE, SURE])
def test_what_is_not_known_gets_999_and_the_menu(score: float) -> None:
    person = texter("hi")
    turn = person.means("unknown", score)
    assert "It did not get that." in told(turn)
    assert "Danger now? Call 999." in told(turn)
    assert "1 Police" in told(turn)
    assert texter().means("unknown").steps[0].node == "main"


def test_an_opt_out_in_their_own_words_ends_texts_and_not_calls() -> None:
    turn = texter("hi").means("stop", CERTAIN)
    assert turn.then == End()
    assert turn.session is None
    for less in (SURE, UNSURE):  # "stop him" is no opt-out
        assert texter("hi").means("stop", less).session
    assert isinstance(caller().means("stop", CERTAIN).then, Ask)


def test_a_greeting_shows_the_menu() -> None:
    person = texter("hi", "1")
    person.means("menu", UNSURE)
    assert person.here == "main"


# -- speech ----------------------------------------------------------------------------------------


def test_what_is_badly_heard_is_asked_about() -> None:
    person = caller()
    turn = person.does(Spoken("the police", 0.2))
    assert "Is it this?" in told(turn)
    assert "To tell the police, when it is not urgent,\npress 1." in told(turn)
    assert turn.chosen is None
    assert person.does(Spoken("yes", 0.2)).chosen == Chosen("police-101", "word")
    turn = person.does(Spoken(STORY, 0.2), meaning("recovery"))
    assert "If you feel" not in told(turn)
    assert person.does(Spoken("no", 0.9)).steps[0].node == "main"


def test_without_a_confidence_speech_is_believed() -> None:
    assert caller().does(Spoken("police", None)).chosen == Chosen("police-101", "word")


@pytest.mark.parametrize(
    ("words", "how"), [("operator", "word"), ("help", "word"), ("repeat", "repeat"), ("slower", "slower")]
)
def test_words_for_the_line_itself_work_on_a_call(words: str, how: str) -> None:
    turn = caller("3").does(Spoken(words, 0.1))
    assert turn.steps[0].how == how


def test_slower_says_it_again_slowly() -> None:
    turn = caller("3").does(Spoken("slower", 0.9))
    assert "0300 7900 227" in turn.says[0].text
    assert all(speech.slow for speech in turn.says)


def test_go_back_goes_back() -> None:
    person = caller("4", "1")
    person.does(Spoken("go back", 0.9))
    assert person.here == "other"


@pytest.mark.parametrize("language", LINE.languages)
def test_hints_are_likely_words_in_the_languages_of_the_call(language: str) -> None:
    person = Person("voice", language=language)
    then = person.does(Rang()).then
    assert isinstance(then, Ask)
    assert len(",".join(then.hints)) <= 500
    wording = FLOW.wordings[language]
    assert wording.words["police"][0] in then.hints
    assert wording.commands["slower"][0] in then.hints
    assert not any("," in hint for hint in then.hints)


def test_a_language_without_a_recogniser_says_that_keys_count() -> None:
    voices = {**LINE.voices, "lt": replace(LINE.voices["lt"], recogniser="")}
    session = Session("id", "norfolk", "voice", "lt", NOW)
    turn = advance(FLOW, SHIPPED.directory, session, Rang(), NOW, line=replace(LINE, voices=voices))
    assert FLOW.wordings["lt"].phrases["keys_only"].voice in told(turn)


# -- languages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "language"),
    [
        ("POMOC", "pl"),
        ("Pagalba", "lt"),
        ("ajuda", "pt"),
        ("AJUTOR", "ro"),
        ("ПОМОЩЬ", "ru"),
        ("допомога", "uk"),
    ],
)
def test_a_keyword_of_a_language_is_answered_in_it(word: str, language: str) -> None:
    person = texter("hi")
    turn = person.texts(word)
    assert person.speaks == language
    assert "English? Send ENGLISH." in told(turn)
    assert "999" in told(turn)
    assert person.texts("1").language == language
    person.texts("English")
    assert person.speaks == "en"


def test_a_text_that_is_understood_as_a_language_is_answered_in_it() -> None:
    person = texter("hi")
    turn = person.means("recovery", SURE, language="pl")
    assert turn.language == "pl"
    assert told(turn).endswith("English? Send ENGLISH.")
    assert "English" not in told(person.texts("1"))
    person.texts("menu")
    assert person.speaks == "pl"


def test_a_word_of_the_present_language_keeps_it() -> None:
    person = texter("POMOC")
    person.does(Said("menu"), meaning("menu", language="en"))
    assert person.speaks == "pl"


def test_a_language_that_is_not_served_is_answered_in_english() -> None:
    flow = replace(FLOW, wordings={"en": FLOW.wordings["en"]})
    person = Person(flow=flow)
    turn = person.means("emergency", language="pl")
    assert told(turn).startswith("Call 999 now.")
    assert person.texts("POMOC").language == "en"


def test_a_call_offers_each_language_once_in_its_own_voice_after_999() -> None:
    person = Person("voice")
    turn = person.does(Rang())
    assert "999" in turn.says[0].text
    assert "press 1" not in turn.says[0].text
    assert [speech.language for speech in turn.says[1:7]] == list(OTHERS)
    assert sum(len(speech.text) for speech in turn.says[1:7]) <= 8 * 15
    assert not any(speech.language for speech in person.presses("*").says)


@pytest.mark.parametrize("language", OTHERS)
def test_its_key_changes_the_language_of_a_call_and_changes_it_back(language: str) -> None:
    person = caller()
    key = next(key for key, its in FLOW.language_keys.items() if its == language)
    turn = person.presses(key)
    assert person.speaks == language
    assert turn.says[0].language == "en"
    assert turn.says[0].text == f"English: press {key}."
    assert turn.says[1].text.startswith(FLOW.wordings[language].prompts["main"].voice[:20])
    if key not in FLOW.command_keys:
        person.presses(key)
        assert person.speaks == "en"


def test_further_on_the_keys_of_languages_are_wrong_keys() -> None:
    person = caller("4")
    turn = person.presses("5")
    assert person.speaks == "en"
    assert FLOW.source.phrases["wrong_key"].voice in told(turn)


def test_hash_is_a_language_only_where_it_was_offered() -> None:
    person = caller("4")
    person.presses("#")
    assert (person.here, person.speaks) == ("main", "en")
    person.presses("#")
    assert person.speaks == "en"


def test_on_a_call_words_in_another_language_do_not_change_it() -> None:
    assert caller().means("recovery", language="pl").language == "en"


@pytest.mark.parametrize(
    ("interpreters", "phrase"), [(True, "interpreters"), (False, "no_interpreters"), (None, "")]
)
def test_interpreters_are_told_where_the_directory_knows(interpreters: bool | None, phrase: str) -> None:
    services = SHIPPED.directory.services
    nrp = replace(services["nrp"], interpreters=interpreters)
    directory = replace(SHIPPED.directory, services={**services, "nrp": nrp})
    polish = FLOW.wordings["pl"].phrases
    for language in ("pl", "en"):
        session = Session("id", "norfolk", "voice", language, NOW, node="main")
        turn = advance(FLOW, directory, session, Pressed("3"), NOW, line=LINE)
        for name in ("interpreters", "no_interpreters"):
            assert (polish[name].voice in told(turn)) == (name == phrase and language == "pl")


@pytest.mark.parametrize("language", ["pl", "lt"])
def test_texts_without_accents_are_spoken_with_them(language: str) -> None:
    wording = FLOW.wordings[language]
    assert wording.plain_text
    session = Session("id", "norfolk", "sms", language, NOW)
    text = told(advance(FLOW, SHIPPED.directory, session, Said("hi"), NOW, line=LINE))
    assert text.isascii()
    heard = told(Person("voice", language=language).does(Rang()))
    assert not heard.isascii()


# -- whatever comes --------------------------------------------------------------------------------

INTENTS = st.builds(
    Intent,
    st.sampled_from(LABELS),
    st.sampled_from(["model", "en.weapon", "pl.overdose.named", "…"]),
    st.floats(0, 1),
    st.sampled_from([*LINE.languages, "cy", ""]),
    st.none() | st.sampled_from(LABELS),
)
TEXTS = st.text(max_size=200) | st.binary(max_size=200).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)
KNOWN = st.sampled_from(
    ["1", "4", "menu", "back", "POMOC", "english", "yes", "no", "help", "0", "999", "police"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(TEXTS | KNOWN, st.none() | INTENTS), min_size=1, max_size=6))
def test_no_text_and_no_meaning_loses_the_999_line(said: Sequence[tuple[str, Intent | None]]) -> None:
    person = Person()
    for text, intent in said:
        turn = person.does(Said(text), intent)
        assert "999" in told(turn)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(TEXTS | KNOWN, st.none() | INTENTS, st.none() | st.floats(0, 1)), min_size=1, max_size=6
    )
)
def test_no_meaning_on_a_call_loses_the_999_line(
    said: Sequence[tuple[str, Intent | None, float | None]],
) -> None:
    person = caller()
    for text, intent, confidence in said:
        turn = person.does(Spoken(text, confidence), intent)
        assert turn.says or isinstance(turn.then, End | Connect)
        if any(step.how == (intent.rule if intent else "") for step in turn.steps):
            assert "999" in told(turn)


@settings(max_examples=100, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=8, max_size=30), INTENTS)
def test_nothing_that_was_written_comes_back(name: str, intent: Intent) -> None:
    marked = f"xq{name}qx"
    turn = Person().does(Said(f"my name is {marked}"), intent)
    assert marked not in told(turn)
    assert marked not in repr(turn.session)
