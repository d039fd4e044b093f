"""The simulator's server: whole conversations through the app's own webhooks, and who may have them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.settings import ROOT
from bot.web.simulator.api import SWITCHBOARD
from bot.web.simulator.entries import size_of, spoken
from bot.web.simulator.guard import TOKEN_HEADER
from bot.web.simulator.people import national, person
from bot.web.simulator.phone import MOST_ENTRIES, MOST_EXCHANGES, Choices
from bot.web.simulator.switchboard import MOST_PHONES, Switchboard
from bot.web.wiring import KEY
from tests.line import play, sqlite_url

State = dict[str, Any]
SERVICES = {
    "1": ("Norfolk Constabulary", "101"),
    "2": ("Crimestoppers", "0800 555 111"),
    "3": ("Norfolk Recovery Partnership", "0300 7900 227"),
}


@dataclass
class PagePlayed:
    """What the page does, without a browser."""

    app: Flask
    client: FlaskClient = field(init=False)
    state: State = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with a phone."""
        self.client = self.app.test_client()
        self.state = self.ask("/phones")

    @property
    def switchboard(self) -> Switchboard:
        """The app's phones."""
        found: Switchboard = self.app.extensions[SWITCHBOARD]
        return found

    def ask(self, path: str, *, expect: int = 200, **form: Any) -> State:
        """Post and give the answer; creating answers 201."""
        answer = self.client.post(
            f"/simulator/api{path}", json=form, headers={TOKEN_HEADER: self.switchboard.token}
        )
        given: State = answer.get_json()
        assert answer.status_code in ({200, 201} if expect == 200 else {expect}), given
        return given

    def do(self, what: str, **form: Any) -> State:
        """Do something with the phone, which always works here."""
        self.state = self.ask(f"/phones/{self.state['id']}/{what}", **form)
        return self.state

    def refused(self, what: str, status: int, **form: Any) -> str:
        """Do something that is refused, and give the reason."""
        words: str = self.ask(f"/phones/{self.state['id']}/{what}", expect=status, **form)["error"]
        return words

    def phrase(self, name: str) -> str:
        """One of the script's sentences, as it is heard."""
        flow = self.app.extensions[KEY].catalogue.flows["helpline"]
        voice: str = flow.wording("en").phrases[name].voice
        return " ".join(voice.split())

    def last_message(self) -> State:
        """The newest bubble."""
        message: State = self.state["messages"][-1]
        return message

    def heard(self) -> str:
        """Everything that the line said on the call."""
        captions = self.state["call"]["captions"]
        return "\n".join(caption["text"] for caption in captions if caption["by"] == "line")

    def notes(self) -> list[str]:
        """What happened on the call besides speech and keys."""
        return [caption["text"] for caption in self.state["call"]["captions"] if caption["by"] == "note"]


Opener = Callable[..., PagePlayed]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """Open the simulator of a new line; settings may be changed."""
    return lambda **changes: PagePlayed(play(sqlite_url(tmp_path), **changes).app)


@pytest.fixture
def simulator(opened: Opener) -> PagePlayed:
    """The simulator with a mobile in hand."""
    return opened()


# -- texts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "service"), SERVICES.items())
def test_text_conversation_leads_to_each_service(
    simulator: PagePlayed, key: str, service: tuple[str, str]
) -> None:
    name, number = service
    simulator.do("text", body="GRAVITY")
    menu = simulator.last_message()
    assert menu["by"] == "line"
    assert menu["size"] == f"{len(menu['text'])} characters · 1 part"
    assert simulator.state["present"] == "main"
    simulator.do("text", body=key)
    assert number in simulator.last_message()["text"]
    assert simulator.state["present_name"] == name
    newest = simulator.state["routings"][0]
    assert (newest["service"], newest["channel"], newest["chosen_by"]) == (name, "Text", "a key")
    assert newest["outcome_name"] == "Number given"
    assert newest["new"]
    assert "07700" not in str(newest)


def test_texts_go_to_the_short_code_and_whatsapp_to_the_long_number(simulator: PagePlayed) -> None:
    assert simulator.do("text", body="GRAVITY")["text_to"] == "60163"
    sent = dict(simulator.state["exchanges"][-1]["sent"])
    assert (sent["From"], sent["To"]) == ("+447700900123", "60163")
    simulator.do("choices", caller="whatsapp")
    simulator.do("text", body="GRAVITY")
    sent = dict(simulator.state["exchanges"][-1]["sent"])
    assert (sent["From"], sent["To"]) == ("whatsapp:+447700900123", "whatsapp:+447700900000")
    assert simulator.last_message()["size"].endswith(" characters · not cut into parts")
    assert "not WhatsApp calls" in simulator.refused("ring", 409)


