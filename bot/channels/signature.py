"""Twilio's proof that a webhook is its own: the X-Twilio-Signature header.

The rule is Twilio's (https://www.twilio.com/docs/usage/webhooks/webhooks-security). Where that page says
nothing, this follows what twilio-python and twilio-node accept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qs, quote

from bot.core.mac import mac

Params = Sequence[tuple[str, str]]

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)(.*)", re.DOTALL)
_HOST = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
_ABSOLUTE_FORM = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
# What RFC 3986 lets stand in a path, so that a path which arrived plain is written plain again.
_PATH_SAFE = "/!$&'()*+,;=:@-._~"


def sign(token: str, url: str, params: Params) -> str:
    """Compute the signature Twilio sends with a form POST, or with a GET when `params` is empty.

    The URL is signed exactly as it is written: give it without a fragment, for Twilio signs no further than
    the query. Repeated names are sorted by value and equal pairs count once; empty values count; nothing is
    stripped, so a Body of " 1 " is signed with both its spaces.

    Args:
        token: the account's auth token.
        url: the whole webhook URL with its query.
        params: the form's names and values in any order, repeats included.

    Returns:
        28 characters of base64. Never raises, whatever the text: lone surrogates are signed as they are.
    """
    return _signature(token, url + _signed_form(params)).decode("ascii")


def verify(
    tokens: Sequence[str], url: str, params: Params, signature: str | None, body: bytes | None = None
) -> bool:
    """Tell whether a request was signed with one of our tokens.

    Two tokens are live while one is rotated (https://www.twilio.com/docs/iam/api/authtoken). An empty token
    proves nothing, since anybody can sign with it, and is passed over.

    Args:
        tokens: every auth token that is live now.
        url: the URL as Twilio knows it, from `public_url`.
        params: the form, `list(request.form.items(multi=True))`; empty for a GET or a body that is no form.
        signature: the X-Twilio-Signature header, or None when the request has none.
        body: the raw bytes of a body that is no form (JSON); it must match `bodySHA256` in the query. None
            for a form or a GET, which in turn must not claim a `bodySHA256`: otherwise the URL and
            signature of a JSON request would also pass with its body left out.

    Returns:
        True only for a valid signature. Anything missing or malformed is False; nothing raises.
    """
    if signature is None or not _body_matches(url, body):
        return False
    given = _bytes(signature)
    form = _signed_form(params)
    # The first spelling is nearly always the one. How long a refusal takes tells nothing, since every
    # token and spelling is tried for it.
    return any(
        hmac.compare_digest(_signature(token, spelling + form), given)
        for spelling in _each_once(url)
        for token in tokens
        if token
    )


def public_url(origin: str, environ: Mapping[str, object]) -> str:
    """Write the URL that Twilio requested, as Twilio wrote it.

    The signature covers the characters on the wire, and Flask's `request.url` decodes some of them:
    `/voice?name=O%27Neill` reads back as `/voice?name=O'Neill`, which has another signature, and a caller
    is turned away. So the path and query come raw from the server (RAW_URI in gunicorn, REQUEST_URI in uWSGI
    and mod_wsgi). Without either, the decoded path is quoted again, which is right for every path of ours,
    and the query is raw still (PEP 3333).

    Args:
        origin: the configured public address, in the letters Twilio has it in: "https://line.example.org",
            with a port or a path prefix if a proxy takes one away ("https://example.org/line/"). The Host
            header is never used: whoever sends the request chooses it.
        environ: the WSGI environment.

    Returns:
        The absolute URL. Never raises.
    """
    return origin.rstrip("/") + (_raw_target(environ) or _quoted_target(environ))


def _signed_form(params: Params) -> str:
    return "".join([name + value for name, value in sorted(set(params))])


def _signature(token: str, signed: str) -> bytes:
    return base64.b64encode(mac(_bytes(token), _bytes(signed), "sha1"))


def _each_once(url: str) -> Iterator[str]:
    """The spellings of a URL as they are asked for, each once."""
    seen: set[str] = set()
    for spelling in _spellings(url):
        if spelling not in seen:
            seen.add(spelling)
            yield spelling


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _body_matches(url: str, body: bytes | None) -> bool:
    query = url.partition("#")[0].partition("?")[2]
    claimed = parse_qs(query).get("bodySHA256", [""])[0] if query else ""
    if body is None:
        return not claimed
    return hmac.compare_digest(_bytes(hashlib.sha256(body).hexdigest()), _bytes(claimed.lower()))


def _spellings(url: str) -> Iterator[str]:
    """List the ways Twilio may have written this URL when it signed.

    A fragment (`#rc=2&rp=ct`) overrides how Twilio connects and is never sent with a request
    (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides). It comes after the query,
    where the signed part ends; the URL with it is tried as well because Twilio's libraries keep it.
    """
    for spelling in (url.partition("#")[0], url):
        for with_port in _ports(spelling):
            yield with_port
            # "It's" in a GET has arrived as It%27s with a signature over It's (twilio-ruby issue 528), and
            # twilio-node takes either. In a query both are the same character, so nothing more is let in.
            start, mark, query = with_port.partition("?")
            yield start + mark + query.replace("%27", "'")
            yield start + mark + query.replace("'", "%27")


def _ports(url: str) -> Iterator[str]:
    """Spell a URL as it is, without its port, and with one.

    Twilio drops the port of an https URL for some callbacks and keeps it for others, so both are tried, as
    its libraries do. Only the host's own colon counts, as in twilio-node: twilio-python cuts
    `user:pass@host:8443` and `[::1]:443` at their first colon.
    """
    yield url
    parts = _URL.fullmatch(url)
    if parts is None:
        return
    scheme, authority, rest = parts.groups()
    userinfo, at, host_and_port = authority.rpartition("@")
    named = _HOST.fullmatch(host_and_port)
    if named is None:
        return
    host, port = named.groups()
    without_port = f"{scheme}://{userinfo}{at}{host}"
    yield without_port + rest
    if not port:
        yield f"{without_port}:{443 if scheme.lower() == 'https' else 80}{rest}"


def _raw_target(environ: Mapping[str, object]) -> str | None:
    for key in ("RAW_URI", "REQUEST_URI"):
        raw = environ.get(key)
        if not isinstance(raw, str):
            continue
        target = _utf8(raw)
        absolute = _ABSOLUTE_FORM.match(target)
        if absolute:
            # A proxy may send "GET http://10.0.0.5/sms?a=1": its host is not ours, its path and query are.
            target = target[absolute.end() :]
            target = target if target.startswith("/") else f"/{target}"
        if target.startswith("/"):
            return target
    return None


def _quoted_target(environ: Mapping[str, object]) -> str:
    path = f"{environ.get('SCRIPT_NAME') or ''}{environ.get('PATH_INFO') or ''}"
    quoted = quote(path.encode("latin-1", "replace"), safe=_PATH_SAFE)
    query = _utf8(str(environ.get("QUERY_STRING") or ""))
    rooted = quoted if quoted.startswith("/") else f"/{quoted}"
    return f"{rooted}?{query}" if query else rooted


def _utf8(wire: str) -> str:
    """Read WSGI's one-character-per-byte text as the UTF-8 it was, where it was."""
    try:
        return wire.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return wire
