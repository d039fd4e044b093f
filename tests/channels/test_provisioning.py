"""What Twilio has is compared with what the line needs, and set right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from bot.channels.account import TwilioAccount
from bot.channels.provisioning import DETOURS, OVERRIDES, Plan, plan
from bot.cli.twilio import examine
from bot.core.line import Line, Voice
from bot.errors import TwilioError
from bot.settings import ROOT, Settings
from tests.channels.twilio_rest import SID, TOKEN, Redirected, Rest
from tests.server import serve

PUBLIC, FALLBACK = "https://line.example", "https://static.example/fallback"
TEXTS, CALLS, CODE = "+447700900000", "+441632960000", "60163"
LINE = Line(
    "norfolk", "Norfolk", "helpline", ("en",), (), CODE, TEXTS, CALLS, False, {"en": Voice("x", "en-GB")}
)


@pytest.fixture
def rest() -> Rest:
    """An account with the line's numbers, as they are when they have just been bought."""
    return Rest(
        numbers=[
            {"sid": "PN1", "phone_number": CALLS, "voice_url": "https://demo.twilio.com/welcome/voice/"},
            {"sid": "PN2", "phone_number": TEXTS, "sms_application_sid": "AP1"},
            {"sid": "PN3", "phone_number": "+447700900999", "voice_url": "https://elsewhere.example"},
        ],
        short_codes=[{"sid": "SC1", "short_code": CODE}],
    )


@pytest.fixture
def account(rest: Rest) -> Iterator[TwilioAccount]:
    with serve(rest) as base:
        yield TwilioAccount(SID, TOKEN, Redirected(base))


def planned(account: TwilioAccount) -> Plan:
    return plan([LINE], account.resources(), PUBLIC, FALLBACK)


def test_new_numbers_are_pointed_at_the_line_and_its_fallback(rest: Rest, account: TwilioAccount) -> None:
    changes = {(one.resource.name, one.setting): one.wanted for one in planned(account).changes}
    assert changes[CALLS, "voice_url"] == f"{PUBLIC}/twilio/voice{OVERRIDES}"
    assert changes[CALLS, "voice_fallback_url"] == f"{FALLBACK}/norfolk.en.voice.xml"
    assert changes[CALLS, "voice_fallback_method"] == "GET"
    assert changes[CALLS, "status_callback"] == f"{PUBLIC}/twilio/status/call{OVERRIDES}"
    assert changes[TEXTS, "sms_url"] == changes[CODE, "sms_url"] == f"{PUBLIC}/twilio/sms{OVERRIDES}"
    assert changes[TEXTS, "sms_application_sid"] == ""
    assert "+447700900999" not in {name for name, _ in changes}  # not the line's, so not ours to change


def test_what_was_applied_needs_no_further_change(rest: Rest, account: TwilioAccount) -> None:
    for change in planned(account).changes:
        account.change(change.resource, {change.setting: change.wanted})
    names = {"PN1": rest.numbers[0], "PN2": rest.numbers[1], "SC1": rest.short_codes[0]}
    for path, given in rest.asked:
        thing = next(thing for sid, thing in names.items() if sid in path)
        for name, value in given.items():
            snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
            thing[snake.removeprefix("_")] = value
    assert planned(account) == Plan((), ())
    assert rest.numbers[1]["sms_application_sid"] == ""


def test_messaging_service_must_leave_the_number_its_own_address(rest: Rest, account: TwilioAccount) -> None:
    rest.services = [{"sid": "MG1", "friendly_name": "All", "use_inbound_webhook_on_number": False}]
    rest.senders = [TEXTS]
    service = [one for one in planned(account).changes if one.resource.kind == "messaging service"]
    assert [(one.setting, one.found, one.wanted) for one in service] == [
        ("use_inbound_webhook_on_number", "false", "true")
    ]
    account.change(service[0].resource, {service[0].setting: service[0].wanted})
    assert rest.asked == [("messaging.twilio.com/v1/Services/MG1", {"UseInboundWebhookOnNumber": "true"})]


def test_number_that_the_account_lacks_is_named(rest: Rest, account: TwilioAccount) -> None:
    rest.numbers.pop(0)
    assert planned(account).missing == (CALLS,)


def test_refused_token_is_told_without_a_secret(rest: Rest, account: TwilioAccount) -> None:
    rest.refuses = True
    with pytest.raises(TwilioError, match=r"HTTP 401.*TWILIO_AUTH_TOKEN") as raised:
        account.resources()
    assert SID not in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_twilio_that_can_not_be_reached_is_told() -> None:
    account = TwilioAccount(SID, TOKEN, Redirected("http://127.0.0.1:9"))
    with pytest.raises(TwilioError, match="can't be reached"):
        account.standing()


class Health:
    """This program as it is reached from outside."""

    def __init__(self, status: str = "200 OK", body: bytes = b"ok\n") -> None:
        self.status, self.body = status, body

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(self.status, [("Content-Type", "text/plain")])
        return [self.body]


def examined(account: TwilioAccount, health: Health, clock_ahead: timedelta = timedelta()) -> str:
    with serve(health) as base:
        chosen = Settings(
            account_sid=SID, public_url=base, flows_dir=ROOT / "flows", config_dir=ROOT / "config"
        )
        return "\n".join(examine(chosen, account, datetime.now(UTC) + clock_ahead))


def test_examination_names_everything_that_is_wrong(
    rest: Rest, account: TwilioAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "development")
    rest.countries, rest.texts_to = ["GB", "LV", "ZW"], ["GB", "SO"]
    rest.account = {"status": "suspended", "type": "Trial"}
    told = examined(account, Health("301 Moved Permanently", b""), timedelta(hours=1))
    for words in (
        "suspended",
        "trial",
        " seconds off",
        "Calls may go to LV, ZW",
        "Texts may go to SO",
        "voice_url is https://demo.twilio.com/welcome/voice/",
        "no fallback",
        "HTTP 301",
    ):
        assert words in told
    assert "sms_application_sid is AP1, not empty; cure: signpost twilio apply" in told


def test_examination_of_a_wrong_token_stops_there(rest: Rest, account: TwilioAccount) -> None:
    rest.refuses = True
    assert examined(account, Health()).startswith("Twilio refused")


def test_detours_are_settings_of_twilio(account: TwilioAccount) -> None:
    number = next(one for one in account.resources() if one.kind == "number")
    assert set(DETOURS) <= set(number.settings)
