"""The engine, behaviour by behaviour, on the script and directory that are shipped."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue import Catalogue, load
from bot.core.engine import advance
from bot.core.session import (
    Ask,
    Channel,
    Chosen,
    Connect,
    DialEnded,
    DialStatus,
    End,
    HungUp,
    Inbound,
    Outcome,
    Pressed,
    Rang,
    Said,
    Session,
    Silence,
    Spoken,
    Step,
    TextFailed,
    Turn,
)
from bot.core.walk import LONGEST_TRAIL

ROOT = Path(__file__).parents[2]
SHIPPED = load(ROOT / "flows", ROOT / "config")
FLOW = SHIPPED.flows["helpline"]
WORDS = FLOW.wording("en")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday
MAIN_MENU = {"1": "police-101", "2": "crimestoppers", "3": "nrp"}
SHOWN = {
    name: one.phone.display for name, one in SHIPPED.directory.services.items() if one.status == "active"
}


@dataclass
class Person:
    """Somebody on the line: does one thing after another and remembers the last turn."""

    channel: Channel = "sms"
    mobile: bool = True
    data: Catalogue = SHIPPED
    now: datetime = NOW
    session: Session | None = None
    turns: list[Turn] = field(default_factory=list)

    def does(self, *inbounds: Inbound) -> Turn:
        """Take each thing in turn; answer with the last Turn."""
        for inbound in inbounds:
            session = self.session or Session("id", "norfolk", self.channel, "en", NOW, self.mobile)
            turn = advance(self.data.flows["helpline"], self.data.directory, session, inbound, self.now)
            self.session = turn.session
            self.turns.append(turn)
        return self.turns[-1]

    def texts(self, *texts: str) -> Turn:
        """Send these texts."""
        return self.does(*(Said(text) for text in texts))

    def presses(self, *keys: str) -> Turn:
        """Press these keys, each for a turn of its own."""
        return self.does(*(Pressed(key) for key in keys))

    @property
    def here(self) -> str:
        """The node where the person stands."""
        assert self.session
        return self.session.node


def texter() -> Person:
    """Somebody who has just texted the line and has the main menu."""
    person = Person()
    person.texts("hi")
    return person


def caller(*, mobile: bool = True, data: Catalogue = SHIPPED, now: datetime = NOW) -> Person:
    """Somebody whose call has just been answered."""
    person = Person("voice", mobile, data, now)
    person.does(Rang())
    return person


def heard(turn: Turn) -> str:
    """Everything that is said in a turn."""
    return "\n".join(speech.text for speech in turn.says)


def menu_of(node: str, *, voice: bool) -> str:
    """The first line of a menu's own words."""
    prompt = WORDS.prompts[node]
    return (prompt.voice if voice else prompt.text).splitlines()[0]


def phrase(name: str, /, **fields: str) -> str:
    """One of the script's sentences for a call."""
    return WORDS.phrases[name].voice.format(**fields)


def every_number_read(turn: Turn) -> list[bool]:
    """For each speech that reads every number, whether it is slow."""
    listed = FLOW.nodes["numbers"].numbers
    return [speech.slow for speech in turn.says if all(SHOWN[name] in speech.text for name in listed)]


# -- the ways to each service ----------------------------------------------------------------------


@pytest.mark.parametrize(("key", "service"), MAIN_MENU.items())
def test_each_option_of_the_main_menu_reaches_its_service_by_text(key: str, service: str) -> None:
    turn = texter().texts(key)
    assert turn.chosen == Chosen(service, "key")
    assert SHOWN[service] in heard(turn)
    assert "999" in heard(turn)
    assert isinstance(turn.then, Ask)


@pytest.mark.parametrize(("key", "service"), MAIN_MENU.items())
def test_each_option_of_the_main_menu_reaches_its_service_by_phone(key: str, service: str) -> None:
    turn = caller().presses(key)
    assert turn.chosen == Chosen(service, "key")
    assert heard(turn).count(SHOWN[service]) >= 2  # said twice: nobody has a pen ready the first time
    assert isinstance(turn.then, Ask)


