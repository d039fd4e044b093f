"""The signature: against vectors that Twilio publishes, and against twilio-python itself.

Vectors: the Webhooks Security page, twilio-python tests/unit/test_request_validator.py, twilio-node
spec/validation.spec.js and spec/unit/webhooks/webhooks.spec.js, twilio-ruby
spec/security/request_validator_spec.rb.
"""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict
from werkzeug.test import create_environ
from werkzeug.wrappers import Request

from bot.channels.signature import public_url, sign, verify

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
HTTP_URL = URL.replace("https", "http")
CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
DOCUMENTED_CALL = [(name, value.replace("+14158675309", "+12349013030")) for name, value in CALL]
TWICE = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")]
ADDRESSES = [("MessagingBinding.Address", "+1325xxxxxxx"), ("MessagingBinding.Address", "+1415xxxxxxx")]
BODY = b'{"property": "value", "boolean": true}'
BODY_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
EMPTY_HASH = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

# --- published vectors


@pytest.mark.parametrize(
    ("url", "params", "signature"),
    [
        (URL, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL, DOCUMENTED_CALL, "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
        (URL, TWICE, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        (URL, [*TWICE, ("Digits", "1234")], "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        (URL, ADDRESSES, "83O6e2vORAoJHUNzJjDWN1jz+BA="),
        (URL, ADDRESSES[::-1], "83O6e2vORAoJHUNzJjDWN1jz+BA="),
        (URL + "&Body=It's+amazing", CALL, "dsq4Ehbj6cs+KdTkpF5sSSplOWw="),
        (f"{URL}&bodySHA256={BODY_HASH}", [], "a9nBmqA0ju/hNViExpshrM61xv4="),
    ],
)
def test_signs_as_twilios_own_libraries_do(url: str, params: list[tuple[str, str]], signature: str) -> None:
    assert sign(TOKEN, url, params) == signature
    assert sign(TOKEN, url, params[::-1]) == signature


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        pytest.param(URL, "kvajT1Ptam85bY51eRf/AJRuM3w=", id="https, signed with 443"),
        pytest.param(HTTP_URL, "0ZXoZLH/DfblKGATFgpif+LLRf4=", id="http, signed with 80"),
        pytest.param(
            URL.replace(".com", ".com:1234"),
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
            id="https, signed without its port",
        ),
        pytest.param(
            HTTP_URL.replace(".com", ".com:1234"),
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
            id="http, signed with its port",
        ),
        pytest.param(
            URL.replace("my", "user:pass@my", 1), "CukzLTc1tT5dXEDIHm/tKBanW10=", id="user, password"
        ),
        pytest.param(URL.replace("my", "user@my", 1), "2YRLlVAflCqxaNicjMpJcSTgzSs=", id="user alone"),
        pytest.param(
            URL.replace("my", "user:pass@my", 1),
            "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=",
            id="password, signed with 443",
        ),
    ],
)
def test_accepts_a_url_signed_with_or_without_its_port(url: str, signature: str) -> None:
    assert verify([TOKEN], url, CALL, signature)


@pytest.mark.parametrize(
    ("url", "body", "signature"),
    [
        (f"{URL}&bodySHA256={BODY_HASH}", BODY, "a9nBmqA0ju/hNViExpshrM61xv4="),
        (f"{URL}&bodySHA256={EMPTY_HASH}", b"{}", "Ldidvp12m26NI7eqEvxnEpkd9Hc="),
        (f"https://mycompany.com/myapp.php?bodySHA256={BODY_HASH}", BODY, "y77kIzt2vzLz71DgmJGsen2scGs="),
    ],
)
def test_accepts_a_json_body_that_matches_its_hash(url: str, body: bytes, signature: str) -> None:
    assert verify([TOKEN], url, [], signature, body)
    assert not verify([TOKEN], url, [], signature, body + b" ")


# --- spellings of one URL


@pytest.mark.parametrize("signed_port", ["", ":443"])
@pytest.mark.parametrize("seen_port", ["", ":443"])
@pytest.mark.parametrize(
    "host", ["example.com", "user:p:w@example.com", "[2001:db8::1]", "user:pass@[::1]", "127.0.0.1"]
)
def test_the_default_port_may_be_written_or_left_out(host: str, seen_port: str, signed_port: str) -> None:
    signature = sign(TOKEN, f"https://{host}{signed_port}/sms?a=b:1", CALL)
    assert verify([TOKEN], f"https://{host}{seen_port}/sms?a=b:1", CALL, signature)


def test_another_port_is_another_url() -> None:
    assert not verify([TOKEN], "https://example.com/", CALL, sign(TOKEN, "https://example.com:8443/", CALL))
    assert not verify([TOKEN], "https://example.com:1/", CALL, sign(TOKEN, "https://example.com:2/", CALL))
    assert not verify([TOKEN], "http://example.com/", CALL, sign(TOKEN, "http://example.com:443/", CALL))


@pytest.mark.parametrize("signed", ["param'WithQuote", "param%27WithQuote"])
@pytest.mark.parametrize("seen", ["param'WithQuote", "param%27WithQuote"])
def test_an_apostrophe_in_the_query_may_be_escaped_or_not(seen: str, signed: str) -> None:
    signature = sign(TOKEN, f"https://example.com/path?test={signed}", [])
    assert verify([TOKEN], f"https://example.com/path?test={seen}", [], signature)


def test_an_apostrophe_in_the_path_is_taken_as_it_is() -> None:
    assert not verify([TOKEN], "https://example.com/a'b", [], sign(TOKEN, "https://example.com/a%27b", []))


@pytest.mark.parametrize("signed_fragment", ["", "#rc=2&rp=ct"])
def test_connection_overrides_in_the_fragment_do_not_count(signed_fragment: str) -> None:
    signature = sign(TOKEN, URL + signed_fragment, CALL)
    assert verify([TOKEN], URL + "#rc=2&rp=ct", CALL, signature)


def test_a_fragment_is_no_place_for_a_body_hash() -> None:
    url = f"{URL}#bodySHA256={BODY_HASH}"
    assert not verify([TOKEN], url, [], sign(TOKEN, url, []), BODY)


# --- refusals


def test_no_signature_is_refused() -> None:
    assert not verify([TOKEN], URL, CALL, None)


@pytest.mark.parametrize(
    "signature",
    ["", "WRONG_SIGNATURE", "RSOYDt4T1cUTdK1PDd93/VVr8B8", "RSOYDt4T1cUTdK1PDd93/VVr8B8=é", "\ud800"],
)
def test_a_wrong_signature_is_refused(signature: str) -> None:
    assert not verify([TOKEN], URL, CALL, signature)


@pytest.mark.parametrize(
    "params",
    [
        CALL[1:],
        [*CALL, ("Extra", "")],
        [*CALL[:-1], ("To", "+18005551213")],
        [*CALL[:-1], ("To", "+18005551212 ")],
        [*CALL, ("Digits", "1")],
    ],
)
def test_a_changed_form_is_refused(params: list[tuple[str, str]]) -> None:
    assert not verify([TOKEN], URL, params, sign(TOKEN, URL, CALL))


@pytest.mark.parametrize(
    "url",
    [
        URL + "&a=1",
        URL.replace("foo=1&bar=2", "bar=2&foo=1"),
        URL.replace("mycompany", "MyCompany"),
        URL.replace("https", "http"),
        URL.replace("myapp.php", "myapp.php/"),
    ],
)
def test_another_url_is_refused(url: str) -> None:
    assert not verify([TOKEN], url, CALL, sign(TOKEN, URL, CALL))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "bodySHA256=",
        "bodySHA256=WRONG",
        f"bodysha256={BODY_HASH}",
        f"bodySHA256=00&bodySHA256={BODY_HASH}",
    ],
)
def test_a_body_without_its_own_hash_is_refused(query: str) -> None:
    url = f"https://example.com/?{query}"
    assert not verify([TOKEN], url, [], sign(TOKEN, url, []), BODY)


