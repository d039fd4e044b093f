"""The pieces of a turn, each alone: `python -m tests.bench.micro`. `make test` runs each once, untimed."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse
from werkzeug.formparser import parse_form_data
from werkzeug.test import EnvironBuilder

from bot.catalogue import Catalogue, load
from bot.channels import signature, sms, voice
from bot.channels.addresses import first_values, read_form
from bot.core.engine import advance
from bot.core.session import Pressed, Said, Session
from bot.settings import ROOT
from bot.store import Decision, open_store, upgrade
from bot.understanding import load as load_understanding
from tests.bench.requests import TOGETHER, webhooks
from tests.line import ORIGIN, TOKEN
from tests.store.samples import LATER, NOW, ROUTING, SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.core.session import Channel, Turn
    from bot.store import Store
    from tests.bench.micro.conftest import Measure

SHORT = "i want to get off heroin"
LONG = (
    "hi sorry i dont really know who to ask about this, its about my neighbour, there have been cars coming "
    "and going at all hours since about march and last week two lads i have never seen before moved in with "
    "him, he is not well and i think they are using his flat to sell out of. my daughter says one of them "
    "offered her a phone and some trainers if she would hold on to a bag for him. i dont want to get anybody "
    "in trouble and i dont want my name in it but somebody ought to know about this before she gets hurt"
)
THREADS, TURNS_EACH = 8, 8


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    """The script and the directory as they are shipped."""
    return load(ROOT / "flows", ROOT / "config")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite, as durable as in production."""
    url = f"sqlite:///{tmp_path}/line.db"
    upgrade(url)
    opened = open_store(url)
    yield opened
    opened.close()


def webhook(channel: str) -> tuple[str, dict[str, str], bytes]:
    """The second webhook of somebody: its path, its headers and its form as they go over the wire."""
    request = list(webhooks(channel, TOGETHER + 1))[TOGETHER]
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name] = value
    return first.split()[1], headers, body


def at_menu(shipped: Catalogue, channel: Channel) -> Session:
    """Somebody at the first menu, about to choose."""
    flow, line = shipped.flows["helpline"], shipped.first_line
    begun = replace(SESSION, line=line.id, channel=channel)
    opened = advance(flow, shipped.directory, begun, Said("MENU"), NOW, line=line)
    assert opened.session is not None
    return replace(opened.session, channel=channel)


def chosen(shipped: Catalogue, channel: Channel) -> Turn:
    """What is decided when somebody chooses Crimestoppers."""
    inbound = Pressed("2") if channel == "voice" else Said("2")
    line, session = shipped.first_line, at_menu(shipped, channel)
    return advance(shipped.flows["helpline"], shipped.directory, session, inbound, NOW, line=line)


def test_engine_step(measure: Measure, shipped: Catalogue) -> None:
    flow, line, session = shipped.flows["helpline"], shipped.first_line, at_menu(shipped, "sms")
    turn = measure(lambda: advance(flow, shipped.directory, session, Said("2"), NOW, line=line))
    assert turn.chosen is not None
    assert turn.chosen.service == "crimestoppers"


@pytest.mark.parametrize("words", [SHORT, LONG], ids=["short message", "long message"])
def test_understanding(measure: Measure, shipped: Catalogue, words: str) -> None:
    understanding, languages = load_understanding(), shipped.first_line.languages
    meant = measure(lambda: understanding.understand(words, "sms", languages))
    assert meant.label not in ("unknown", "menu")


def test_signature(measure: Measure) -> None:
    path, headers, body = webhook("text")
    pairs, given = read_form(body, 500), headers["X-Twilio-Signature"]
    assert measure(lambda: signature.verify((TOKEN,), f"{ORIGIN}{path}", pairs, given))


def test_signature_by_twilio(measure: Measure) -> None:
    path, headers, body = webhook("text")
    form, given = dict(read_form(body, 500)), headers["X-Twilio-Signature"]
    validator = RequestValidator(TOKEN)
    assert measure(lambda: validator.validate(f"{ORIGIN}{path}", form, given))


def test_form(measure: Measure) -> None:
    _, _, body = webhook("text")
    assert measure(lambda: first_values(read_form(body, 500)))["Body"] == "2"


def test_form_by_werkzeug(measure: Measure) -> None:
    path, headers, body = webhook("text")
    environ = EnvironBuilder(path, method="POST", headers=list(headers.items()), data=body).get_environ()
    stream = environ["wsgi.input"]

    def parse() -> object:
        stream.seek(0)
        return parse_form_data(environ)[1]["Body"]

    assert measure(parse) == "2"


def test_twiml_of_a_text(measure: Measure, shipped: Catalogue) -> None:
    turn = chosen(shipped, "sms")
    assert "0800 555 111" in measure(lambda: sms.render(turn))


def test_twiml_of_a_text_by_twilio(measure: Measure, shipped: Catalogue) -> None:
    turn = chosen(shipped, "sms")

    def render() -> str:
        response = MessagingResponse()
        response.message("\n".join(speech.text for speech in turn.says))
        return str(response)

    assert "0800 555 111" in measure(render)


def test_twiml_of_a_call(measure: Measure, shipped: Catalogue) -> None:
    turn, line, displays = chosen(shipped, "voice"), shipped.first_line, shipped.directory.displays()
    assert "<Say " in measure(lambda: voice.render(turn, line, displays, ""))


def test_commit_of_one_turn(measure: Measure, store: Store) -> None:
    numbers = count()
    assert measure(lambda: commit(store, f"{next(numbers)}")) == "<Response/>"


def test_commit_shared_by_eight(measure: Measure, store: Store) -> None:
    numbers = count()

    def all_at_once() -> list[str]:
        start, answers = Barrier(THREADS), list[str]()

        def several(names: list[str]) -> None:
            start.wait(20)
            answers.extend(commit(store, name) for name in names)

        threads = [
            Thread(target=several, args=([f"{next(numbers)}" for _ in range(TURNS_EACH)],))
            for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return answers

    assert (
        measure(all_at_once, per=THREADS * TURNS_EACH, memory=False) == ["<Response/>"] * THREADS * TURNS_EACH
    )


def commit(store: Store, name: str) -> str:
    """Commit a turn that routes somebody who is new."""
    session, routing = replace(SESSION, id=name), replace(ROUTING, id=name)

    def decide(_before: Session | None) -> Decision:
        return Decision("<Response/>", session, routing)

    return store.take(name, name, NOW, LATER, decide).answer
