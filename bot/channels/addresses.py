"""Twilio's way of writing addresses and forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

PREFIXES = ("whatsapp:", "rcs:", "sip:", "client:", "messenger:")


def bare_number(address: str | None) -> str:
    """A Twilio address without its channel: "whatsapp:+447700900000" is "+447700900000"."""
    address = (address or "").strip()
    for prefix in PREFIXES:
        if address.lower().startswith(prefix):
            return address[len(prefix) :]
    return address


def first_values(pairs: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The first value of each field, as a form is read when it repeats itself."""
    form: dict[str, str] = {}
    for name, value in pairs:
        form.setdefault(name, value)
    return form