@pytest.mark.parametrize("how", ["one", "option 1", "1"])
def test_a_key_may_be_spoken(how: str) -> None:
    assert caller().does(Spoken(how, 0.9)).chosen == Chosen("police-101", "key")


def test_something_else_leads_to_the_second_menu_and_chooses_nothing() -> None:
    for person, turn in ((p := texter(), p.texts("4")), (q := caller(), q.presses("4"))):
        assert person.here == "other"
        assert turn.chosen is None
        assert turn.steps == (Step("other", "key"),)


@pytest.mark.parametrize(
    ("menu", "key", "service"),
    [
        (menu, option.key, FLOW.nodes[option.goto].service)
        for menu in ("young", "distress", "safeguarding")
        for option in FLOW.nodes[menu].options
        if FLOW.nodes[option.goto].service
    ],
)
def test_each_option_of_the_second_menus_reaches_its_service(menu: str, key: str, service: str) -> None:
    way = next(option.key for option in FLOW.nodes["other"].options if option.goto == menu)
    for turn in (texter().texts("4", way, key), caller().presses("4", way, key)):
        assert turn.chosen == Chosen(service, "key")
        assert SHOWN[service] in heard(turn)


def test_a_word_reaches_a_service_from_anywhere() -> None:
    person = texter()
    assert person.texts("police").chosen == Chosen("police-101", "word")
    assert person.texts("crimestopers").chosen == Chosen("crimestoppers", "word")
    assert caller().does(Spoken("crime stoppers")).chosen == Chosen("crimestoppers", "word")


def test_a_first_text_that_is_a_known_word_is_answered_at_once() -> None:
    assert Person().texts("NRP").chosen == Chosen("nrp", "word")


@pytest.mark.parametrize("text", ["GRAVITY", "a man in my road sells drugs to kids", "", "😀", "1", "12"])
def test_a_first_text_that_is_not_known_meets_the_menu_without_an_apology(text: str) -> None:
    person = Person()
    turn = person.texts(text)
    assert person.here == "main"
    assert menu_of("main", voice=False) in heard(turn)
    assert WORDS.phrases["not_understood"].text not in heard(turn)
    assert person.session
    assert person.session.misses == 0


def test_a_first_picture_meets_the_menu_without_an_apology() -> None:
    turn = Person().does(Said("", media=1))
    assert turn.steps == (Step("main", "message"),)


def test_a_call_begins_with_999_and_the_menu() -> None:
    turn = Person("voice").does(Rang())
    assert "999" in turn.says[0].text.splitlines()[0]
    assert turn.says[0].text.index("999") < turn.says[0].text.index("press 1")
    assert isinstance(turn.then, Ask)
    assert turn.then.timeout_seconds == FLOW.timing.answer_seconds


# -- moving about ----------------------------------------------------------------------------------


def test_back_goes_one_menu_back_by_text_and_by_key() -> None:
    person, other = texter(), caller()
    person.texts("4", "1")
    other.presses("4", "1")
    for expected in ("other", "main", "main"):
        person.texts("BACK")
        other.presses("#")
        assert (person.here, other.here) == (expected, expected)


def test_back_from_a_service_tells_the_menu_it_came_from() -> None:
    person = texter()
    turn = person.texts("4", "1", "2", "back")
    assert person.here == "young"
    assert menu_of("young", voice=False) in heard(turn)
    assert turn.chosen is None


def test_back_after_two_words_in_a_row_goes_to_the_menu_before_them() -> None:
    person = texter()
    person.texts("4", "police", "nrp", "back")
    assert person.here == "other"


def test_menu_forgets_the_way_back() -> None:
    person = texter()
    person.texts("4", "1", "MENU")
    assert person.here == "main"
    person.texts("back")
    assert person.here == "main"


