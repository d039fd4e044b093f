"""Listings grow old, example numbers are not served, drafts are named, and transfers are safe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.check import check
from bot.check.listings import is_drama
from tests.check.conftest import TODAY, Data, found

FLOW, SERVICES, LINES = "flows/helpline.toml", "config/services.toml", "config/lines.toml"


@pytest.mark.parametrize(
    ("assured", "stale"),
    [("2025-11-24", False), ("2025-11-23", True), ("2026-11-24", False), ("2026-11-25", True)],
)
def test_a_listing_is_fresh_for_a_year(data: Data, assured: str, stale: bool) -> None:
    data.edit(SERVICES, "services.frank", "assured_on", f'{assured}\nassured_by = "A. Person"')
    assert bool(found(data.report(), "warning", "services.frank.assured_on")) is stale
    assert bool(found(data.report(production=True), "fault", "services.frank.assured_on")) is stale


def test_nobody_is_told_to_ring_999(data: Data) -> None:
    (warning,) = found(data.report(), "warning", "services.emergency.assured_on")
    assert "do not ring" in warning.cure


def test_a_successor_and_unknown_hours_are_warnings_with_their_notes(data: Data) -> None:
    report = data.report()
    assert "Change Grow Live" in found(report, "warning", "services.nrp.successor")[0].found
    assert "Its hours are not known." in found(report, "warning", "services.nrp.schedule")[0].found


def test_an_inactive_listing_is_a_note(data: Data) -> None:
    assert "find its number" in found(data.report(), "note", "services.unity")[0].cure


def test_an_active_service_that_no_flow_tells_is_a_note(data: Data) -> None:
    data.append(
        SERVICES,
        '\n[services.extra]\norganization = "nhs"\nname = "Extra"\nstatus = "active"\n'
        '[services.extra.description]\ntext = "More help."\nvoice = "More help."\n'
        '[[services.extra.phones]]\ndisplay = "119"\nnumber = "119"\ncost = "It is free."\n',
    )
    assert "no flow" in found(data.report(), "note", "services.extra")[0].found


def test_a_phone_without_languages_is_a_warning(data: Data) -> None:
    data.replace(SERVICES, 'languages = ["en"]', "languages = []")
    assert "no languages" in found(data.report(), "warning", "services.emergency.phones")[0].found


def test_a_language_that_nobody_speaks_is_a_note(data: Data) -> None:
    catalogue = data.catalogue()
    line = replace(catalogue.first_line, languages=("en", "pl"))
    report = check(replace(catalogue, lines={line.id: line}), TODAY, walked=False)
    assert "speak pl" in found(report, "note", "services.frank.phones")[0].found


@pytest.mark.parametrize(
    ("number", "drama"),
    [
        ("+447700900000", True),
        ("+447700900999", True),
        ("+447700901000", False),
        ("+441632960123", True),
        ("+442079460000", True),
        ("+442896496000", True),
        ("+441914980999", True),
        ("+448081570000", True),
        ("+441603514096", False),
        ("60163", False),
    ],
)
def test_drama_numbers_are_known(number: str, drama: bool) -> None:
    assert is_drama(number) is drama


def test_example_numbers_are_notes_until_people_are_served(data: Data) -> None:
    assert len(found(data.report(), "note", "lines.norfolk")) == 3
    assert len(found(data.report(production=True), "fault", "lines.norfolk")) == 3


def test_a_drama_number_in_the_directory_is_found(data: Data) -> None:
    data.replace(SERVICES, 'number = "+44800555111"', 'number = "+447700900123"')
    assert found(data.report(production=True), "fault", "services.crimestoppers.phones")


def test_clinical_wording_without_a_name_is_a_warning_even_in_production(data: Data) -> None:
    for production in (False, True):
        (warning,) = found(data.report(production=production), "warning", "clinical.approved_by")
        assert "nodes.distress" in warning.found
    data.edit(FLOW, "clinical", "approved_by", '"Dr A. Person"')
    assert not found(data.report(), "warning", "clinical")


def test_a_draft_translation_is_a_warning_in_its_own_file(data: Data) -> None:
    catalogue = data.catalogue()
    flow = catalogue.flows["helpline"]
    draft = replace(flow.wordings["en"], language="pl", status="draft")
    flow = replace(flow, wordings={**flow.wordings, "pl": draft})
    report = check(replace(catalogue, flows={flow.id: flow}), TODAY, walked=False)
    assert [one.file for one in found(report, "warning", "flow.status")] == ["flows/helpline.pl.toml"]
    assert {size.language for size in report.texts} == {"en", "pl"}


def test_a_transfer_to_a_short_number_or_from_999_is_a_fault(data: Data) -> None:
    catalogue = data.catalogue()
    places = catalogue.directory
    services = {
        **places.services,
        "police-101": replace(places.services["police-101"], transfer="offer"),
        "emergency": replace(places.services["emergency"], transfer="offer"),
    }
    report = check(replace(catalogue, directory=replace(places, services=services)), TODAY, walked=False)
    assert "a transfer to 101" in found(report, "fault", "services.police-101")[0].found
    assert len(found(report, "fault", "services.emergency")) == 2


def test_action_keys_that_clash_are_a_fault(data: Data) -> None:
    catalogue = data.catalogue()
    flow = catalogue.flows["helpline"]
    flow = replace(flow, action_keys={**flow.action_keys, "text": "1", "repeat": "0"})
    report = check(replace(catalogue, flows={flow.id: flow}), TODAY, walked=False)
    assert [one.found for one in found(report, "fault", "actions")] == [
        "key 0 means two things",
        "key 1 means two things",
    ]
