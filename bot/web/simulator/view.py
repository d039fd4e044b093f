"""A phone's whole state, as the page draws it: the page keeps nothing that is not in here."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.core.directory import LONDON
from bot.core.session import Routing
from bot.errors import StoreError
from bot.web.simulator.entries import seconds
from bot.web.simulator.people import national
from bot.web.simulator.phone import Phone
from bot.web.simulator.telling import name_of

MOST_ROUTINGS = 20
RING_MILLISECONDS = 2500
TALK_MILLISECONDS = 5000
NOON = 12

CHANNELS = {"sms": "Text", "whatsapp": "WhatsApp", "rcs": "RCS", "voice": "Call"}
CHOSEN_BY = {"key": "a key", "word": "a word"}
OUTCOMES = {
    "offered": "Number given",
    "number_texted": "Number texted",
    "transfer_started": "Ringing",
    "connected": "Put through",
    "busy": "Busy",
    "no_answer": "No answer",
    "failed": "Could not connect",
    "abandoned": "Caller hung up",
}


def view(phone: Phone) -> dict[str, Any]:
    """Everything about a phone, ready for JSON."""
    with phone.lock:
        choices, line = phone.choices, phone.choices.line
        local = phone.now.astimezone(LONDON)
        routings, fault = _routings(phone)
        return {
            "id": phone.id,
            "choices": {
                "line": line.id,
                "caller": choices.caller,
                "far_end": choices.far_end,
                "at": f"{local:%Y-%m-%dT%H:%M}" if choices.at else "",
            },
            "clock": f"{_day(local)}, {local:%H:%M}",
            "person": phone.person.shown,
            "keyword": next(iter(line.keywords), "HELLO"),
            "text_to": national(phone.text_to),
            "call_to": national(phone.call_to),
            "no_text": phone.person.no_text
            or ("" if phone.text_to else "This line has no number for texts."),
            "no_call": phone.person.no_call
            or ("" if phone.call_to else "This line has no number for calls."),
            "messages": [asdict(message) for message in phone.messages],
            "call": _call(phone),
            "exchanges": [asdict(exchange) for exchange in phone.exchanges],
            "present": phone.present,
            "present_name": _present_name(phone),
            "routings": routings,
            "fault": fault,
        }


def known_routings(phone: Phone) -> frozenset[str]:
    """The routings that were there before this phone; none where the database can't be read."""
    try:
        return frozenset(routing.id for routing in phone.wiring.store.routings(limit=MOST_ROUTINGS))
    except StoreError:
        return frozenset()


def _call(phone: Phone) -> dict[str, Any]:
    state, sentence, next_in = _state(phone)
    return {
        "state": state,
        "sentence": sentence,
        "hears": bool(phone.call and phone.call.listening and "speech" in phone.call.listening.input),
        # When the far end does its next thing; the page comes back then and asks for it.
        "next_in_milliseconds": next_in,
        "captions": [asdict(caption) for caption in phone.captions],
    }


def _state(phone: Phone) -> tuple[str, str, int | None]:
    call = phone.call
    if call is None:
        return "idle", "No call yet.", None
    if call.ended:
        return "ended", "The call is over.", None
    if dialling := call.ringing:
        name = name_of(dialling.number, phone)
        if phone.joined:
            return "joined", f"Talking to {name}.", TALK_MILLISECONDS
        return "ringing", f"Ringing {name}… showing {national(dialling.caller_id)}", RING_MILLISECONDS
    if listening := call.listening:
        awaited = "a key or your voice" if "speech" in listening.input else "a key"
        return "listening", f"Listening for {awaited} for {seconds(listening.timeout_seconds)}.", None
    return "speaking", "The line is speaking.", None


def _present_name(phone: Phone) -> str:
    """Name the point of the script where the person is: a service by its name, the rest by its id."""
    flow = phone.wiring.catalogue.flows[phone.choices.line.flow]
    node = flow.nodes.get(phone.present)
    if node is None or not node.service:
        return phone.present
    return phone.wiring.catalogue.directory.services[node.service].name


def _routings(phone: Phone) -> tuple[list[dict[str, Any]], str]:
    try:
        found = list(phone.wiring.store.routings(limit=MOST_ROUTINGS))
    except StoreError as fault:
        return [], str(fault)
    return [_routing(routing, phone) for routing in found], ""


def _routing(routing: Routing, phone: Phone) -> dict[str, Any]:
    service = phone.wiring.catalogue.directory.services.get(routing.service)
    local = routing.hour.astimezone(LONDON)
    return {
        "id": routing.id,
        "service": service.name if service else routing.service,
        "channel": CHANNELS[routing.channel],
        "chosen_by": CHOSEN_BY.get(routing.chosen_by, f"rule {routing.chosen_by}"),
        "outcome": routing.outcome,
        "outcome_name": OUTCOMES[routing.outcome],
        "hour": f"{local.day} {local:%b}, {_clock_hour(local)}",
        "new": routing.id not in phone.known_routings,
    }


def _day(local: datetime) -> str:
    return f"{local:%A} {local.day} {local:%B %Y}"


def _clock_hour(local: datetime) -> str:
    """The hour is all that is kept: "9am to 10am" says so, "9:00" would look like a minute."""
    hours = (local.hour, (local.hour + 1) % 24)
    names = [f"{(hour - 1) % 12 + 1}{'am' if hour < NOON else 'pm'}" for hour in hours]
    return f"{names[0]} to {names[1]}"
