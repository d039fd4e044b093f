"""Puts what the carrier reports into words for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.carrier import events
from bot.core.directory import Service
from bot.core.session import DialStatus
from bot.web.simulator.entries import Caption, Message, seconds, size_of, spoken
from bot.web.simulator.people import national

if TYPE_CHECKING:
    from bot.web.simulator.phone import Phone

ENDED: dict[DialStatus, str] = {
    "completed": "They hung up.",
    "answered": "They hung up.",
    "busy": "The line rung was busy.",
    "no-answer": "Nobody answered.",
    "failed": "The call could not be put through.",
    "canceled": "The ringing was stopped.",
}
HUNG_UP = {
    "caller": "You hung up.",
    "app": "The line hung up.",
    "carrier": "The carrier ended the call.",
}


def tell(happened: events.Event, phone: Phone) -> Message | Caption | None:
    """Say what happened, as a message or a caption; None for what the page shows elsewhere or not at all.

    The result has the id 0; the phone numbers it.
    """
    match happened:
        case events.Texted(body, media):
            return Message(0, "person", body, pictures=media)
        case events.Replied(body=body):
            whatsapp = phone.person.kind == "whatsapp"
            return Message(0, "line", body, size=_whole(body) if whatsapp else size_of(body))
        case events.Heard(text=text, language=language):
            displays = phone.wiring.displays
            return Caption(0, "line", text, spoken(text, displays), language)
        case events.Pressed(key, taken):
            return Caption(
                0, "person", f"Pressed {key}" if taken else f"Pressed {key}: nothing was listening"
            )
        case events.Spoke(words, _, taken):
            return Caption(0, "person", f"Said: {words}" if taken else "Spoke: nothing was listening")
        case events.Silent(waited):
            return Caption(0, "person", f"Stayed silent for {seconds(waited)}")
        case events.Errored(code, message):
            return _fault(f"Twilio's debugger would show error {code}: {message}", on_call=phone.on_call)
        case _:
            return _of_transfer(happened, phone)


def _of_transfer(happened: events.Event, phone: Phone) -> Caption | None:
    match happened:
        case events.Dialling(number=number, caller_id=shown):
            whom = f"{name_of(number, phone)} on {shown_number(number, phone)}"
            return Caption(0, "note", f"Ringing {whom}. They see {national(shown)}.")
        case events.Connected(number):
            return Caption(0, "note", f"{name_of(number, phone)} answered. The two of you can talk.")
        case events.DialEnded(status):
            return Caption(0, "note", ENDED[status])
        case events.HungUp(by):
            return Caption(0, "note", HUNG_UP[by])
        case _:
            return None


def name_of(number: str, phone: Phone) -> str:
    """Name the service that answers this number; the number itself where none does."""
    service = _service(number, phone)
    return service.name if service else national(number)


def shown_number(number: str, phone: Phone) -> str:
    """Write a number as the directory shows it, or as people do where another one is dialled."""
    service = _service(number, phone)
    return service.phone.display if service and service.phone.number == number else national(number)


def _service(number: str, phone: Phone) -> Service | None:
    services = phone.wiring.catalogue.directory.services.values()
    return next((service for service in services if service.transfer_number == number), None)


def _whole(body: str) -> str:
    return f"{len(body)} characters · not cut into parts"


def _fault(text: str, *, on_call: bool) -> Message | Caption:
    return Caption(0, "note", text) if on_call else Message(0, "note", text)