def test_repeat_says_the_same_again() -> None:
    person = texter()
    assert person.texts("3").says == person.texts("REPEAT").says
    other = caller()
    assert other.presses("3").says == other.presses("*").says
    assert other.presses("#", "4").says == other.presses("*").says


def test_repeat_is_not_a_second_routing() -> None:
    assert caller().presses("3", "*").chosen is None
    assert texter().texts("3", "again").chosen is None


def test_0_reads_every_number_and_then_the_choices() -> None:
    person = caller()
    turn = person.presses("4", "0")
    assert every_number_read(turn) == [True]
    assert menu_of("other", voice=True) in turn.says[-1].text
    assert person.here == "other"
    assert len(every_number_read(texter().texts("0"))) == 1


def test_0_at_a_service_reads_every_number_and_then_its_choices() -> None:
    person = caller()
    turn = person.presses("3", "0")
    assert every_number_read(turn) == [True]
    assert WORDS.actions["menu"] in turn.says[-1].text
    assert person.here == "recovery"


def test_a_first_text_of_0_reads_every_number_and_keys_count_from_then_on() -> None:
    person = Person()
    assert len(every_number_read(person.texts("0"))) == 1
    assert person.texts("1").chosen == Chosen("police-101", "key")


def test_help_says_that_it_is_a_machine() -> None:
    assert "machine" in heard(texter().texts("help"))
    turn = caller().does(Spoken("who is this"))
    assert "machine" in heard(turn)
    assert menu_of("main", voice=True) in heard(turn)


def test_keys_after_a_text_answer_count_for_the_menu_above_it() -> None:
    person = texter()
    assert person.texts("4", "1", "1").chosen == Chosen("childline", "key")
    assert person.texts("2").chosen == Chosen("safecall", "key")
    person = texter()
    assert person.texts("1", "3").chosen == Chosen("nrp", "key")


def test_a_word_out_of_the_blue_leaves_the_main_menus_keys_in_force() -> None:
    assert Person().texts("police", "3").chosen == Chosen("nrp", "key")


def test_after_something_not_understood_the_keys_are_those_of_the_menu_shown() -> None:
    person = texter()
    turn = person.texts("4", "1", "1", "what a nice day it is")
    assert menu_of("young", voice=False) in heard(turn)
    assert person.texts("2").chosen == Chosen("safecall", "key")


def test_the_end_is_a_goodbye_and_the_next_text_begins_anew() -> None:
    person = texter()
    turn = person.texts("1", "thanks")
    assert turn.then == End()
    assert turn.session is None
    assert "999" in heard(turn)
    assert person.texts("hello again everyone").steps == (Step("main", "message"),)


# -- stop, and what the carrier answers itself -----------------------------------------------------


def test_stop_is_confirmed_once_and_ends_the_walk() -> None:
    turn = texter().texts("STOP")
    assert turn.session is None
    assert turn.then == End()
    assert heard(turn) == WORDS.phrases["stopped"].text


@pytest.mark.parametrize("person", [texter(), Person()], ids=["walking", "new"])
def test_stop_that_the_carrier_answered_says_nothing(person: Person) -> None:
    turn = replace(person).does(Said("STOP", answered=True))
    assert turn.says == ()
    assert turn.then == End()
    assert turn.session is None
    assert turn.chosen is None


def test_help_that_the_carrier_answered_says_nothing_and_keeps_the_place() -> None:
    person = texter()
    turn = person.does(Said("4"), Said("HELP", answered=True))
    assert turn.says == ()
    assert person.here == "other"


def test_a_picture_without_words_is_told_that_machines_cannot_see() -> None:
    person = texter()
    turn = person.does(Said(" ", media=2))
    assert WORDS.phrases["picture"].text in heard(turn)
    assert menu_of("main", voice=False) in heard(turn)


