"""The API: what its description promises, whose rows it gives, and faults that a program can read."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from bot.web.portal.api.openapi import document
from tests.web.portal.places import AUDITOR, MINE, OPERATOR, OTHERS, SAM, Portal

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
PATHS = sorted(document()["paths"])
ASKED = [path for path in PATHS if document()["paths"][path]["get"].get("parameters")]


def hold_to_description(portal: Portal, path: str, mode: GenerationMode) -> None:
    """Ask in many ways, and compare each answer with the description."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", portal.line.app)
    seen = []

    # Derandomized: once in a long while schemathesis leaves out what it calls wrong with a request.
    @settings(
        max_examples=40,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=schema[path]["GET"].as_strategy(generation_mode=mode))
    def holds(case: Any) -> None:
        # What is wrong with a request may be a value that is left out on the way, such as an empty list.
        assume(all(value not in ([], {}, None) for value in (case.query or {}).values()))
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {portal.token}"}, checks=CHECKS)
        seen.append(answer.status_code)

    holds()
    assert seen


@pytest.mark.parametrize("path", PATHS)
def test_the_api_keeps_what_its_description_promises(portal: Portal, path: str) -> None:
    hold_to_description(portal, path, GenerationMode.POSITIVE)


@pytest.mark.parametrize("path", [path for path in ASKED if path != "/services/{id}"])
def test_the_api_refuses_what_its_description_excludes(portal: Portal, path: str) -> None:
    hold_to_description(portal, path, GenerationMode.NEGATIVE)


def ask(portal: Portal, path: str, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token or portal.token}"}
    return portal.line.app.test_client().get(path, headers=headers)


def test_a_partner_walks_through_its_own_routings(portal: Portal) -> None:
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = ask(portal, f"/api/v1/routings?limit=50&after={after}").get_json()
        found += page["routings"]
        after = page["next"]
    assert sorted(one["id"] for one in found) == sorted(row["id"] for row in portal.mine)
    kept = {row["id"]: row for row in portal.mine}
    for one in found:
        row = kept[one["id"]]
        assert one == {name: row[name] for name in one if name != "hour"} | {
            "hour": f"{row['hour']:%Y-%m-%dT%H:00:00Z}"
        }


def test_the_same_filters_as_on_the_page(portal: Portal) -> None:
    page = ask(portal, "/api/v1/routings?channel=voice&language=en&from=2026-11-23&to=2026-11-23").get_json()
    expected = [
        row["id"]
        for row in portal.mine
        if (row["channel"], row["language"], f"{row['hour']:%Y-%m-%d}") == ("voice", "en", "2026-11-23")
    ]
    assert expected
    assert sorted(one["id"] for one in page["routings"]) == sorted(expected)


def test_a_session_counts_as_a_token_does(portal: Portal) -> None:
    answer = portal.person(SAM).client.get("/api/v1/summary?period=2026-11")
    assert answer.get_json()["total"] == {"routings": "120", "least": 120, "most": 120}


def test_without_a_token_nothing_is_given(portal: Portal) -> None:
    for path in ("/api/v1/routings", "/api/v1/summary", "/api/v1/directory"):
        answer = portal.line.app.test_client().get(path)
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("email", [AUDITOR, OPERATOR])
def test_auditor_and_operator_get_counts_by_the_rule_and_no_rows(portal: Portal, email: str) -> None:
    client = portal.person(email).client
    assert client.get("/api/v1/routings").status_code == 403
    portal.line.now = portal.line.now.replace(month=12, day=2)
    portal._signed_in.clear()  # noqa: SLF001 - the session of before is over by this clock
    client = portal.person(email).client
    body = client.get("/api/v1/summary?period=2026-11").get_json()
    assert body["exact"] is False
    for table in body["tables"].values():
        for cell in table:
            assert cell["routings"] in ("0", "fewer than 8") or cell["least"] < cell["most"]
    assert client.get("/api/v1/summary?period=2026-12").status_code == 400


def test_the_directory_is_a_partners_own_or_whole(portal: Portal) -> None:
    assert [one["name"] for one in ask(portal, "/api/v1/directory").get_json()["services"]] == [
        "Crimestoppers"
    ]
    police = ask(portal, "/api/v1/directory", portal.token_of(OTHERS)).get_json()["services"]
    assert [one["name"] for one in police] == ["Norfolk Constabulary"]
    everybody = portal.person(AUDITOR).client.get("/api/v1/directory").get_json()["services"]
    assert len(everybody) == len(portal.line.wiring.catalogue.directory.services)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v1/nothing", 404), ("/api/v1/routings?limit=0", 400), ("/api/v1/routings?after=x", 400)],
)
def test_faults_are_problems_that_a_program_can_read(portal: Portal, path: str, status: int) -> None:
    answer = ask(portal, path)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json()["status"] == status


def test_nothing_of_it_is_kept_by_a_cache(portal: Portal) -> None:
    assert ask(portal, "/api/v1/routings").headers["Cache-Control"] == "no-store"


def test_services_are_for_everybody_and_are_kept_for_a_while(portal: Portal) -> None:
    client = portal.line.app.test_client()
    first = client.get("/services?per_page=2")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    page = first.get_json()
    assert (page["size"], page["first_page"], page["last_page"], page["empty"]) == (2, True, False, False)
    again = client.get("/services?per_page=2", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    one = client.get(f"/services/{page['contents'][1]['id']}").get_json()
    assert one == client.get("/services/police-101").get_json()
    assert [phone["number"] for phone in one["phones"]] == ["101", "18001 101"] or one["phones"][0][
        "number"
    ] == "101"


def test_pages_of_services_hold_each_once(portal: Portal) -> None:
    client, found, number = portal.line.app.test_client(), [], 1
    while True:
        page = client.get(f"/services?per_page=3&page={number}").get_json()
        found += [one["id"] for one in page["contents"]]
        if page["last_page"]:
            break
        number += 1
    assert len(found) == len(set(found)) == page["total_items"]
    assert client.get("/services?search=crimestoppers").get_json()["total_items"] == 1
    assert client.get("/services?search=nobody+at+all").get_json()["empty"] is True


def test_a_number_to_transfer_to_is_not_given_away(portal: Portal) -> None:
    assert MINE
    text = portal.line.app.test_client().get("/services/crimestoppers").text
    assert "transfer" not in text