def test_a_body_hash_may_be_in_capitals() -> None:
    url = f"https://example.com/?bodySHA256={BODY_HASH.upper()}"
    assert verify([TOKEN], url, [], sign(TOKEN, url, []), BODY)


def test_a_json_requests_signature_does_not_pass_with_its_body_left_out() -> None:
    url = f"{URL}&bodySHA256={BODY_HASH}"
    assert not verify([TOKEN], url, [], sign(TOKEN, url, []))


def test_form_values_beside_a_body_are_signed_too() -> None:
    url = f"{URL}&bodySHA256={BODY_HASH}"
    assert not verify([TOKEN], url, [("From", "+447700900123")], sign(TOKEN, url, []), BODY)


# --- tokens


def test_either_of_two_live_tokens_is_good() -> None:
    for token in ("old", "new"):
        assert verify(["old", "new"], URL, CALL, sign(token, URL, CALL))
    assert not verify(["old", "new"], URL, CALL, sign("older", URL, CALL))


@pytest.mark.parametrize("tokens", [[], [""], ["", ""]])
def test_without_a_token_nothing_is_good(tokens: list[str]) -> None:
    assert not verify(tokens, URL, CALL, sign("", URL, CALL))


# --- twilio-python as the oracle

NAMES = st.text(max_size=8) | st.sampled_from(["Body", "From", "To", "Digits", "FromCity"])
VALUES = st.text(max_size=12) | st.sampled_from(["", " ", "+447700900123", "ż😀", " padded "])
PARAMS = st.lists(st.tuples(NAMES, VALUES), max_size=8)
PATHS = st.text(st.sampled_from("abcXYZ019/-._~%20+&=é"), max_size=12)
URLS = st.builds(
    "{}://{}{}/{}{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["example.com", "line.example.org", "127.0.0.1", "user@example.com"]),
    st.sampled_from(["", ":80", ":443", ":8443"]),
    PATHS,
    st.just("") | PATHS.map(lambda text: f"?q={text}"),
)