def test_a_picture_with_a_key_is_the_key() -> None:
    assert texter().does(Said("1", media=1)).chosen == Chosen("police-101", "key")


# -- silence and wrong keys ------------------------------------------------------------------------


@pytest.mark.parametrize("miss", [Silence(), Pressed("9"), Pressed("12"), Spoken("mumble mumble")], ids=repr)
def test_three_misses_read_every_number_slowly_twice_and_then_the_menu(miss: Inbound) -> None:
    person = caller()
    for _ in range(FLOW.timing.misses - 1):
        turn = person.does(miss)
        assert every_number_read(turn) == []
        assert menu_of("main", voice=True) in turn.says[-1].text
    turn = person.does(miss)
    assert every_number_read(turn) == [True, True]
    assert menu_of("main", voice=True) in turn.says[-1].text
    assert person.here == "main"
    assert isinstance(turn.then, Ask)


def test_three_texts_not_understood_send_every_number_once() -> None:
    turn = texter().texts("blah", "blah blah", "blah blah blah")
    assert every_number_read(turn) == [False]
    assert isinstance(turn.then, Ask)


def test_silence_and_wrong_keys_count_together() -> None:
    turn = caller().does(Silence(), Pressed("9"), Silence())
    assert every_number_read(turn) == [True, True]


def test_a_good_key_forgives_the_misses_before_it() -> None:
    turn = caller().does(Silence(), Silence(), Pressed("4"), Silence(), Silence())
    assert every_number_read(turn) == []


@pytest.mark.parametrize(
    "keys",
    [[], ["4"], ["4", "1"], ["1"], ["2"], ["3"], ["3", "1"], ["3", "2"], ["3", "0"], ["0"]],
    ids="-".join,
)
def test_silence_alone_ends_a_call_in_a_bounded_number_of_turns(keys: list[str]) -> None:
    person = caller()
    person.presses(*keys)
    most = FLOW.timing.misses * FLOW.timing.rounds + 1
    for _ in range(most):
        turn = person.does(Silence())
        if isinstance(turn.then, Connect):
            turn = person.does(DialEnded("no-answer"))
        if isinstance(turn.then, End):
            break
    assert isinstance(person.turns[-1].then, End)
    assert person.turns[-1].session is None


@pytest.mark.parametrize("keys", [[], ["4"], ["4", "2"], ["1"], ["3"], ["3", "1"]], ids="-".join)
@pytest.mark.parametrize("wrong", [Pressed("9"), Pressed("12"), Spoken("what a day")], ids=repr)
def test_wrong_keys_never_end_a_call(keys: list[str], wrong: Inbound) -> None:
    person = caller()
    person.presses(*keys)
    for _ in range(40):
        assert isinstance(person.does(wrong).then, Ask)


def test_a_silence_at_a_service_says_the_number_again() -> None:
    turn = caller().does(Pressed("3"), Silence())
    assert SHOWN["nrp"] in heard(turn)


# -- being put through -----------------------------------------------------------------------------


def announced(service: str = "2") -> Person:
    """Somebody who has been told that they will be put through."""
    person = caller()
    person.presses(service, "1")
    return person


def test_a_transfer_is_announced_before_it_is_made() -> None:
    person = announced()
    turn = person.turns[-1]
    name = WORDS.services["crimestoppers"].name
    assert heard(turn) == phrase("connecting", name=name, number=SHOWN["crimestoppers"])
    assert "this line" in heard(turn)  # whose number is shown
    assert "hang up" in heard(turn)  # the way without a trace
    assert turn.then == Ask(FLOW.timing.announce_seconds)
    assert turn.outcome is None


@pytest.mark.parametrize("go", [Silence(), Pressed("1"), Spoken("one")], ids=repr)
def test_silence_or_1_after_the_announcement_dials(go: Inbound) -> None:
    turn = announced().does(go)
    assert turn.then == Connect("+44800555111", FLOW.timing.ring_seconds)
    assert turn.outcome == "transfer_started"


