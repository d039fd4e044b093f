"""Forwarded headers: believed from named peers, gone for everybody. Addresses: RFC 5737, RFC 3849."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import create_environ
from werkzeug.wrappers import Request

from bot.web.proxies import Peer, TrustedProxies, parse_networks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse

TRUSTED = parse_networks("10.0.0.0/8 fd00::/8 unix")
FORWARDED = {
    "HTTP_X_FORWARDED_FOR": "203.0.113.7",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "line.example.org",
}


def passed_on(environ: dict[str, Any], networks: tuple[Peer, ...] = TRUSTED) -> dict[str, Any]:
    """The environment as the application within sees it."""
    seen: dict[str, Any] = {}

    def app(inner: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        seen.update(inner)
        start_response("200 OK", [])
        return [b"ok"]

    def start_response(*_args: object, **_kwargs: object) -> Any:
        return None

    assert list(TrustedProxies(app, networks)(environ, start_response)) == [b"ok"]
    return seen


def request_from(peer: str | None, **headers: str) -> dict[str, Any]:
    environ = create_environ("/sms", "http://internal:8000")
    if peer is not None:
        environ["REMOTE_ADDR"] = peer
    return {**environ, **headers}


def forwarded_left_in(environ: dict[str, Any]) -> list[str]:
    return [key for key in environ if "FORWARDED" in key or key == "HTTP_X_REAL_IP"]


def test_a_trusted_peer_says_who_is_asking_and_how() -> None:
    request = Request(passed_on(request_from("10.0.0.1", **FORWARDED)))
    assert request.remote_addr == "203.0.113.7"
    assert request.url == "https://line.example.org/sms"


@pytest.mark.parametrize(
    "peer", ["203.0.113.9", "11.0.0.1", "2001:db8::9", "", "unix:", None, "nonsense", "10.0.0.1.2"]
)
def test_anybody_else_is_not_believed(peer: str | None) -> None:
    networks = parse_networks("10.0.0.0/8")
    request = Request(passed_on(request_from(peer, **FORWARDED), networks))
    assert request.remote_addr == peer
    assert request.url == "http://internal:8000/sms"


@pytest.mark.parametrize("peer", ["10.0.0.1", "203.0.113.9"])
def test_nothing_downstream_can_read_a_forwarded_header(peer: str) -> None:
    more = {
        "HTTP_FORWARDED": "for=203.0.113.7",
        "HTTP_X_REAL_IP": "203.0.113.7",
        "HTTP_X_FORWARDED_PORT": "443",
        "HTTP_X_FORWARDED_PREFIX": "/evil",
        "HTTP_X_FORWARDED_SERVER": "evil",
        "HTTP_X_FORWARDED": "for=203.0.113.7",
    }
    seen = passed_on(request_from(peer, **FORWARDED, **more))
    assert forwarded_left_in(seen) == []
    assert seen["HTTP_HOST"]
    assert not seen["SCRIPT_NAME"]


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, 10.0.0.2, 10.0.0.3", "203.0.113.7"),
        ("127.0.0.1,203.0.113.7", "203.0.113.7"),
        ("10.0.0.4, 10.0.0.5", "10.0.0.4"),
        ("203.0.113.7:51234", "203.0.113.7"),
        ("[2001:db8::7]:51234", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:DB8::7, fd00::1", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, ::ffff:10.0.0.2", "203.0.113.7"),
        # Past a hop that cannot be read nothing is known, so the nearest one that can is the answer.
        ("203.0.113.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("203.0.113.7, _hidden", "10.0.0.1"),
        ("203.0.113.7,", "10.0.0.1"),
        ("203.0.113.07", "10.0.0.1"),
        ("", "10.0.0.1"),
        (",,,", "10.0.0.1"),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_not_ours(hops: str, client: str) -> None:
    assert passed_on(request_from("10.0.0.1", HTTP_X_FORWARDED_FOR=hops))["REMOTE_ADDR"] == client


def test_a_peer_seen_through_an_ipv6_socket_is_known_by_its_ipv4_address() -> None:
    seen = passed_on(request_from("::ffff:10.0.0.1", **FORWARDED))
    assert seen["REMOTE_ADDR"] == "203.0.113.7"


@pytest.mark.parametrize("peer", ["", "unix:", None])
def test_a_unix_socket_is_trusted_by_the_word_unix(peer: str | None) -> None:
    environ = request_from(peer, **FORWARDED)
    if peer is None:
        environ.pop("REMOTE_ADDR", None)
    assert passed_on(dict(environ), ("unix",))["REMOTE_ADDR"] == "203.0.113.7"
    assert passed_on(dict(environ), (ip_network("0.0.0.0/0"), ip_network("::/0"))).get("REMOTE_ADDR") == peer


@pytest.mark.parametrize(
    ("said", "scheme"),
    [
        ("https", "https"),
        ("HTTPS", "https"),
        ("http, https", "https"),
        ("https,http", "http"),
        ("ftp", "http"),
        ("", "http"),
    ],
)
def test_the_scheme_is_what_the_nearest_proxy_said(said: str, scheme: str) -> None:
    assert passed_on(request_from("10.0.0.1", HTTP_X_FORWARDED_PROTO=said))["wsgi.url_scheme"] == scheme


@pytest.mark.parametrize(
    "host",
    ["line.example.org", "line.example.org:8443", "203.0.113.7", "[2001:db8::7]", "[::1]:8000", "localhost"],
)
def test_a_host_is_taken_when_it_is_one(host: str) -> None:
    assert passed_on(request_from("10.0.0.1", HTTP_X_FORWARDED_HOST=host))["HTTP_HOST"] == host
    two = f"elsewhere.example, {host}"
    assert passed_on(request_from("10.0.0.1", HTTP_X_FORWARDED_HOST=two))["HTTP_HOST"] == host


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a b",
        "a/b",
        "user@host",
        "host:port",
        "host:99999",
        "[nonsense]",
        "[::1",
        "hôte",
        "a\nb",
        "-a",
        "host:",
        "a" * 300,
    ],
)
def test_a_host_that_is_none_is_ignored(host: str) -> None:
    seen = passed_on(request_from("10.0.0.1", HTTP_X_FORWARDED_HOST=host))
    assert seen["HTTP_HOST"] == "internal:8000"


@given(
    st.text(st.characters(exclude_categories=()), max_size=30) | st.just("10.0.0.1"),
    st.dictionaries(
        st.sampled_from([*FORWARDED, "HTTP_FORWARDED", "HTTP_X_REAL_IP"]),
        st.text(st.characters(max_codepoint=255), max_size=60)
        | st.text(st.sampled_from("0123456789.:,[]fF "), max_size=30),
    ),
)
def test_nothing_that_is_sent_raises(peer: str, headers: dict[str, str]) -> None:
    seen = passed_on(request_from(peer, **headers))
    assert forwarded_left_in(seen) == []
    assert seen["wsgi.url_scheme"] in ("http", "https")


def test_networks_are_read_from_a_setting() -> None:
    assert parse_networks("127.0.0.1, 10.0.0.0/8\nfd00::/8 UNIX") == (
        ip_network("127.0.0.1/32"),
        ip_network("10.0.0.0/8"),
        ip_network("fd00::/8"),
        "unix",
    )
    assert parse_networks(" , ") == ()


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("10.0.0.1/8", "'10.0.0.1/8' is not a network: write 10.0.0.0/8 for the network"),
        ("127.0.0.1, proxy", "'proxy' is not a network: write an address such as 127.0.0.1"),
        ("10.0.0.0/33", "'10.0.0.0/33' is not a network: write an address such as"),
        ("*", "'*' is not a network: write an address such as"),
    ],
)
def test_a_network_that_is_none_is_refused_with_a_cure(text: str, cure: str) -> None:
    with pytest.raises(ValueError, match="trusted proxies") as refused:
        parse_networks(text)
    assert cure in str(refused.value)