def oracle_params(params: list[tuple[str, str]]) -> MultiDict[str, str]:
    return MultiDict(params)


@given(st.text(max_size=40), URLS, PARAMS)
@example("12345", URL, [("b", "1"), ("a", "2"), ("b", "1"), ("b", ""), ("", "")])
@example("12345", URL, [("a", "bc"), ("ab", "c")])
def test_signs_what_twilio_python_signs(token: str, url: str, params: list[tuple[str, str]]) -> None:
    assert sign(token, url, params) == RequestValidator(token).compute_signature(url, oracle_params(params))


@given(URLS, URLS, PARAMS, PARAMS, st.text(max_size=30))
def test_verifies_what_twilio_python_verifies(
    url: str, other: str, params: list[tuple[str, str]], others: list[tuple[str, str]], noise: str
) -> None:
    oracle = RequestValidator(TOKEN)
    bare = url.replace(":8443", "").replace(":443", "").replace(":80", "")
    given_signatures = [
        sign(TOKEN, url, params),
        sign(TOKEN, bare, params),
        sign(TOKEN, other, params),
        sign(TOKEN, url, others),
        sign("another", url, params),
        noise,
    ]
    for signature in given_signatures:
        expected = oracle.validate(url, oracle_params(params), signature)
        assert verify([TOKEN], url, params, signature) == expected


@given(st.text(max_size=60), st.booleans(), st.sampled_from(["", "&a=1", "#frag"]))
def test_checks_bodies_as_twilio_python_does(body: str, honest: bool, tail: str) -> None:
    claimed = hashlib.sha256(body.encode() if honest else b"another").hexdigest()
    assume(honest or body != "another")
    url = f"https://example.com/hook?bodySHA256={claimed}{tail}"
    signature = sign(TOKEN, url, [])
    assert verify([TOKEN], url, [], signature, body.encode()) == honest
    assert RequestValidator(TOKEN).validate(url, body, signature) == honest


ANY = st.text(st.characters(exclude_categories=()), max_size=40)


@given(
    st.lists(ANY, max_size=2),
    ANY | st.builds("{}://{}".format, ANY, ANY) | st.builds("https://h?bodySHA256={}".format, ANY),
    st.lists(st.tuples(ANY, ANY), max_size=3),
    st.none() | ANY,
    st.none() | st.binary(max_size=40),
)
@example([TOKEN], "https://[::1", [], "x", None)
@example([TOKEN], "https://host:99999/", [], "x", None)
@example([TOKEN], "https://host:port/", [], "x", None)
@example([TOKEN], "http://a:b:c@[/", [], "é", b"\xff")
def test_nothing_that_is_sent_raises(
    tokens: list[str], url: str, params: list[tuple[str, str]], signature: str | None, body: bytes | None
) -> None:
    assert verify(tokens, url, params, signature, body) is False