def test_hash_after_the_announcement_stops_it_and_stays_at_the_service() -> None:
    person = announced()
    turn = person.presses("#")
    assert isinstance(turn.then, Ask)
    assert person.here == "anonymous"
    assert SHOWN["crimestoppers"] in heard(turn)
    assert not isinstance(person.does(Silence()).then, Connect)


@pytest.mark.parametrize(
    "other",
    [
        *(Pressed("2"), Pressed("3"), Pressed("4"), Pressed("0"), Pressed("*"), Pressed("9")),
        *(Spoken("help"), Spoken("mumble"), Spoken("wait"), TextFailed()),
    ],
    ids=repr,
)
def test_anything_else_after_the_announcement_stops_it(other: Inbound) -> None:
    person = announced()
    assert isinstance(person.does(other).then, Ask)
    assert isinstance(person.does(Silence()).then, Ask)


def test_a_landline_that_asks_for_a_text_after_the_announcement_is_not_put_through() -> None:
    person = caller(mobile=False)
    person.presses("2", "1", "2")
    assert isinstance(person.does(Silence()).then, Ask)


def test_a_key_spoken_at_a_service_is_the_key_that_was_offered_there() -> None:
    person = caller()
    turn = person.does(Pressed("3"), Spoken("one", 0.9))
    assert person.here == "recovery"
    assert turn.chosen is None
    assert turn.then == Ask(FLOW.timing.announce_seconds)


@pytest.mark.parametrize(
    ("status", "outcome", "said"),
    [
        ("busy", "busy", "busy"),
        ("no-answer", "no_answer", "no_answer"),
        ("failed", "failed", "failed"),
        ("canceled", "failed", "failed"),
    ],
)
def test_a_transfer_that_fails_says_the_number_and_offers_the_next_step(
    status: DialStatus, outcome: Outcome, said: str
) -> None:
    person = announced()
    turn = person.does(Silence(), DialEnded(status))
    assert turn.outcome == outcome
    assert turn.says[0].text == phrase(said)
    assert SHOWN["crimestoppers"] in turn.says[1].text
    assert WORDS.actions["connect"] in turn.says[-1].text
    assert isinstance(turn.then, Ask)
    assert person.presses("1").steps == (Step("anonymous", "announce"),)


@pytest.mark.parametrize("status", ["completed", "answered"])
def test_a_transfer_that_was_answered_ends_well(status: DialStatus) -> None:
    person = announced()
    turn = person.does(Silence(), DialEnded(status))
    assert turn.outcome == "connected"
    assert turn.says[0].text == phrase("call_ended")
    assert isinstance(turn.then, Ask)
    last = person.does(Silence())
    assert last.then == End()
    assert last.session is None


def test_after_a_transfer_another_service_can_be_chosen() -> None:
    person = announced()
    person.does(Silence(), DialEnded("completed"), Pressed("4"))
    assert person.here == "main"
    assert person.presses("3").chosen == Chosen("nrp", "key")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("completed", "connected"),
        ("answered", "connected"),
        ("no-answer", "abandoned"),
        ("busy", "abandoned"),
    ],
)
def test_a_caller_who_left_during_a_transfer_ends_the_walk(status: DialStatus, outcome: Outcome) -> None:
    turn = announced().does(Silence(), DialEnded(status, caller_left=True))
    assert turn.outcome == outcome
    assert turn.then == End()
    assert turn.session is None


def test_hanging_up_while_dialling_is_abandoned_until_the_transfer_reports_otherwise() -> None:
    person = announced()
    turn = person.does(Silence(), HungUp())
    assert turn.outcome == "abandoned"
    assert turn.session is not None
    late = person.does(DialEnded("completed", caller_left=True))
    assert late.outcome == "connected"
    assert late.session is None


