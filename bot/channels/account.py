"""The operator's account at Twilio: its numbers and their settings, read and changed through REST.

twilio.rest takes half a second to import and is imported when it is first used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Protocol

from bot.channels.provisioning import Resource
from bot.errors import TwilioError

TIMEOUT_SECONDS = 10.0
HOME = "GB"
_NUMBER = [
    *("voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method", "voice_application_sid"),
    *("sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method", "sms_application_sid"),
    *("status_callback", "status_callback_method", "trunk_sid"),
]
_SHORT_CODE = ["sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method"]
_SERVICE = ["use_inbound_webhook_on_number", "inbound_request_url", "fallback_url", "status_callback"]


@dataclass(frozen=True)
class Standing:
    """How the account stands. `clock` is Twilio's own; countries are ISO codes other than ours."""

    active: bool
    trial: bool
    clock: datetime | None
    calls_to: tuple[str, ...]
    texts_to: tuple[str, ...]


class Account(Protocol):
    """An account; Twilio's in production, a kept one in tests."""

    def resources(self) -> list[Resource]:
        """Numbers, short codes and messaging services."""

    def change(self, resource: Resource, settings: Mapping[str, str]) -> None:
        """Set these settings of one of them."""

    def standing(self) -> Standing:
        """Whether the token works, and what the account may do."""


class TwilioAccount:
    """An account reached over Twilio's REST API (https://www.twilio.com/docs/iam/api)."""

    def __init__(self, account_sid: str, auth_token: str, http_client: Any = None) -> None:
        """Use this account; `http_client` instead of Twilio's own, for tests."""
        self._account_sid, self._auth_token, self._http = account_sid, auth_token, http_client

    @cached_property
    def _client(self) -> Any:
        from twilio.http.http_client import TwilioHttpClient  # noqa: PLC0415
        from twilio.rest import Client  # noqa: PLC0415

        self._http = self._http or TwilioHttpClient(timeout=TIMEOUT_SECONDS)
        return Client(self._account_sid, self._auth_token, http_client=self._http)

    def resources(self) -> list[Resource]:
        """Read every number, short code and messaging service.

        Raises:
            TwilioError: it can't be reached, or refuses the token.
        """
        with _told():
            return [*self._numbers(), *self._short_codes(), *self._services()]

    def change(self, resource: Resource, settings: Mapping[str, str]) -> None:
        """Set these settings of a number, a short code or a messaging service.

        Raises:
            TwilioError: refused.
        """
        with _told():
            match resource.kind:
                case "number":
                    self._client.incoming_phone_numbers(resource.sid).update(**settings)
                case "short code":
                    self._client.short_codes(resource.sid).update(**settings)
                case "messaging service":
                    switches = {name: value == "true" for name, value in settings.items()}
                    self._client.messaging.v1.services(resource.sid).update(**switches)

    def standing(self) -> Standing:
        """Ask how the account stands.

        Raises:
            TwilioError: it can't be reached, or refuses the token.
        """
        with _told():
            read = self._client.api.v2010.accounts(self._account_sid).fetch_with_http_info()
            return Standing(
                active=read.data.status == "active",
                trial=read.data.type == "Trial",
                clock=_clock(read.headers),
                calls_to=tuple(self._calls_to()),
                texts_to=tuple(self._texts_to()),
            )

    def _numbers(self) -> Iterator[Resource]:
        for one in self._client.incoming_phone_numbers.list():
            yield Resource("number", one.sid, one.phone_number, _settings(one, _NUMBER))

    def _short_codes(self) -> Iterator[Resource]:
        for one in self._client.short_codes.list():
            yield Resource("short code", one.sid, one.short_code, _settings(one, _SHORT_CODE))

    def _services(self) -> Iterator[Resource]:
        for one in self._client.messaging.v1.services.list():
            service = self._client.messaging.v1.services(one.sid)
            senders = (
                *(number.phone_number for number in service.phone_numbers.list()),
                *(code.short_code for code in service.short_codes.list()),
            )
            yield Resource(
                "messaging service", one.sid, one.friendly_name or one.sid, _settings(one, _SERVICE), senders
            )

    def _calls_to(self) -> Iterator[str]:
        for country in self._client.voice.v1.dialing_permissions.countries.list(
            low_risk_numbers_enabled=True
        ):
            if country.iso_code != HOME:
                yield country.iso_code

    def _texts_to(self) -> Iterator[str]:
        permissions = self._client.accounts.v1.messaging_geopermissions.fetch().permissions or []
        for one in permissions:
            if one.get("enabled") and one.get("country_code") != HOME:
                yield one["country_code"]


@contextmanager
def _told() -> Iterator[None]:
    """Turn what the library raises into a TwilioError, without the addresses that it quotes."""
    from requests import RequestException  # noqa: PLC0415
    from twilio.base.exceptions import TwilioException  # noqa: PLC0415

    try:
        yield
    except TwilioException as fault:
        # A refused list is told in words alone: 'Unable to fetch page', 'HTTP 401 {"code": 20003, …}'.
        status = getattr(fault, "status", None) or next(
            iter(re.findall(r"HTTP (\d+)", str(fault))), "unknown"
        )
        cure = "check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN (the first of two is used)"
        raise TwilioError(f"Twilio refused (HTTP {status}); {cure}") from fault
    except RequestException as fault:
        cure = "check this machine's way to the internet, and status.twilio.com"
        raise TwilioError(f"Twilio can't be reached ({type(fault).__name__}); {cure}") from fault


def _settings(one: Any, names: list[str]) -> dict[str, str]:
    return {name: _written(getattr(one, name)) for name in names}


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value or ""


def _clock(headers: Any) -> datetime | None:
    date = {name.lower(): value for name, value in (headers or {}).items()}.get("date")
    return parsedate_to_datetime(date).astimezone(UTC) if date else None
