"""Posts to a partner's webhook, and nowhere else.

The address comes from a file that the operator writes, yet it must not lead inside: the name is looked up
once, every address that it has must be a public one, and the connection goes to the address that was looked
at, not to what the name says a moment later. Redirects are answers like others and are not followed; no
proxy of the environment is used.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Timer
from urllib.parse import urlsplit

from bot.errors import DeliveryError, RefusedDeliveryError

TIMEOUT_SECONDS = 10.0
GONE = 410  # "the receiver is gone for good": Standard Webhooks says to stop
_PORTS = {"https": 443, "http": 80}
# Addresses inside which another one hides: 6to4, and NAT64 (RFC 6052).
_NAT64 = "64:ff9b::"

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """Look a name up. Raises OSError where it has no address."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True)
class Webhooks:
    """How webhooks are posted. In development (`local`) this machine may be posted to, without TLS too."""

    local: bool = False
    timeout_seconds: float = TIMEOUT_SECONDS
    resolve: Resolve = resolve
    trust: ssl.SSLContext | None = None

    def refuse_unfit(self, url: str) -> None:
        """Look at an address without going there.

        Raises:
            DeliveryError: it is not https, or names a place that is not public.
        """
        parts = urlsplit(url)
        try:
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            host = ""
        schemes = ("https", "http") if self.local else ("https",)
        if parts.scheme not in schemes or not host or parts.username or parts.password:
            limit = f"{' or '.join(schemes)}://host, without a name or password in it"
            raise DeliveryError(f"the webhook's address is not {limit}; correct config/partners.toml")
        try:
            named = ip_address(host)
        except ValueError:
            return
        self._refuse_inside([named], parts.scheme)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post a body of JSON. When this returns, the receiver has said yes (HTTP 2xx).

        Raises:
            RefusedDeliveryError: the receiver is gone for good.
            DeliveryError: the address is unfit, it can't be reached, or it said something else.
        """
        self.refuse_unfit(url)
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        try:
            found = [ip_address(one.partition("%")[0]) for one in self.resolve(host, port)]
        except (OSError, ValueError) as fault:
            raise DeliveryError(f"the webhook's name can't be looked up ({type(fault).__name__})") from None
        self._refuse_inside(found, parts.scheme)
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection = _Pinned(host, port, found, self._context(parts.scheme))
        status = self._status(connection, path, body, headers)
        if status == GONE:
            raise RefusedDeliveryError("the webhook answered HTTP 410, which means never again")
        if not 200 <= status < 300:  # noqa: PLR2004 - the statuses that are a yes
            raise DeliveryError(f"the webhook answered HTTP {status}")

    def _status(self, connection: _Pinned, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        connection.timeout = self.timeout_seconds
        # For all of it: a socket's time-out begins anew with each byte that trickles in.
        end = Timer(self.timeout_seconds, connection.cut_off)
        end.start()
        ours = {"Content-Type": "application/json", "User-Agent": "Signpost", "Connection": "close"}
        try:
            connection.request("POST", path, body, {**ours, **headers})
            return connection.getresponse().status
        except (OSError, HTTPException, ValueError) as fault:
            raise DeliveryError(f"the webhook can't be reached ({type(fault).__name__})") from None
        finally:
            end.cancel()
            connection.close()

    def _context(self, scheme: str) -> ssl.SSLContext | None:
        return (self.trust or ssl.create_default_context()) if scheme == "https" else None

    def _refuse_inside(self, found: list[Address], scheme: str) -> None:
        """Refuse a name of which any address is not public; plain http may go to this machine alone."""
        at_home = self.local and all(one.is_loopback for one in found)
        if not found or not (at_home or (scheme == "https" and all(is_public(one) for one in found))):
            limit = "a public address over https"
            raise DeliveryError(
                f"the webhook's address is not {limit}, and a digest goes nowhere inside; "
                "correct config/partners.toml"
            )


def is_public(address: Address) -> bool:
    """Say whether an address is one of the internet's, and hides none that is not."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo:
            return False
        if inner is None and address.packed[:12] == IPv6Address(_NAT64).packed[:12]:
            inner = IPv4Address(address.packed[12:])
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


class _Pinned(HTTPConnection):
    """A connection to addresses that were looked at, under the name that was asked for."""

    def __init__(self, host: str, port: int, found: list[Address], tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port)
        self.default_port = _PORTS["https" if tls else "http"]  # left out of the header Host
        self._found, self._tls = found, tls

    def connect(self) -> None:
        """Connect to the first address that answers."""
        for address in self._found:
            try:
                self.sock = socket.create_connection((str(address), self.port), self.timeout)
                break
            except OSError:
                if address == self._found[-1]:
                    raise
        if self._tls:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)

    def cut_off(self) -> None:
        """End whatever another thread waits for."""
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # not TLS's own, which takes turns
