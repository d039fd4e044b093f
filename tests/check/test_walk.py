"""The engine is walked through everything, and what it does wrong is found."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.check import walk
from bot.check.scope import Scope
from bot.core.engine import advance
from bot.core.flow import Prompt
from bot.core.session import Connect, Inbound, Session, Silence, Turn
from tests.check.conftest import TODAY, Data

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.core.directory import Directory
    from bot.core.flow import Flow
    from bot.core.intent import Intent
    from bot.core.session import Medium

FLOW, SERVICES = "flows/helpline.toml", "config/services.toml"
SLOWEST_SECONDS = 5  # it takes about one; a busy machine is slower


def scope(data: Data) -> Scope:
    catalogue = data.catalogue()
    flow = catalogue.flows["helpline"]
    return Scope(catalogue, flow, flow.wordings["en"], TODAY)


def with_phrases(one: Scope, phrases: Mapping[str, Prompt]) -> Scope:
    wording = replace(one.wording, phrases=phrases)
    return replace(one, wording=wording, flow=replace(one.flow, wordings={"en": wording}))


@pytest.mark.parametrize("medium", ["text", "voice"])
def test_the_shipped_script_holds_on_every_walk(data: Data, medium: Medium) -> None:
    began = time.process_time()
    turns, findings, explored = walk.explore(scope(data), medium)
    assert findings == []
    assert explored.states > 100
    assert time.process_time() - began < SLOWEST_SECONDS
    nodes = {step.node for turn in turns for step in turn.steps}
    assert nodes >= {node.id for node in scope(data).flow.nodes.values()}


def test_silence_ends_every_call(data: Data) -> None:
    _, _, explored = walk.explore(scope(data), "voice")
    assert 3 <= explored.silent_turns <= 15


def test_both_open_and_closed_hours_are_walked(data: Data) -> None:
    data.append(
        SERVICES,
        '\n[services.nrp.schedule]\n[[services.nrp.schedule.periods]]\nbyday = ["MO"]\n'
        'opens_at = "10:30"\ncloses_at = "16:30"\n',
    )
    turns, findings, _ = walk.explore(scope(data), "voice")
    assert findings == []
    said = {speech.text for turn in turns for speech in turn.says}
    assert any("It is closed now." in text for text in said)
    assert any(isinstance(turn.then, Connect) for turn in turns)
    assert any("can't put you through" in text for text in said)


def test_whatever_breaks_the_engine_is_named(data: Data) -> None:
    one = scope(data)
    phrases = {name: words for name, words in one.wording.phrases.items() if name != "texted"}
    _, findings, _ = walk.explore(with_phrases(one, phrases), "voice")
    assert any("the key 2 breaks the engine (KeyError: 'texted')" in finding.found for finding in findings)
    assert all(finding.item.endswith("(en, voice)") for finding in findings)


def test_a_turn_that_says_nothing_is_named(data: Data) -> None:
    one = scope(data)
    phrases = {**one.wording.phrases, "help": Prompt("", "")}
    _, findings, _ = walk.explore(with_phrases(one, phrases), "text")
    assert any(finding.found == "nothing is said after 'help'" for finding in findings)


def test_silence_that_goes_round_is_named(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    def patient(
        flow: Flow,
        directory: Directory,
        session: Session,
        inbound: Inbound,
        now: datetime,
        *,
        intent: Intent | None = None,
    ) -> Turn:
        turn = advance(flow, directory, session, inbound, now, intent=intent)
        return replace(turn, session=session) if isinstance(inbound, Silence) else turn

    monkeypatch.setattr(walk, "advance", patient)
    _, findings, _ = walk.explore(scope(data), "voice")
    assert any("for ever" in finding.found for finding in findings)


def test_a_number_outside_the_directory_is_named(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    def astray(
        flow: Flow,
        directory: Directory,
        session: Session,
        inbound: Inbound,
        now: datetime,
        *,
        intent: Intent | None = None,
    ) -> Turn:
        turn = advance(flow, directory, session, inbound, now, intent=intent)
        return replace(turn, then=Connect("999", 40)) if isinstance(turn.then, Connect) else turn

    monkeypatch.setattr(walk, "advance", astray)
    _, findings, _ = walk.explore(scope(data), "voice")
    assert any("rings 999" in finding.found for finding in findings)


def test_a_script_without_a_word_for_the_menu_is_named(data: Data) -> None:
    data.edit(FLOW, "commands.menu", "words", "[]")
    _, findings, _ = walk.explore(scope(data), "text")
    assert any(finding.found == "no word or key for MENU" for finding in findings)