def test_picture_is_sent_and_answered(simulator: PagePlayed) -> None:
    simulator.do("text", body="GRAVITY")
    simulator.do("text", body="", pictures=1)
    sent, answer = simulator.state["messages"][-2:]
    assert (sent["by"], sent["pictures"]) == ("person", 1)
    assert answer["by"] == "line"
    assert dict(simulator.state["exchanges"][-1]["sent"])["NumMedia"] == "1"


def test_text_without_an_answer_says_so(opened: Opener, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    lines = config / "lines.toml"
    lines.write_text(lines.read_text("utf-8").replace('short_code = "60163"', 'short_code = ""'), "utf-8")
    simulator = opened(config_dir=config)
    simulator.do("text", body="GRAVITY")
    simulator.do("text", body="STOP")  # the carrier answers this itself on a long number
    assert simulator.last_message()["by"] == "note"


@pytest.mark.parametrize(
    "form", [{"body": ""}, {"body": "x" * 1601}, {"body": "x", "pictures": 11}, {"body": 1}, {}]
)
def test_text_that_no_phone_sends_is_refused(simulator: PagePlayed, form: dict[str, object]) -> None:
    simulator.refused("text", 400, **form)


# -- calls ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "service"), SERVICES.items())
def test_call_leads_to_each_service(simulator: PagePlayed, key: str, service: tuple[str, str]) -> None:
    name, number = service
    simulator.do("ring")
    assert simulator.state["call"]["sentence"] == "Listening for a key or your voice for 8 seconds."
    assert "999" in simulator.heard()
    simulator.do("keys", keys=key)
    assert number in simulator.heard()
    simulator.do("hang-up")
    assert simulator.state["call"]["sentence"] == "The call is over."
    assert simulator.notes() == ["You hung up."]
    newest = simulator.state["routings"][0]
    assert (newest["service"], newest["channel"]) == (name, "Call")


def test_transfer_rings_joins_and_ends_one_step_at_a_time(simulator: PagePlayed) -> None:
    simulator.do("ring")
    simulator.do("keys", keys="2")
    simulator.do("keys", keys="1")
    simulator.do("wait")  # the announcement runs out, and the line dials
    call = simulator.state["call"]
    assert call["sentence"] == "Ringing Crimestoppers… showing 01632 960000"
    assert call["next_in_milliseconds"] > 0
    assert simulator.state["routings"][0]["outcome"] == "transfer_started"
    simulator.do("far-end")
    assert simulator.state["call"]["sentence"] == "Talking to Crimestoppers."
    simulator.do("far-end")
    assert simulator.state["call"]["state"] == "listening"
    assert simulator.state["routings"][0]["outcome_name"] == "Put through"
    assert simulator.notes() == [
        "Ringing Crimestoppers on 0800 555 111. They see 01632 960000.",
        "Crimestoppers answered. The two of you can talk.",
        "They hung up.",
    ]
    before = simulator.state
    assert simulator.do("far-end")["call"] == before["call"]  # a late timer does nothing


@pytest.mark.parametrize(
    ("far_end", "outcome"), [("busy", "busy"), ("no_answer", "no_answer"), ("fails", "failed")]
)
def test_transfer_that_comes_to_nothing_says_the_number_again(
    simulator: PagePlayed, far_end: str, outcome: str
) -> None:
    simulator.do("choices", far_end=far_end)
    simulator.do("ring")
    simulator.do("keys", keys="3")
    simulator.do("keys", keys="1")
    simulator.do("keys", keys="1")  # at once, without waiting for the announcement to run out
    simulator.do("far-end")
    assert simulator.phrase(outcome) in simulator.heard()
    assert simulator.heard().count("0300 7900 227") >= 3
    assert simulator.state["routings"][0]["outcome"] == outcome


def test_caller_who_hangs_up_while_it_rings_is_recorded_as_that(simulator: PagePlayed) -> None:
    simulator.do("ring")
    simulator.do("keys", keys="2")
    simulator.do("keys", keys="1")
    simulator.do("wait")
    simulator.do("hang-up")
    assert simulator.state["routings"][0]["outcome_name"] == "Caller hung up"


def test_text_asked_for_on_a_call_arrives_in_the_conversation_and_is_reported(simulator: PagePlayed) -> None:
    simulator.do("ring")
    simulator.do("keys", keys="2")
    simulator.do("keys", keys="2")
    message = simulator.last_message()
    assert "0800 555 111" in message["text"]
    assert message["label"] == "Asked for on the call, from 07700\u00a0900000"
    report = simulator.state["exchanges"][-1]
    assert report["path"] == "/twilio/status/message"
    assert (report["status"], dict(report["sent"])["MessageStatus"]) == (200, "delivered")
    assert simulator.state["routings"][0]["outcome_name"] == "Number texted"


@pytest.mark.parametrize("caller", ["withheld", "landline"])
def test_phone_that_cannot_be_texted_is_not_offered_a_text(simulator: PagePlayed, caller: str) -> None:
    simulator.do("choices", caller=caller)
    assert simulator.state["no_text"]
    assert simulator.refused("text", 409, body="hello") == simulator.state["no_text"]
    simulator.do("ring")
    simulator.do("keys", keys="2")
    assert "press 2" not in simulator.state["call"]["captions"][-1]["text"]
    simulator.do("keys", keys="2")
    assert simulator.phrase("cannot_text") in simulator.heard()
    assert simulator.state["messages"] == []
    assert simulator.state["routings"][0]["outcome"] == "offered"


def test_silence_passes_only_when_asked_for(simulator: PagePlayed) -> None:
    simulator.do("ring")
    simulator.do("wait")
    captions = simulator.state["call"]["captions"]
    assert "Stayed silent for 8 seconds" in [caption["text"] for caption in captions]
    assert simulator.phrase("silence") in simulator.heard()


def test_captions_are_written_for_the_eye_and_for_a_voice(simulator: PagePlayed) -> None:
    simulator.do("ring")
    simulator.do("keys", keys="1")
    told = next(c for c in simulator.state["call"]["captions"] if "101" in c["text"])
    assert told["spoken"].count("1 0 1") == told["text"].count("101") >= 2
    assert told["language"] == "en-GB"


@pytest.mark.parametrize("what", ["wait", "hang-up"])
def test_without_a_call_there_is_nothing_to_do(simulator: PagePlayed, what: str) -> None:
    assert simulator.refused(what, 409) == "There is no call now."


def test_second_call_and_another_phone_have_to_wait_for_the_first(simulator: PagePlayed) -> None:
    simulator.do("ring")
    assert "on a call already" in simulator.refused("ring", 409)
    assert "Hang up first" in simulator.refused("choices", 409, caller="landline")
    assert simulator.do("choices", far_end="busy")["choices"]["far_end"] == "busy"


@pytest.mark.parametrize("keys", ["", "a", "1\n", "1" * 21])
def test_what_is_not_a_key_is_refused(simulator: PagePlayed, keys: str) -> None:
    simulator.do("ring")
    simulator.refused("keys", 400, keys=keys)


def test_what_is_said_on_a_call_is_heard_and_answered(simulator: PagePlayed) -> None:
    assert not simulator.state["call"]["hears"]
    simulator.do("ring")
    assert simulator.state["call"]["hears"]
    simulator.do("speech", words="crime stoppers")
    assert "0800 555 111" in simulator.heard()
    said = [one["text"] for one in simulator.state["call"]["captions"] if one["by"] == "person"]
    assert said == ["Said: crime stoppers"]
    simulator.do("speech", words="the police", confidence=0.1)
    assert "Is it this?" in simulator.heard()
    sent = [tuple(one) for exchange in simulator.state["exchanges"] for one in exchange["sent"]]
    assert ("SpeechResult", "the police") in sent


@pytest.mark.parametrize("form", [{}, {"words": " "}, {"words": "x" * 501}, {"words": "hi", "confidence": 2}])
def test_what_nobody_can_say_is_refused(simulator: PagePlayed, form: dict[str, object]) -> None:
    simulator.do("ring")
    simulator.refused("speech", 400, **form)


# -- choices, time, people -----------------------------------------------------------------------


def test_chosen_time_is_london_time_and_reaches_the_record(simulator: PagePlayed) -> None:
    simulator.do("choices", at="2026-07-01T09:30")
    assert simulator.state["clock"] == "Wednesday 1 July 2026, 09:30"
    simulator.do("text", body="crimestoppers")
    assert simulator.state["routings"][0]["hour"] == "1 Jul, 9am to 10am"
    assert simulator.do("choices", at="")["choices"]["at"] == ""


@pytest.mark.parametrize(
    "form",
    [
        {"at": "soon"},
        {"at": "1066-10-14T09:00"},
        {"at": "2026-07-01T09:30Z"},
        {"caller": "pigeon"},
        {"who": "me"},
    ],
)
def test_choices_that_make_no_sense_are_refused(simulator: PagePlayed, form: dict[str, object]) -> None:
    assert "can't be read" in simulator.refused("choices", 400, **form)


def test_unknown_line_is_refused(simulator: PagePlayed) -> None:
    assert simulator.refused("choices", 409, line="suffolk") == "There is no such line."


def test_starting_again_is_a_new_person_with_the_same_choices(simulator: PagePlayed) -> None:
    simulator.do("choices", far_end="busy")
    simulator.do("text", body="2")
    simulator.do("ring")
    first = simulator.state
    simulator.do("start-again")
    assert simulator.state["id"] != first["id"]
    assert simulator.state["person"] == "07700 900124"
    assert simulator.state["choices"]["far_end"] == "busy"
    assert simulator.state["messages"] == simulator.state["call"]["captions"] == []
    assert not any(routing["new"] for routing in simulator.state["routings"])
    assert "no longer there" in simulator.ask(f"/phones/{first['id']}/state", expect=404)["error"]


def test_another_phone_is_another_person_and_says_so(simulator: PagePlayed) -> None:
    simulator.do("text", body="GRAVITY")
    simulator.do("choices", caller="whatsapp")
    assert simulator.last_message()["text"] == "From here on: WhatsApp 07700 900123 to Signpost Norfolk."
    simulator.do("text", body="hello there all")
    assert simulator.state["present"] == "main"
    assert (
        simulator.last_message()["text"] == simulator.state["messages"][1]["text"]
    )  # the menu, without blame


def test_everybody_has_a_number_kept_for_drama() -> None:
    mobiles = {person("mobile", serial).address for serial in range(2000)}
    assert all("+447700900100" <= number <= "+447700900999" for number in mobiles)
    assert len(mobiles) == 900


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+441632960000", "01632 960000"), ("60163", "60163"), ("+35315550123", "+353 1 555 0123"), ("", "")],
)
def test_numbers_are_written_as_people_write_them(number: str, shown: str) -> None:
    assert national(number) == shown


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("x", "1 character · 1 part"),
        ("x" * 161, "161 characters · 2 parts"),
        ("it\u2019s", "4 characters · 1 part · shorter parts because of \u2019"),
    ],
)
def test_size_of_a_text(text: str, size: str) -> None:
    assert size_of(text) == size


