"""Signatures, redirects, limits and repeats."""

import pytest
from twilio.request_validator import RequestValidator

from bot.carrier import FetchError, Sids, Webhook, WsgiTransport
from tests.carrier.apps import FakeApp, Page

ORIGIN = "https://line.example"


def _webhook(app: FakeApp) -> Webhook:
    return Webhook(WsgiTransport(app), "token", Sids())


def test_a_post_is_signed_as_twilio_signs_it() -> None:
    app = FakeApp({"/a b": Page("")})
    _webhook(app).fetch("POST", f"{ORIGIN}/a%20b?x=1#rc=2", [("Body", "é "), ("Empty", "")], "document")
    seen = app.seen[0]
    assert seen.url == f"{ORIGIN}/a%20b?x=1"
    assert RequestValidator("token").validate(seen.url, dict(seen.params), seen.signature)


def test_a_get_carries_its_parameters_in_the_query_and_signs_the_address() -> None:
    app = FakeApp({"/a": Page("")})
    _webhook(app).fetch("GET", f"{ORIGIN}/a?x=1", [("Digits", "#")], "document")
    assert app.seen[0].url == f"{ORIGIN}/a?x=1&Digits=%23"
    assert RequestValidator("token").validate(app.seen[0].url, {}, app.seen[0].signature)


def test_a_redirect_is_followed_with_get_and_loses_the_form() -> None:
    app = FakeApp({"/a": Page("", "307 Temporary Redirect", None, "b?k=v"), "/b": Page("there")})
    fetch = _webhook(app).fetch("POST", f"{ORIGIN}/a", [("Digits", "1")], "document")
    assert (fetch.url, fetch.answer.body) == (f"{ORIGIN}/b?k=v", b"there")
    assert (app.seen[1].method, app.seen[1].params) == ("GET", (("k", "v"),))


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (Page("", "302 Found", None, "/a"), 11215),
        (Page("", "500 Internal Server Error"), 11217),
        (Page("", "404 Not Found"), 11217),
        (Page("", "304 Not Modified"), 11200),
    ],
)
def test_other_statuses_are_failures(page: Page, code: int) -> None:
    with pytest.raises(FetchError) as caught:
        _webhook(FakeApp({"/a": page})).fetch("POST", f"{ORIGIN}/a", [], "document")
    assert caught.value.code == code


def test_an_answer_after_fifteen_seconds_comes_too_late() -> None:
    transport = WsgiTransport(FakeApp({"/a": Page("")}), seconds=iter([0.0, 15.1]).__next__)
    with pytest.raises(FetchError) as caught:
        Webhook(transport, "token", Sids()).fetch("POST", f"{ORIGIN}/a", [], "document")
    assert caught.value.code == 11205


@pytest.mark.parametrize("at_once", [False, True])
def test_a_duplicate_is_the_same_request_again_once(at_once: bool) -> None:
    app = FakeApp({"/a": Page("")})
    webhook = _webhook(app)
    webhook.duplicate_next(at_once=at_once)
    webhook.fetch("POST", f"{ORIGIN}/a", [("MessageSid", "SM1")], "document")
    webhook.fetch("POST", f"{ORIGIN}/a", [("MessageSid", "SM2")], "document")
    first, again, other = app.seen
    assert (first.params, first.signature, first.token) == (again.params, again.signature, again.token)
    assert other.token != first.token
    assert len(webhook.exchanges) == 3
    assert sorted(event.purpose for event in webhook.fetched) == ["document", "document", "duplicate"]


def test_the_last_request_can_be_sent_again() -> None:
    app = FakeApp({"/a": Page("same")})
    webhook = _webhook(app)
    webhook.fetch("POST", f"{ORIGIN}/a", [("MessageSid", "SM1")], "document")
    assert webhook.send_again(webhook.last_request).body == b"same"
    assert app.seen[0].token == app.seen[1].token


def test_sids_are_the_same_for_the_same_seed() -> None:
    one, other = Sids("a"), Sids("a")
    assert [one.new("CA"), one.new("SM")] == [other.new("CA"), other.new("SM")]
    assert len(one.new("CA")) == 34
    assert Sids("b").new("CA") != Sids("a").new("CA")