def test_hanging_up_while_dialling_stays_abandoned_when_nobody_answered() -> None:
    person = announced()
    assert person.does(Silence(), HungUp(), DialEnded("no-answer", caller_left=True)).outcome == "abandoned"


@pytest.mark.parametrize("keys", [[], ["4"], ["3"], ["3", "1"]], ids="-".join)
def test_hanging_up_at_any_other_time_ends_the_walk_and_says_nothing_of_an_outcome(keys: list[str]) -> None:
    person = caller()
    person.presses(*keys)
    turn = person.does(HungUp())
    assert (turn.session, turn.says, turn.then, turn.outcome) == (None, (), End(), None)


def test_a_transfer_that_reports_to_a_lost_session_meets_the_menu() -> None:
    turn = Person("voice").does(DialEnded("busy"))
    assert turn.outcome is None
    assert menu_of("main", voice=True) in heard(turn)
    assert isinstance(turn.then, Ask)


@pytest.mark.parametrize("keys", [["1", "1"], ["1", "1", "1"], ["1", "1", "1", "1"]], ids="-".join)
def test_101_is_never_connected(keys: list[str]) -> None:
    person = caller()
    turn = person.presses(*keys)
    assert heard(turn).startswith(phrase("cannot_connect"))
    assert SHOWN["police-101"] in heard(turn)
    assert WORDS.actions["connect"] not in heard(turn)
    assert not any(isinstance(turn.then, Connect) for turn in [*person.turns, person.does(Silence())])


def test_999_is_never_connected() -> None:
    person = caller()
    person.does(Spoken("emergency"), Pressed("1"), Silence(), Pressed("1"))
    assert not any(isinstance(turn.then, Connect) for turn in person.turns)
    assert WORDS.actions["connect"] not in heard(person.turns[1])


# -- the number by text ----------------------------------------------------------------------------


def test_a_mobile_may_have_the_number_by_text() -> None:
    person = caller()
    turn = person.presses("3", "2")
    assert turn.text_service == "nrp"
    assert turn.outcome == "number_texted"
    assert heard(turn).startswith(phrase("texted", number=SHOWN["nrp"]))
    assert WORDS.actions["menu"] in turn.says[-1].text


def test_a_phone_that_cannot_be_texted_is_refused_kindly_and_hears_the_number() -> None:
    person = caller(mobile=False)
    assert WORDS.actions["text"] not in heard(person.presses("3"))
    turn = person.presses("2")
    assert turn.text_service is None
    assert turn.outcome is None
    assert turn.says[0].text == phrase("cannot_text")
    assert SHOWN["nrp"] in turn.says[1].text
    assert turn.says[1].slow
    assert isinstance(turn.then, Ask)


def test_a_text_that_did_not_go_says_so_and_the_number() -> None:
    turn = caller().does(Pressed("3"), Pressed("2"), TextFailed())
    assert turn.outcome == "offered"
    assert turn.says[0].text == phrase("text_failed")
    assert SHOWN["nrp"] in turn.says[1].text


def test_a_text_answer_is_never_a_promise_of_another_text() -> None:
    person = texter()
    person.texts("1", "2", "3", "2")
    assert all(turn.text_service is None for turn in person.turns)


# -- opening hours, other scripts ------------------------------------------------------------------

WEEKDAYS_9_TO_5 = """
[services.nrp.schedule]

[[services.nrp.schedule.periods]]
byday = ["MO", "TU", "WE", "TH", "FR"]
opens_at = "09:00"
closes_at = "17:30"
"""
SECOND_ENDS = """
[nodes.farewell]
end = true
text = "Farewell for now."
voice = "Farewell for now."
words = ["ciao"]

[nodes.few-numbers]
numbers = ["childline"]
text = "Few numbers."
voice = "Few numbers."
words = ["few"]
"""