def test_voice_reads_numbers_digit_by_digit_and_leaves_ages_alone() -> None:
    displays = ("0800 555 111", "18000", "101")
    words = "Over 18? Call 0800 555 111, as an 01 call. Or 101, press 1."
    assert (
        spoken(words, displays) == "Over 18? Call 0 8 0 0, 5 5 5, 1 1 1, as an 0 1 call. Or 1 0 1, press 1."
    )


# -- the way in ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "public_url", ["", "https://line.example", "https://example.org/line", "http://box:8000"]
)
def test_webhooks_are_accepted_at_any_public_address(opened: Opener, public_url: str) -> None:
    simulator = opened(public_url=public_url)
    simulator.do("text", body="GRAVITY")
    simulator.do("ring")
    simulator.do("keys", keys="2")
    simulator.do("keys", keys="2")
    assert {exchange["status"] for exchange in simulator.state["exchanges"]} == {200}
    assert [m["by"] for m in simulator.state["messages"]] == ["person", "line", "line"]
    assert simulator.state["call"]["state"] == "listening"


def test_database_that_fails_is_told_and_the_line_still_answers(
    simulator: PagePlayed, tmp_path: Path
) -> None:
    simulator.app.extensions[KEY].store.close()
    for file in tmp_path.glob("line.db*"):
        file.unlink()
    simulator.do("text", body="GRAVITY")
    assert "0800 555 111" in simulator.last_message()["text"]  # every number, as when all else fails
    assert simulator.state["fault"]


