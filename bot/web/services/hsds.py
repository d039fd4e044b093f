"""Services as HSDS 3 has them (docs.openreferral.org), in Open Referral UK's shape.

HSDS wants UUIDs where the directory has short names, so each id is made from the name and stays the same.
The UK profile also asks for the web address of each service, which this directory does not hold: `url` is
left out rather than made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from bot.core.directory import DAYS, END_OF_DAY, Directory, Period, Phone, Service

# Chosen once. Another would give every service a new id.
NAMESPACE = UUID("6f1d6f0e-2f0b-5d1c-9a3e-7c1f4f0a9b52")


def uuid_of(kind: str, name: str) -> str:
    """The id of a thing of the directory, made from what kind it is and its short name."""
    return str(uuid5(NAMESPACE, f"{kind}/{name}"))


def find(directory: Directory, text: str) -> Service | None:
    """Find a service by its UUID, or by its short name."""
    by_uuid = {uuid_of("service", name): one for name, one in directory.services.items()}
    return by_uuid.get(text) or directory.services.get(text)


def brief(service: Service) -> dict[str, Any]:
    """A service without what hangs from it, as in a list. What is not known is left out."""
    found: dict[str, Any] = {
        "id": uuid_of("service", service.id),
        "organization_id": uuid_of("organization", service.organization),
        "name": service.name,
        "description": service.description["text"],
        "status": service.status,
        "fees_description": next((phone.cost for phone in service.phones), None),
        "minimum_age": service.minimum_age,
        "maximum_age": service.maximum_age,
        "assured_date": service.assured_on.isoformat() if service.assured_on else None,
        "interpretation_services": "Interpreters can be asked for" if service.interpreters else None,
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def full(service: Service, organization: str) -> dict[str, Any]:
    """A service with its organization, telephones, hours and languages."""
    languages = sorted({language for phone in service.phones for language in phone.languages})
    return brief(service) | {
        "organization": {
            "id": uuid_of("organization", service.organization),
            "name": organization,
            "description": organization,
        },
        "phones": [_phone(service, place, phone) for place, phone in enumerate(service.phones)],
        "schedules": _schedules(service),
        "languages": [
            {
                "id": uuid_of("language", f"{service.id}/{code}"),
                "service_id": uuid_of("service", service.id),
                "code": code,
            }
            for code in languages
        ],
    }


def page(services: Sequence[Service], number: int, size: int) -> dict[str, Any]:
    """One page of a list, in the envelope that HSDS has for lists."""
    pages = -(-len(services) // size)
    shown = services[(number - 1) * size : number * size]
    return {
        "total_items": len(services),
        "total_pages": pages,
        "page_number": number,
        "size": len(shown),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": not shown,
        "contents": [brief(one) for one in shown],
    }


def _phone(service: Service, place: int, phone: Phone) -> dict[str, Any]:
    return {
        "id": uuid_of("phone", f"{service.id}/{place}"),
        "service_id": uuid_of("service", service.id),
        "number": phone.display,
        "type": phone.type,
        "description": phone.cost,
    }


def _schedules(service: Service) -> list[dict[str, Any]]:
    schedule = service.schedule
    if schedule.always:
        always = {"freq": "WEEKLY", "byday": ",".join(DAYS), "description": "Day and night, every day"}
        return [_named(service, "always", always)]
    found = [_named(service, f"week/{place}", _period(one)) for place, one in enumerate(schedule.periods)]
    if schedule.periods and schedule.bank_holidays != schedule.periods:
        told = "Other hours on bank holidays" if schedule.bank_holidays else "Closed on bank holidays"
        found.append(_named(service, "bank-holidays", {"description": told}))
    return found


def _named(service: Service, place: str, fields: dict[str, Any]) -> dict[str, Any]:
    head = {"id": uuid_of("schedule", f"{service.id}/{place}"), "service_id": uuid_of("service", service.id)}
    return head | fields


def _period(period: Period) -> dict[str, Any]:
    closes = "24:00" if period.closes_at == END_OF_DAY else f"{period.closes_at:%H:%M}"
    return {
        "freq": "WEEKLY",
        "byday": ",".join(period.byday),
        "opens_at": f"{period.opens_at:%H:%M}",
        "closes_at": closes,
        "description": "London time",
    }