# --- the URL that Twilio requested

ORIGIN = "https://line.example.org"


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://line.example.org", "https://line.example.org/sms?a=1"),
        ("https://line.example.org/", "https://line.example.org/sms?a=1"),
        ("https://example.org:8443/line/", "https://example.org:8443/line/sms?a=1"),
    ],
)
def test_the_origin_may_have_a_port_a_prefix_and_a_slash(origin: str, expected: str) -> None:
    assert public_url(origin, {"RAW_URI": "/sms?a=1"}) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("/voice?name=O%27Neill", "/voice?name=O%27Neill"),
        ("/a%2Fb//c?x=%7e+%20&&", "/a%2Fb//c?x=%7e+%20&&"),
        ("//evil.example/x", "//evil.example/x"),
        ("http://10.0.0.5:8000/sms?a=1", "/sms?a=1"),
        ("HTTPS://elsewhere.example?a=1", "/?a=1"),
        ("http://elsewhere.example", "/"),
        ("/caf\u00c3\u00a9", "/caf\u00e9"),
        ("/caf\u00e9", "/caf\u00e9"),
    ],
)
@pytest.mark.parametrize("key", ["RAW_URI", "REQUEST_URI"])
def test_the_path_and_query_come_as_they_were_on_the_wire(key: str, raw: str, expected: str) -> None:
    assert public_url(ORIGIN, {key: raw, "PATH_INFO": "/wrong"}) == ORIGIN + expected


@pytest.mark.parametrize("raw", ["", "*", "example.org:443", None, 7])
def test_a_raw_target_that_is_no_path_is_passed_over(raw: object) -> None:
    assert public_url(ORIGIN, {"RAW_URI": raw, "REQUEST_URI": "/sms"}) == f"{ORIGIN}/sms"
    assert public_url(ORIGIN, {"RAW_URI": raw, "PATH_INFO": "/sms"}) == f"{ORIGIN}/sms"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"PATH_INFO": "/sms", "QUERY_STRING": "name=O%27Neill&b=+"}, "/sms?name=O%27Neill&b=+"),
        ({"SCRIPT_NAME": "/line", "PATH_INFO": "/sms"}, "/line/sms"),
        ({"PATH_INFO": "/caf\u00c3\u00a9 au lait?"}, "/caf%C3%A9%20au%20lait%3F"),
        ({"PATH_INFO": "/a@b:c;d=e,(f)!$&'*+~"}, "/a@b:c;d=e,(f)!$&'*+~"),
        ({"PATH_INFO": ""}, "/"),
        ({}, "/"),
        ({"QUERY_STRING": "a=1"}, "/?a=1"),
    ],
)
def test_without_a_raw_target_the_decoded_path_is_quoted_again(
    environ: dict[str, object], expected: str
) -> None:
    assert public_url(ORIGIN, environ) == ORIGIN + expected


@pytest.mark.parametrize("query", ["name=O%27Neill", "city=Pozna%C5%84+%20&d=%2B44"])
def test_flasks_own_url_would_refuse_a_good_signature(query: str) -> None:
    signature = sign(TOKEN, f"{ORIGIN}/voice%27s?{query}", CALL)
    environ: dict[str, Any] = create_environ(f"/voice%27s?{query}", ORIGIN)
    assert not verify([TOKEN], Request(environ).url, CALL, signature)
    assert verify([TOKEN], public_url(ORIGIN, environ), CALL, signature)


def test_the_host_header_has_no_say() -> None:
    environ = create_environ("/sms", "https://elsewhere.example")
    assert public_url(ORIGIN, environ) == f"{ORIGIN}/sms"


@given(
    ANY,
    st.dictionaries(
        st.sampled_from(["RAW_URI", "REQUEST_URI", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"]), ANY
    ),
)
def test_any_environment_gives_a_url(origin: str, environ: dict[str, object]) -> None:
    url = public_url(origin, environ)
    assert url.startswith(origin.rstrip("/") + "/")
    assert not verify([TOKEN], url, [], "x")