def write_data(folder: Path, *, services: str = "", script: str = "") -> Catalogue:
    """Write the shipped data with something added, and load it."""
    (folder / "flows").mkdir()
    (folder / "config").mkdir()
    flow = (ROOT / "flows" / "helpline.toml").read_text("utf-8")
    directory = (ROOT / "config" / "services.toml").read_text("utf-8")
    lines = (ROOT / "config" / "lines.toml").read_text("utf-8")
    english = re.sub("^languages = .*$", 'languages = ["en"]', lines, flags=re.MULTILINE)
    shutil.copy(ROOT / "config" / "partners.toml", folder / "config")
    (folder / "flows" / "helpline.toml").write_text(flow + script, "utf-8")
    (folder / "config" / "services.toml").write_text(directory + services, "utf-8")
    (folder / "config" / "lines.toml").write_text(english, "utf-8")
    return load(folder / "flows", folder / "config")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (datetime(2026, 11, 24, 12, 0, tzinfo=UTC), "It is open now, until 5.30pm."),
        (datetime(2026, 11, 24, 7, 0, tzinfo=UTC), "It is closed now. It opens today at 9am."),
        (datetime(2026, 11, 24, 18, 0, tzinfo=UTC), "It is closed now. It opens tomorrow at 9am."),
        (datetime(2026, 11, 27, 18, 0, tzinfo=UTC), "It is closed now. It opens on Monday at 9am."),
        (datetime(2026, 12, 25, 12, 0, tzinfo=UTC), "It is closed now. It opens on Tuesday at 9am."),
        (datetime(2026, 7, 6, 8, 0, tzinfo=UTC), "It is open now, until 5.30pm."),
    ],
)
def test_a_service_says_whether_it_is_open_now(tmp_path: Path, now: datetime, said: str) -> None:
    data = write_data(tmp_path, services=WEEKDAYS_9_TO_5)
    assert said in heard(caller(data=data, now=now).presses("3"))


def test_a_closed_service_is_neither_offered_nor_connected(tmp_path: Path) -> None:
    night = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    person = caller(data=write_data(tmp_path, services=WEEKDAYS_9_TO_5), now=night)
    assert WORDS.actions["connect"] not in heard(person.presses("3"))
    turn = person.presses("1")
    assert turn.says[0].text == phrase("cannot_connect")
    assert SHOWN["nrp"] in heard(turn)
    assert isinstance(turn.then, Ask)


def test_an_end_of_any_name_says_its_own_words(tmp_path: Path) -> None:
    data = write_data(tmp_path, script=SECOND_ENDS)
    turn = Person(data=data).texts("ciao")
    assert turn.then == End()
    assert "Farewell for now." in heard(turn)


def test_a_second_list_of_numbers_reads_its_own(tmp_path: Path) -> None:
    data = write_data(tmp_path, script=SECOND_ENDS)
    turn = Person(data=data).texts("few")
    assert "Few numbers." in heard(turn)
    assert SHOWN["childline"] in heard(turn)
    assert SHOWN["nrp"] not in heard(turn)


@pytest.mark.parametrize(
    "inbound", [Said("1"), Said("back"), Said("again"), Said("police"), Said("blah")], ids=repr
)
def test_a_session_from_an_older_script_begins_anew(inbound: Inbound) -> None:
    old = Session("id", "norfolk", "sms", "en", NOW, node="removed", trail=("main", "gone"))
    turn = advance(FLOW, SHIPPED.directory, old, inbound, NOW)
    assert turn.session
    assert turn.session.node in FLOW.nodes
    assert set(turn.session.trail) <= set(FLOW.nodes)


# -- any walk at all -------------------------------------------------------------------------------