def test_switchboard_is_bounded_and_drops_the_one_unused_longest(simulator: PagePlayed) -> None:
    first = simulator.state["id"]
    second = simulator.ask("/phones")["id"]
    simulator.do("state")  # the first was used after the second
    for _ in range(MOST_PHONES - 1):
        simulator.ask("/phones")
    assert len(simulator.switchboard) == MOST_PHONES
    assert simulator.switchboard.find(first)
    assert simulator.switchboard.find(second) is None


def test_phone_keeps_a_bounded_past(simulator: PagePlayed) -> None:
    for _ in range(MOST_ENTRIES):
        simulator.do("text", body="MENU")
    assert len(simulator.state["messages"]) == MOST_ENTRIES
    assert len(simulator.state["exchanges"]) == MOST_EXCHANGES
    phone = simulator.switchboard.find(simulator.state["id"])
    assert phone is not None
    assert not phone.texting.events
    assert not phone.texting.webhook.exchanges


def test_text_for_somebody_else_is_not_taken(simulator: PagePlayed) -> None:
    phone = simulator.switchboard.add(
        simulator.app, Choices(simulator.app.extensions[KEY].catalogue.first_line)
    )
    with pytest.raises(ValueError, match="another number"):
        phone.send(to="+447700900999", from_="+447700900000", body="hello", status_url="/")


