"""What each of the line's numbers has to say at Twilio, and where it says something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.core.line import Line

# Twilio retries only a failed connection by itself. A webhook of ours is answered once however often it
# arrives, so it may also be tried again after a slow or failed answer, before the fallback is asked.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
OVERRIDES = "#rc=2&rp=ct,rt,5xx"
# What would take precedence over a number's own addresses.
DETOURS = ("voice_application_sid", "sms_application_sid", "trunk_sid")

Kind = Literal["number", "short code", "messaging service"]


@dataclass(frozen=True)
class Resource:
    """Something at Twilio that has settings: a number, a short code, a messaging service.

    `senders` are the numbers of a messaging service.
    """

    kind: Kind
    sid: str
    name: str
    settings: Mapping[str, str] = field(hash=False)
    senders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """One setting that is not what the line needs."""

    resource: Resource
    setting: str
    found: str
    wanted: str


@dataclass(frozen=True)
class Plan:
    """Everything to change, and the line's numbers that this account does not have."""

    changes: tuple[Change, ...]
    missing: tuple[str, ...]


def plan(
    lines: Sequence[Line], resources: Sequence[Resource], public_url: str, fallback_url: str = ""
) -> Plan:
    """Compare what Twilio has with what the lines need.

    Args:
        lines: the lines, from config/lines.toml.
        resources: what the account holds.
        public_url: the https address of this program, as Twilio calls it.
        fallback_url: where `signpost fallback export` was put, "" when nowhere.
    """
    changes: list[Change] = []
    missing: list[str] = []
    for line in lines:
        for number in line.numbers:
            resource = next((one for one in resources if one.name == number), None)
            if resource is None:
                missing.append(number)
                continue
            needed = wanted(line, number, public_url, fallback_url)
            changes.extend(_differences(resource, needed))
        for resource in resources:
            if resource.kind == "messaging service" and set(resource.senders) & set(line.numbers):
                changes.extend(_differences(resource, {"use_inbound_webhook_on_number": "true"}))
    return Plan(tuple(dict.fromkeys(changes)), tuple(dict.fromkeys(missing)))


def wanted(line: Line, number: str, public_url: str, fallback_url: str = "") -> dict[str, str]:
    """Name every setting that this number of the line needs, and its value."""
    needed: dict[str, str] = {}
    spoken = line.languages[0]
    if number == line.voice_number:
        needed |= {
            "voice_url": f"{public_url}/twilio/voice{OVERRIDES}",
            "voice_method": "POST",
            "status_callback": f"{public_url}/twilio/status/call{OVERRIDES}",
            "status_callback_method": "POST",
        }
        if fallback_url:
            needed |= {
                "voice_fallback_url": f"{fallback_url}/{line.id}.{spoken}.voice.xml",
                "voice_fallback_method": "GET",
            }
    if number in (line.text_number, line.short_code):
        needed |= {"sms_url": f"{public_url}/twilio/sms{OVERRIDES}", "sms_method": "POST"}
        if fallback_url:
            needed |= {
                "sms_fallback_url": f"{fallback_url}/{line.id}.{spoken}.text.xml",
                "sms_fallback_method": "GET",
            }
    if number != line.short_code:
        needed |= dict.fromkeys(DETOURS, "")
    return needed


def _differences(resource: Resource, needed: Mapping[str, str]) -> list[Change]:
    return [
        Change(resource, setting, resource.settings.get(setting, ""), value)
        for setting, value in needed.items()
        if resource.settings.get(setting, "") != value
    ]