KEYS = st.sampled_from(["1", "2", "3", "4", "9", "0", "*", "#", "12", ""])
WORDS_SENT = (
    "1 2 3 4 one police nrp menu back again help 0 * # hi 999 stop thanks idk young low worried frank"
)
TEXTS = st.sampled_from([*WORDS_SENT.split(" "), "", "blah blah", "I feel awful today"]) | st.text(
    max_size=90
)
DIALS: tuple[DialStatus, ...] = ("completed", "answered", "busy", "no-answer", "failed", "canceled")
BY_TEXT = st.builds(Said, TEXTS, st.integers(0, 2), st.booleans())
BY_PHONE = st.one_of(
    st.builds(Pressed, KEYS),
    st.just(Silence()),
    st.builds(Spoken, TEXTS, st.none() | st.floats(0, 1)),
    st.builds(DialEnded, st.sampled_from(DIALS), st.booleans()),
    st.sampled_from([Rang(), TextFailed(), HungUp()]),
)
ANYTHING = BY_TEXT | BY_PHONE


def check(person: Person, before: Session | None, inbound: Inbound) -> None:
    """Hold what is true of every turn."""
    turn, flow = person.turns[-1], person.data.flows["helpline"]
    session = before or Session("id", "norfolk", person.channel, "en", NOW, person.mobile)
    assert turn == advance(flow, person.data.directory, session, inbound, person.now)
    if isinstance(turn.then, Connect):
        assert turn.then.number in person.data.directory.dialable()
        assert turn.outcome == "transfer_started"
        assert session.stage == "announced"
    if turn.text_service:
        assert person.mobile
    if turn.session:
        assert turn.session.node == "" or turn.session.node in flow.nodes
        assert len(turn.session.trail) <= LONGEST_TRAIL
        assert set(turn.session.trail) <= set(flow.nodes)
        assert 0 <= turn.session.misses < flow.timing.misses
        assert turn.session.turns == session.turns + 1
    else:
        assert turn.then == End()
    assert all(speech.text.strip() for speech in turn.says)
    told = inbound if not isinstance(inbound, HungUp) and not isinstance(turn.then, Connect) else None
    if isinstance(told, Said) and person.channel != "voice":
        assert turn.says or told.answered  # never silence
    elif told and not isinstance(told, Said) and person.channel == "voice":
        assert turn.says


@settings(max_examples=200)
@given(st.sampled_from(["sms", "whatsapp", "rcs", "voice"]), st.booleans(), st.lists(ANYTHING, max_size=25))
def test_no_walk_ever_raises_on_any_channel(channel: Channel, mobile: bool, inbounds: list[Inbound]) -> None:
    person = Person(channel, mobile)
    for inbound in inbounds:
        before = person.session
        person.does(inbound)
        check(person, before, inbound)


@settings(max_examples=200)
@given(st.booleans(), st.lists(BY_PHONE, max_size=40))
def test_no_call_goes_round_for_ever_without_a_key(mobile: bool, inbounds: list[Inbound]) -> None:
    person = caller(mobile=mobile)
    for inbound in inbounds:
        before = person.session
        person.does(inbound)
        check(person, before, inbound)
        if person.session:
            assert person.session.rounds < FLOW.timing.rounds


@given(st.lists(st.builds(Said, TEXTS), min_size=1, max_size=25))
def test_every_text_is_answered_with_a_number_to_call_or_a_menu(inbounds: list[Inbound]) -> None:
    person = Person()
    for inbound in inbounds:
        turn = person.does(inbound)
        assert any(shown in heard(turn) for shown in ("999", "reply", "Reply", "MENU", "1 ")), heard(turn)


@given(st.lists(BY_PHONE, max_size=15))
def test_silence_ends_every_call_wherever_it_stands(inbounds: list[Inbound]) -> None:
    person = caller()
    for inbound in inbounds:
        person.does(inbound)
        if person.session is None:
            person.does(Rang())
    for _ in range(2 * FLOW.timing.misses * FLOW.timing.rounds):
        turn = person.does(Silence())
        if isinstance(turn.then, Connect):
            turn = person.does(DialEnded("no-answer"))
        if turn.session is None:
            return
    pytest.fail("the call goes on and on")
