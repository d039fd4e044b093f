"""Walls: a partner sees its own rows, counts and proofs, and never another's; each role its own pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.web.portal.access import navigation_roles
from tests.partners import Person
from tests.store.ledgered import VALUES, keep_rows, made_up
from tests.web.portal.places import AUDITOR, KIM, MINE, OPERATOR, OTHERS, SAM, Portal, furnish

if TYPE_CHECKING:
    pass

PARTNER_ONLY = (
    *("/records/5/proof", "/records/5/disclosure", "/downloads/records.jsonl"),
    "/routings",
    "/routings/crim-1-5",
    "/downloads/routings.csv",
    "/downloads/routings.jsonl",
    "/downloads/routings.xlsx",
)
EVERYBODY = (
    "",
    "/log",
    "/log/entries",
    "/verify",
    "/directory",
    "/downloads",
    "/downloads/figures.csv?period=2026-10",
)
OPERATOR_ONLY = ("/assurances",)
NOT_PARTNERS = ("/understanding",)
ROLES = {SAM: "partner", AUDITOR: "auditor", OPERATOR: "operator"}


@pytest.mark.parametrize("path", [*PARTNER_ONLY, *EVERYBODY, *OPERATOR_ONLY, *NOT_PARTNERS])
def test_each_page_is_for_its_roles_alone(portal: Portal, path: str) -> None:
    for email, role in ROLES.items():
        allowed = path in EVERYBODY or role == ("operator" if path in OPERATOR_ONLY else "partner")
        allowed = role != "partner" if path in NOT_PARTNERS else allowed
        assert portal.person(email).get(path).status_code == (200 if allowed else 403), (path, role)


@pytest.mark.parametrize("path", [*PARTNER_ONLY, *EVERYBODY, *OPERATOR_ONLY, *NOT_PARTNERS])
def test_whoever_has_not_signed_in_is_sent_to_the_door(portal: Portal, path: str) -> None:
    answer = Person(portal.line).get(path)
    assert answer.status_code == 303
    assert answer.location.startswith("/partners/sign-in")


def test_every_route_says_who_may_see_it(portal: Portal) -> None:
    app = portal.line.app
    open_to_all = {"portal.static", "api.openapi"}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint.startswith("api.") and rule.endpoint not in open_to_all:
            assert navigation_roles(view), rule.endpoint


def everything(portal: Portal, email: str, query: str) -> str:
    """All that somebody can see or take away, as text."""
    who = portal.person(email)
    pages = ["", "?period=2026", f"/routings{query}", f"/downloads/routings.csv{query}", "/directory", "/log"]
    pages += [f"/downloads/routings.jsonl{query}", "/downloads/figures.csv?period=2026-11", "/downloads"]
    texts = [who.get(path).text for path in pages]
    texts += [who.client.get(f"/api/v1/{path}").text for path in (f"routings{query}", "summary", "directory")]
    return "\n".join(texts)


@pytest.fixture(scope="module")
def open_portal(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    return furnish(tmp_path_factory.mktemp("walls"))


queries = st.dictionaries(
    st.sampled_from(sorted([*VALUES, "service"])),
    st.sampled_from(
        sorted({value for options in VALUES.values() for value in options} | {"police-101", "crimestoppers"})
    ),
    max_size=2,
)


@settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
@given(asked=queries, who=st.sampled_from([SAM, KIM]))
def test_nothing_that_a_partner_sees_is_anothers(
    open_portal: Portal, asked: dict[str, str], who: str
) -> None:
    query = "?" + "&".join(f"{name}={value}" for name, value in asked.items()) if asked else ""
    text = everything(open_portal, who, query)
    foreign = "norf-2-" if who == SAM else "crim-1-"
    own = "crim-1-" if who == SAM else "norf-2-"
    assert foreign not in text
    assert not asked or "service" in asked or own in text or "passes these filters" in text


@settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None)
@given(more=st.integers(1, 40))
def test_what_another_partner_gets_changes_nothing_that_a_partner_sees(
    open_portal: Portal, more: int
) -> None:
    def seen() -> str:
        return re.sub(r'value="[0-9a-f]{64}"', "", everything(open_portal, SAM, ""))

    before = seen()
    seed = 100 + more + sum(map(ord, before[-9:])) + len(open_portal.others)
    added = made_up(more, partner=OTHERS, service="police-101", seed=seed * 1000 + len(open_portal.others))
    open_portal.others += added
    keep_rows(open_portal.line.wiring.store, added)
    assert seen() == before


def test_another_partners_routing_is_not_there(portal: Portal) -> None:
    theirs = portal.others[3]["id"]
    assert portal.person(KIM).get(f"/routings/{theirs}").status_code == 200
    assert portal.person(SAM).get(f"/routings/{theirs}").status_code == 404
    assert portal.person(SAM).get("/routings/nothing").status_code == 404


def test_a_partner_can_not_speak_for_anothers_listing(portal: Portal) -> None:
    answer = portal.person(SAM).post("/directory/police-101", page="/directory", verdict="right", words="")
    assert answer.status_code == 404


def test_auditor_and_operator_see_no_exact_count_and_no_present_month(portal: Portal) -> None:
    portal.line.now = portal.line.now.replace(month=12, day=2)
    for email in (AUDITOR, OPERATOR):
        page = portal.person(email).get("").text
        assert "November 2026" in page
        assert "fewer than 8" in page
        for cell in re.findall(r'<td class="number">([^<]+)</td>', page):
            assert re.fullmatch(r"0|fewer than 8|(about )?[\d,]*[05]", cell), cell
        assert portal.person(email).get("?period=2026-12").status_code == 404


def test_every_look_and_download_is_on_record(portal: Portal) -> None:
    sam = portal.person(SAM)
    for path in ("", "/routings?channel=sms", "/routings/crim-1-5", "/log", "/directory", "/downloads"):
        sam.get(path)
    sam.get("/downloads/routings.csv?channel=voice")
    sam.client.get("/api/v1/summary")
    log = portal.person(AUDITOR).get("/accesses").text
    for what in (
        "overview.seen",
        "routings.listed",
        "routing.seen",
        "log.seen",
        "directory.seen",
        "routings.exported",
        "api.summary",
    ):
        assert what in log, what
    assert "crim-1-5" in log


def test_the_numbers_of_a_page_are_those_of_its_rows(portal: Portal) -> None:
    page = portal.person(SAM).get("").text
    table = page.split('id="channel-head"')[1].split("</table>")[0]
    shown = {
        label: int(text)
        for label, text in re.findall(r'<th scope="row">([^<]+)</th><td class="number">([^<]+)</td>', table)
    }
    names = {"Text message": "sms", "Phone call": "voice", "WhatsApp": "whatsapp"}
    assert shown == {
        name: sum(row["channel"] == value for row in portal.mine) for name, value in names.items()
    }
    assert MINE
