"""Texts fit two parts in every state of the hours; what is spoken stays short."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from bot.check import check
from bot.check.hours import states
from bot.core.directory import Directory, Period, Schedule
from tests.check.conftest import TODAY, Data, found

FLOW, SERVICES = "flows/helpline.toml", "config/services.toml"


def test_a_menu_of_three_parts_is_a_fault(data: Data) -> None:
    data.edit(FLOW, "nodes.young", "text", f'"In danger? Call 999. {"Read this. " * 20}"')
    (fault,) = found(data.report(), "fault", "nodes.young")[:1]
    assert "in 3 parts, GSM-7" in fault.found


def test_a_first_menu_of_two_parts_is_a_warning(data: Data) -> None:
    data.edit(
        FLOW, "nodes.main", "text", '"This is the automatic line for Norfolk. In danger now? Call 999."'
    )
    report = data.report()
    assert "in 2 parts" in found(report, "warning", "nodes.main")[0].found
    assert not found(report, "fault", "nodes.main")


def test_letters_that_force_ucs2_are_named(data: Data) -> None:
    data.replace(
        FLOW,
        'text = "I feel low or can\'t cope"',
        'text = "I feel low or can\N{RIGHT SINGLE QUOTATION MARK}t cope"',
    )
    report = data.report()
    assert "U+2019 RIGHT SINGLE QUOTATION MARK" in found(report, "warning", "nodes.other")[0].found
    (size,) = [one for one in report.texts if (one.language, one.item) == ("en", "nodes.other")]
    assert (size.encoding, size.parts, size.forced_by) == ("UCS-2", 4, "\N{RIGHT SINGLE QUOTATION MARK}")
    assert "UCS-2" in found(report, "fault", "nodes.other")[0].found


def test_a_service_is_measured_in_the_longest_state_of_its_hours(data: Data) -> None:
    data.append(
        SERVICES,
        '\n[services.nrp.schedule]\n[[services.nrp.schedule.periods]]\nbyday = ["MO"]\n'
        'opens_at = "10:30"\ncloses_at = "16:30"\n',
    )
    (size,) = [one for one in data.report().texts if (one.language, one.item) == ("en", "services.nrp")]
    assert size.state == "opens on WE"
    # 212 as people see it who chose it; those who are understood to mean it see the longer last words.
    assert size.chars == 212 - len("We do not know when it is open.") - len("Reply MENU for more.") + len(
        "Closed now. Opens Wednesday at 10.30am."
    ) + len("Not what you meant? Reply MENU.")


def test_a_service_too_long_in_one_state_alone_is_a_fault(data: Data) -> None:
    data.append(
        SERVICES,
        '\n[services.nrp.schedule]\n[[services.nrp.schedule.periods]]\nbyday = ["MO"]\n'
        'opens_at = "10:30"\ncloses_at = "16:30"\n',
    )
    data.edit(
        FLOW, "phrases.hours_opens_tomorrow", "text", f'"Opens tomorrow at {{time}}. {"Try then. " * 15}"'
    )
    (fault,) = [one for one in found(data.report(), "fault", "services.nrp") if one.file == FLOW]
    assert "(opens tomorrow)" in fault.found


def test_every_state_of_the_hours_is_set_up_as_named(data: Data) -> None:
    catalogue = data.catalogue()
    periods = (
        Period(("MO", "TU"), time(9), time(17, 30)),
        Period(("SA",), time(20), time(2)),
        Period(("SU",), time(0), time.max),
    )
    service = replace(catalogue.directory.services["nrp"], schedule=Schedule(periods=periods))
    directory = Directory({**catalogue.directory.services, "nrp": service}, "test")
    seen = set()
    for name, there, now in states(directory, service):
        hours = there.hours(there.services["nrp"], now)
        seen.add(name)
        if name.startswith("open,"):
            assert hours.state == "open"
        elif name.startswith("opens on") or name == "opens tomorrow":
            assert hours.state == "closed"
            assert hours.opens is not None
            assert (hours.opens.date() - now.date()).days == (1 if name == "opens tomorrow" else 3)
        elif name != "opens today":
            assert hours.state == name
            assert hours.opens is None
    assert {"always", "closed", "opens today", "opens tomorrow", "opens on MO", "open, SU"} <= seen


def test_a_speech_that_the_voice_refuses_is_a_fault(data: Data) -> None:
    data.edit(FLOW, "nodes.distress", "voice", f'"In danger? Call 999. {"Listen to this. " * 185}"')
    assert "characters" in found(data.report(walked=True), "fault", "distress (")[0].found


def test_a_menu_that_takes_long_to_say_is_a_warning(data: Data) -> None:
    data.edit(FLOW, "nodes.distress", "voice", f'"In danger? Call 999. {"Listen to this. " * 30}"')
    (warning,) = found(data.report(), "warning", "nodes.distress.voice")
    assert "about 4" in warning.found
    assert "15 a second" in warning.found


def test_every_text_of_the_walk_is_measured(data: Data) -> None:
    report = check(data.catalogue(), TODAY)
    items = {size.item for size in report.texts}
    assert {"nodes.main", "services.emergency", "help (word)", "other (again)", "phrases.safe"} <= items
    assert max(size.parts for size in report.texts) == 2
