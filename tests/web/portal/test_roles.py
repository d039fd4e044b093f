"""Who may open what: each page, as each role and as nobody; and the tokens of programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from flask import Blueprint, Response, jsonify

from bot.core.account import ROLES, Role
from bot.store import tokens
from bot.web.portal import access, blueprint, keys
from tests.partners import Person, add_account, lines_of_log
from tests.web.portal.conftest import EMAIL

if TYPE_CHECKING:
    from tests.line import PlayedLine

EVERYBODY: set[Role] = {"partner", "auditor", "operator"}
# Pages that need nobody to be signed in; each looks after itself.
OPEN = {
    *("portal.static", "portal.sign_in", "portal.check_password", "portal.code", "portal.check_code"),
    *("portal.sign_out", "portal.set_up", "portal.choose_password", "portal.code_app"),
    *("portal.prove_code_app", "portal.code_app_later"),
}
# Every other page of this package, and who may open it.
MAY_OPEN: dict[str, set[Role]] = {
    "portal.overview": EVERYBODY,
    "portal.account": EVERYBODY,
    "portal.change_password": EVERYBODY,
    "portal.renew_recovery_codes": EVERYBODY,
    "portal.tokens": {"partner"},
    "portal.make_token": {"partner"},
    "portal.revoke_token": {"partner"},
    "portal.accesses": {"auditor"},
    "portal.routings": {"partner"},
    "portal.routing": {"partner"},
    "portal.export": {"partner"},
    "portal.proof": {"partner"},
    "portal.disclosure": {"partner"},
    "portal.records": {"partner"},
    "portal.log_entries": EVERYBODY,
    "portal.verify": EVERYBODY,
    "portal.assure": {"partner"},
    "portal.assurances_page": {"operator"},
    "portal.understanding": {"auditor", "operator"},
    "portal.settle": {"operator"},
    "portal.log": EVERYBODY,
    "portal.checkpoint": EVERYBODY,
    "portal.directory": EVERYBODY,
    "portal.downloads": EVERYBODY,
    "portal.figures_export": EVERYBODY,
}
# What stands in the addresses; nothing of it exists.
NAMES = {"number": 1, "size": 1, "routing_id": "none", "form": "csv", "service_id": "none"}


def test_every_page_says_who_may_open_it(line: PlayedLine) -> None:
    views = {name: view for name, view in line.app.view_functions.items() if name.startswith("portal.")}
    unguarded = {name for name, view in views.items() if not hasattr(view, "allowed_roles")}
    assert unguarded == OPEN
    for name, roles in MAY_OPEN.items():
        assert set(access.navigation_roles(views[name]) or ROLES) == roles, name


@pytest.mark.parametrize("endpoint", MAY_OPEN)
@pytest.mark.parametrize("role", [*ROLES, None])
def test_each_role_opens_its_own_pages(line: PlayedLine, role: Role | None, endpoint: str) -> None:
    person = Person(line, EMAIL)
    if role:
        add_account(line, EMAIL, role)
        person.sign_in()
    rule = next(rule for rule in line.app.url_map.iter_rules(endpoint))
    method = "POST" if "POST" in (rule.methods or ()) else "GET"
    named = {name: NAMES[name] for name in rule.arguments}
    path = line.app.url_map.bind("localhost").build(endpoint, named, method=method)
    short = path.removeprefix("/partners")
    shown = "/account" if role else "/sign-in"
    answer = person.get(short) if method == "GET" else person.post(short, shown)
    if role is None:
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/partners/sign-in")
    elif role in MAY_OPEN[endpoint]:
        assert answer.status_code in (200, 303, 400, 404, 422)
        assert "sign-in" not in (answer.location or "")
    else:
        assert answer.status_code == 403
        assert "ask the operator of the line" in answer.text
        assert [one.facts for one in lines_of_log(line, "refused")] == [
            {"page": endpoint.removeprefix("portal.")}
        ]


@pytest.mark.parametrize("role", ROLES)
def test_navigation_leads_only_where_a_role_may_go(line: PlayedLine, role: Role) -> None:
    add_account(line, EMAIL, role)
    page = Person(line, EMAIL).sign_in().get("").text
    assert ("/partners/tokens" in page) is (role == "partner")
    assert ("/partners/accesses" in page) is (role == "auditor")


@pytest.fixture
def api(line: PlayedLine) -> PlayedLine:
    """The line with one page for programs, which says who asks."""
    pages = Blueprint("who", __name__, url_prefix="/api/v1")

    @pages.get("/who")
    @access.allowed("partner", "operator")
    def who() -> Response:
        access.record_access("api.who")
        return jsonify(asdict(access.viewer()))

    pages.after_request(blueprint.finish)
    line.app.register_blueprint(pages)
    return line


def make_token(line: PlayedLine, name: str = "report", partner: str = "crimestoppers") -> str:
    add_account(line, f"{partner}-{name}@example.org", partner=partner)
    person = Person(line, f"{partner}-{name}@example.org").sign_in()
    page = person.post("/tokens", name=name).text
    secret = page.split('<code class="secret">')[1].split("<")[0]
    assert keys.is_api_token(secret)
    assert secret not in person.get("/tokens").text
    return secret


def ask(line: PlayedLine, authorization: str, path: str = "/api/v1/who") -> tuple[int, dict[str, object]]:
    answer = line.app.test_client().get(path, headers={"Authorization": authorization})
    return answer.status_code, answer.get_json(silent=True) or {}


def test_token_speaks_for_its_partner_on_the_api(api: PlayedLine) -> None:
    secret = make_token(api)
    status, told = ask(api, f"Bearer {secret}")
    assert (status, told) == (
        200,
        {"account_id": 0, "name": "report", "partner": "crimestoppers", "role": "partner"},
    )
    [line] = lines_of_log(api, "api.who")
    assert (line.role, line.account_id, line.facts) == ("partner", None, {"token": 1})


def test_token_is_no_use_on_a_page(api: PlayedLine) -> None:
    secret = make_token(api)
    for path in ("/partners", "/partners/account", "/partners/tokens", "/api/v1x"):
        assert ask(api, f"Bearer {secret}", path)[0] in (303, 404)


def test_page_leaves_a_proxys_own_password_alone(line: PlayedLine, anna: Person) -> None:
    anna.sign_in()
    asked = anna.client.get("https://localhost/partners", headers={"Authorization": "Basic cHJveHk6cHJveHk="})
    assert asked.status_code == 200


@pytest.mark.parametrize("kind", ["nothing", "word", "basic", "slip", "unknown", "revoked"])
def test_what_is_no_live_token_is_told_to_the_program(api: PlayedLine, kind: str) -> None:
    secret = make_token(api)
    if kind == "revoked":
        person = Person(api, "crimestoppers-report@example.org")
        api.pass_time(1)
        person.sign_in().post("/tokens/1/revoke", "/tokens")
    given = {
        "nothing": "",
        "word": "Bearer sp_",
        "basic": f"Basic {secret}",
        "slip": f"Bearer {secret[:-1]}{'a' if secret[-1] != 'a' else 'b'}",
        "unknown": f"Bearer {keys.new_api_token()}",
        "revoked": f"Bearer {secret}",
    }[kind]
    answer = api.app.test_client().get("/api/v1/who", headers={"Authorization": given})
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.get_json()["status"] == 401
    assert len(lines_of_log(api, "token.refused")) == (kind in ("unknown", "revoked"))


def test_several_tokens_live_at_once_and_end_one_by_one(api: PlayedLine) -> None:
    first, second = make_token(api, "one"), make_token(api, "two")
    person = Person(api, "crimestoppers-one@example.org")
    api.pass_time(1)
    person.sign_in()
    stranger = make_token(api, "theirs", "nhs")
    for secret in (first, second, stranger):
        assert ask(api, f"Bearer {secret}")[0] == 200
    person.post("/tokens/1/revoke", "/tokens")
    person.post("/tokens/3/revoke", "/tokens")  # another partner's
    assert [ask(api, f"Bearer {secret}")[0] for secret in (first, second, stranger)] == [401, 200, 200]
    page = person.get("/tokens").text
    assert "two" in page
    assert "theirs" not in page


def test_last_use_is_kept_to_the_day(api: PlayedLine) -> None:
    secret = make_token(api)
    with api.wiring.store.reading("a test") as connection:
        assert [token.last_used_on for token in tokens.of_partner(connection)] == [""]
    ask(api, f"Bearer {secret}")
    api.pass_time(24 * 60)
    ask(api, f"Bearer {secret}")
    with api.wiring.store.reading("a test") as connection:
        assert [token.last_used_on for token in tokens.of_partner(connection)] == ["2026-11-25"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "two\nlines"])
def test_token_without_a_usable_name_is_not_made(line: PlayedLine, anna: Person, name: str) -> None:
    answer = anna.sign_in().post("/tokens", name=name)
    assert answer.status_code == 422
    assert "Give the token a name" in answer.text


def test_name_of_a_token_is_only_text(anna: Person) -> None:
    page = anna.sign_in().post("/tokens", name="<b>=cmd</b>").text
    assert "<b>" not in page
    assert "&lt;b&gt;=cmd" in page


def test_there_are_so_many_tokens_at_most(anna: Person) -> None:
    anna.sign_in()
    for number in range(20):
        assert anna.post("/tokens", name=f"t{number}").status_code == 200
    assert "Revoke one that nobody uses first" in anna.post("/tokens", name="more").text


def test_session_of_a_person_opens_the_api_too(api: PlayedLine) -> None:
    add_account(api, EMAIL, "operator")
    person = Person(api, EMAIL).sign_in()
    assert person.client.get("https://localhost/api/v1/who").get_json()["role"] == "operator"
    add_account(api, "auditor@example.org", "auditor")
    auditor = Person(api, "auditor@example.org").sign_in()
    refused = auditor.client.get("https://localhost/api/v1/who")
    assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
