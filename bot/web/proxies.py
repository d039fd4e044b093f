"""Who is really asking, when a proxy asks for them.

X-Forwarded-* headers are only words: any client may send them. They are believed when the connection itself
comes from a network the operator named, one hop at a time, and taken away before the application can see
them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Address = IPv4Address | IPv6Address
Peer = IPv4Network | IPv6Network | Literal["unix"]

_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.\-]{0,252}|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{1,5}))?")
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_REAL_IP")
_LAST_PORT = 65535
_HOP_WITH_PORT = re.compile(r"\[([^\]]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")


def parse_networks(text: str) -> tuple[Peer, ...]:
    """Read the trusted proxies from a setting.

    Args:
        text: networks or addresses, divided by commas or spaces: "127.0.0.1, 10.0.0.0/8, fd00::/8". The word
            "unix" stands for whoever connects by a unix socket. Empty trusts nobody.

    Raises:
        ValueError: an item is neither, or has bits set after its prefix; says which, and what to write.
    """
    return tuple(_network(item) for item in text.replace(",", " ").split())


def _network(item: str) -> Peer:
    if item.lower() == "unix":
        return "unix"
    try:
        return ip_network(item)
    except ValueError:
        pass
    try:
        cure = f"write {ip_network(item, strict=False)} for the network, or the address alone"
    except ValueError:
        cure = 'write an address such as 127.0.0.1, a network such as 10.0.0.0/8, or "unix"'
    raise ValueError(f"trusted proxies: {item!r} is not a network: {cure}")


class TrustedProxies:
    """WSGI middleware that believes forwarded headers from named peers and removes them from everyone.

    From a trusted peer: REMOTE_ADDR becomes the right-most X-Forwarded-For hop that is not itself trusted
    (each proxy appends the peer it saw, so what stands left of that hop is hearsay); wsgi.url_scheme and
    HTTP_HOST become the last X-Forwarded-Proto and X-Forwarded-Host, which the nearest proxy wrote. Values
    that make no sense are ignored. From anybody else nothing changes. In both cases X-Forwarded-*,
    Forwarded (RFC 7239) and X-Real-IP are then gone from the environment.

    Args:
        app: the application within.
        networks: the trusted peers, from `parse_networks`.
    """

    def __init__(self, app: WSGIApplication, networks: Sequence[Peer]) -> None:
        self._app = app
        self._unix = "unix" in networks
        self._networks = tuple(network for network in networks if network != "unix")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._trusts_peer(environ):
            self._believe(environ)
        for key in [key for key in environ if key.startswith("HTTP_X_FORWARDED") or key in FORWARDED]:
            del environ[key]
        return self._app(environ, start_response)

    def _trusts_peer(self, environ: WSGIEnvironment) -> bool:
        peer = environ.get("REMOTE_ADDR") or ""
        # For a unix socket gunicorn says "", and nginx passes on "unix:" as its $remote_addr.
        if peer in ("", "unix:"):
            return self._unix
        return self._trusts(_address(peer))

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)

    def _believe(self, environ: WSGIEnvironment) -> None:
        client = self._client(environ)
        if client is not None:
            environ["REMOTE_ADDR"] = str(client)
        scheme = _last(environ, "HTTP_X_FORWARDED_PROTO").lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        host = _last(environ, "HTTP_X_FORWARDED_HOST")
        if _is_host(host):
            environ["HTTP_HOST"] = host

    def _client(self, environ: WSGIEnvironment) -> Address | None:
        """Walk the hops from the right, up to the first that is not ours; never past an unreadable one."""
        client = None
        for hop in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
            address = _address(hop.strip())
            if address is None:
                break
            client = address
            if not self._trusts(address):
                break
        return client


def _is_host(text: str) -> bool:
    host = _HOST.fullmatch(text)
    if host is None:
        return False
    ipv6, port = host.groups()
    return (ipv6 is None or _address(ipv6) is not None) and (port is None or int(port) <= _LAST_PORT)


def _last(environ: WSGIEnvironment, key: str) -> str:
    value: str = environ.get(key, "")
    return value.rpartition(",")[2].strip()


@lru_cache(maxsize=1024)
def _address(text: str) -> Address | None:
    """Read "203.0.113.7", "203.0.113.7:1234", "2001:db8::7" or "[2001:db8::7]:1234", else None."""
    ported = _HOP_WITH_PORT.fullmatch(text)
    if ported:
        text = ported[1] or ported[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A socket that listens on IPv6 reports an IPv4 peer as ::ffff:10.0.0.1, which is not in 10.0.0.0/8.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
