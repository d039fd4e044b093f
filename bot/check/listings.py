"""The directory is fresh, the lines are real, the wording is approved, and transfers are safe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bot.check.finding import Finding, Level
from bot.check.scope import LINES_FILE, SERVICES_FILE

if TYPE_CHECKING:
    from bot.catalogue import Catalogue
    from bot.core.directory import Service
    from bot.core.flow import Flow

FRESH_DAYS = 365
E164 = re.compile(r"\+[1-9]\d{6,14}")

# Numbers that Ofcom keeps for drama, a thousand behind each of these: "Telephone numbers for use in
# TV and radio drama programmes", ofcom.org.uk. Northern Ireland's are 028 9649 6000 to 6999.
DRAMA = tuple(
    "+44" + prefix
    for prefix in (
        *("1134960", "1144960", "1154960", "1164960", "1174960", "1214960", "1314960", "1414960"),
        *("1514960", "1614960", "1914980", "2079460", "2896496", "2920180", "1632960"),
        *("7700900", "8081570", "9098790", "3069990"),
    )
)


def of_directory(catalogue: Catalogue, today: date, *, production: bool) -> Iterator[Finding]:
    """Name listings that nobody has confirmed, that have moved, or that lack something.

    Args:
        catalogue: the directory, and the flows that tell its services.
        today: the day of the check.
        production: whether people are to be served; then a stale listing is a fault.
    """
    told = {node.service for flow in catalogue.flows.values() for node in flow.nodes.values()}
    for service in catalogue.directory.services.values():
        item = f"services.{service.id}"
        if service.status != "active":
            found, limit = f"status {service.status!r}", "only active services are told to people"
            cure = f"nothing, or: {service.notes}" if service.notes else "nothing, if that is meant"
            yield Finding("note", SERVICES_FILE, item, found, limit, cure)
            continue
        yield from _assurance(service, today, "fault" if production else "warning")
        yield from _gaps(catalogue, service)
        if service.id not in told:
            found, limit = "no flow tells this service", "an active service has a node in a flow"
            yield Finding("note", SERVICES_FILE, item, found, limit, "give it a node, or set its status")


def of_lines(catalogue: Catalogue, *, production: bool) -> Iterator[Finding]:
    """Name numbers that belong to nobody: examples, and those that Ofcom keeps for drama."""
    level: Level = "fault" if production else "note"
    limit = "people are served on numbers that are theirs to use"
    for line in catalogue.lines.values():
        item = f"lines.{line.id}"
        if line.example:
            cure = "enter the line's own numbers and remove example = true"
            yield Finding(level, LINES_FILE, f"{item}.example", "example = true", limit, cure)
        for number in line.numbers:
            if is_drama(number):
                found = f"{number}, which Ofcom keeps for drama"
                yield Finding(level, LINES_FILE, item, found, limit, "enter the line's own number")
    for service in catalogue.directory.services.values():
        for phone in service.phones:
            if is_drama(phone.number) and service.status == "active":
                found = f"{phone.number}, which Ofcom keeps for drama"
                cure = "enter the service's own number"
                yield Finding(level, SERVICES_FILE, f"services.{service.id}.phones", found, limit, cure)


def of_approval(flow: Flow, catalogue: Catalogue) -> Iterator[Finding]:
    """Name wording that is still a draft.

    A warning even in production: who approves the words, and whether a line may open before that, is
    for the agency to decide; a program can only say that nobody has signed.
    """
    clinical, file = catalogue.sources[flow.id].clinical, f"flows/{flow.id}.toml"
    if (clinical.nodes or clinical.services) and not clinical.approved_by:
        items = [
            *(f"nodes.{name}" for name in clinical.nodes),
            *(f"services.{name}" for name in clinical.services),
        ]
        found = f"a draft: {', '.join(items)}"
        limit = "a clinician approves what is said to people in danger or distress"
        cure = "have it read, then enter the name: approved_by"
        yield Finding("warning", file, "clinical.approved_by", found, limit, cure)
    for wording in flow.wordings.values():
        if wording.status == "draft":
            found = f"{wording.language!r} is a draft"
            limit = "a person who speaks the language approves its words"
            cure = 'have it read, then enter status = "approved" and approved_by'
            file_of = f"flows/{flow.id}.{wording.language}.toml"
            yield Finding("warning", file_of, "flow.status", found, limit, cure)


def of_transfers(catalogue: Catalogue) -> Iterator[Finding]:
    """Prove that a transfer can only ring a full number, and never the emergency service."""
    urgent = {phone.number for phone in catalogue.directory.emergency.phones}
    for service in catalogue.directory.services.values():
        item = f"services.{service.id}"
        if service.emergency and service.transfer != "never":
            found, limit = f"transfer = {service.transfer!r}", "999 is never dialled for anyone"
            yield Finding("fault", SERVICES_FILE, item, found, limit, 'set transfer = "never"')
        number = service.transfer_to or (service.phones[0].number if service.phones else "")
        if service.transfer == "offer" and (not E164.fullmatch(number) or number in urgent):
            found = f"a transfer to {number or 'nothing'}"
            limit = "a transfer rings a full number: +, country code, 7 to 15 digits"
            cure = 'enter such a number as transfer_to, or set transfer = "never"'
            yield Finding("fault", SERVICES_FILE, item, found, limit, cure)
    for flow in catalogue.flows.values():
        keys = [*flow.action_keys.values(), *flow.command_keys]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            found, limit = f"key {key} means two things", "at a service each key means one thing"
            yield Finding("fault", f"flows/{flow.id}.toml", "actions", found, limit, "give each its own key")


def is_drama(number: str) -> bool:
    """Say whether a number (E.164) is one that Ofcom keeps for drama."""
    return number.startswith(DRAMA)


def _assurance(service: Service, today: date, level: Level) -> Iterator[Finding]:
    item = f"services.{service.id}.assured_on"
    limit = f"a named person has confirmed the listing within {FRESH_DAYS} days"
    # Nobody may ring 999 to see whether it answers.
    how = (
        "read the service's public pages (do not ring)"
        if service.emergency
        else f"ring {service.phone.display}"
    )
    cure = f"{how}, then enter assured_on and assured_by"
    if service.assured_on is None:
        yield Finding(level, SERVICES_FILE, item, "never confirmed", limit, cure)
    elif service.assured_on > today:
        found = f"{service.assured_on}, a day to come"
        yield Finding(level, SERVICES_FILE, item, found, limit, "correct the date")
    elif today - service.assured_on > timedelta(days=FRESH_DAYS):
        days = (today - service.assured_on).days
        found = f"last confirmed on {service.assured_on}, {days} days ago"
        yield Finding(level, SERVICES_FILE, item, found, limit, cure)


def _gaps(catalogue: Catalogue, service: Service) -> Iterator[Finding]:
    item = f"services.{service.id}"
    if service.successor:
        found = f"a successor is named: {service.successor}. {service.notes}".strip()
        limit = "people are sent to the service that does the work now"
        cure = "ring both; then change the listing, or remove successor"
        yield Finding("warning", SERVICES_FILE, f"{item}.successor", found, limit, cure)
    if not service.schedule.always and not service.schedule.periods:
        found = f"no hours. {service.notes}".strip()
        limit = "people hear whether anybody answers now"
        cure = "ask for the hours and enter a schedule"
        yield Finding("warning", SERVICES_FILE, f"{item}.schedule", found, limit, cure)
    for phone in service.phones:
        if not phone.languages:
            found, limit = f"{phone.display}: no languages", "a phone says which languages are spoken"
            yield Finding(
                "warning", SERVICES_FILE, f"{item}.phones", found, limit, 'enter languages = ["en"]'
            )
    spoken = {language for phone in service.phones for language in phone.languages}
    served = {language for line in catalogue.lines.values() for language in line.languages}
    if spoken and served - spoken and not service.interpreters:
        found = f"nobody is known to speak {', '.join(sorted(served - spoken))}"
        limit = "a line's languages are spoken where it sends people, or interpreters help"
        cure = "ask; then enter languages, or interpreters = true"
        yield Finding("note", SERVICES_FILE, f"{item}.phones", found, limit, cure)