# -- who may drive it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {TOKEN_HEADER: ""},
        {TOKEN_HEADER: "wrong"},
        {TOKEN_HEADER: "é"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
def test_request_of_another_site_is_refused(simulator: PagePlayed, headers: dict[str, str]) -> None:
    own = {TOKEN_HEADER: simulator.switchboard.token, "Content-Type": "application/json"}
    path = f"/simulator/api/phones/{simulator.state['id']}/text"
    answer = simulator.client.post(path, data=b'{"body": "GRAVITY"}', headers=own | headers)
    assert answer.status_code == 403
    assert simulator.do("state")["messages"] == []


def test_own_page_is_let_in(simulator: PagePlayed) -> None:
    own = {
        TOKEN_HEADER: simulator.switchboard.token,
        "Origin": "http://localhost",
        "Sec-Fetch-Site": "same-origin",
    }
    assert simulator.client.post("/simulator/api/phones", json={}, headers=own).status_code == 201


@pytest.mark.parametrize(
    "host", ["elsewhere.example", "elsewhere.example:8000", "localhost.elsewhere.example"]
)
def test_name_of_somebody_else_is_turned_away(simulator: PagePlayed, host: str) -> None:
    answer = simulator.client.get("/simulator", headers={"Host": host})
    assert answer.status_code == 403
    assert simulator.switchboard.token not in answer.text
    assert "999" in answer.text


@pytest.mark.parametrize(
    "host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "192.168.1.7", "line.example"]
)
def test_own_names_are_known(simulator: PagePlayed, host: str) -> None:
    assert simulator.client.get("/simulator", headers={"Host": host}).status_code == 200


def test_page_holds_no_inline_script_or_style_and_nothing_from_elsewhere(simulator: PagePlayed) -> None:
    answer = simulator.client.get("/simulator")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<style" not in answer.text
    assert " style=" not in answer.text
    assert "//" not in answer.text.replace("http://www.w3.org", "")
    assert answer.text.count("<script") == 1
    assert "needs JavaScript" in answer.text


def test_drawing_comes_without_a_style_of_its_own(simulator: PagePlayed) -> None:
    drawing = simulator.client.get("/simulator/flow/norfolk.svg")
    assert drawing.mimetype == "image/svg+xml"
    assert 'id="node-main"' in drawing.text
    assert "<style" not in drawing.text
    assert ".lit" in simulator.client.get("/simulator/flow.css").text
    assert simulator.client.get("/simulator/flow/suffolk.svg").status_code == 404


def test_front_page_leads_to_the_simulator(simulator: PagePlayed) -> None:
    assert simulator.client.get("/").headers["Location"] == "/simulator"


IN_PRODUCTION = """
import sys
from pathlib import Path
from bot.app import create_app
from bot.settings import Settings

app = create_app(Settings(
    environment="production", account_sid="AC" + "0" * 32, auth_tokens=("0" * 32,), secret_key="k" * 64,
    public_url="https://line.example", database_url=sys.argv[1], log_level="CRITICAL",
    config_dir=Path(sys.argv[2]),
))
client = app.test_client()
assert client.get("/healthz").status_code == 200
assert client.get("/simulator").status_code == 404
assert client.post("/simulator/api/phones", json={}).status_code == 404
loaded = [name for name in sys.modules if name.startswith(("bot.web.simulator", "bot.carrier"))]
assert not loaded, loaded
"""


def test_production_has_no_simulator_and_never_imports_it(tmp_path: Path) -> None:
    config = _fit_config(tmp_path)
    command = [sys.executable, "-c", IN_PRODUCTION, sqlite_url(tmp_path), str(config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def _fit_config(tmp_path: Path) -> Path:
    """Copy the data files with assurances, and with numbers that are nobody's example."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    services, lines = folder / "services.toml", folder / "lines.toml"
    today = datetime.now(UTC).date().isoformat()
    assured = f'assured_on = {today}\nassured_by = "Test"\nsource = '
    services.write_text(services.read_text("utf-8").replace("source = ", assured), "utf-8")
    text = lines.read_text("utf-8").replace("+447700900000", "+447911123456")
    text = text.replace("+441632960000", "+441603123456").replace("example = true", "")
    lines.write_text(text, "utf-8")
    return folder
