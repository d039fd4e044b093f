"""Reads variables of the environment, and collects what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

MOST_DIGITS = 9  # int() itself refuses thousands of digits with an error of its own
LANGUAGE = re.compile(r"[a-z]{2,3}")


class Variables:
    """Reads each variable by what it has to be; "" counts as left out."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.faults: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self.env.get(name, "").strip() or default

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS and least <= int(value) <= most:
            return int(value)
        self.fault(name, value, f"a whole number from {least} to {most}", f"write {default}, or leave it out")
        return default

    def languages(self, name: str) -> tuple[str, ...]:
        given = tuple(part for part in re.split(r"[,\s]+", self.text(name, "").lower()) if part)
        for language in given:
            if not LANGUAGE.fullmatch(language):
                cure = "write codes with commas, such as pl, lt"
                self.fault(name, language, "a language's code of two or three letters", cure)
        return given

    def choice(self, name: str, default: str, known: tuple[str, ...]) -> str:
        value = self.text(name, default).upper()
        if value not in known:
            self.fault(name, value, ", ".join(known), "write one of them")
        return value

    def folder(self, name: str, default: Path) -> Path:
        value = Path(self.text(name, str(default)))
        if not value.is_dir():
            self.fault(name, str(value), "a folder that exists", "correct the path, or leave it out")
        return value

    def fault(self, name: str, found: str, limit: str, cure: str) -> None:
        self.faults.append(f"{name}\n    found: {found}\n    limit: {limit}\n    cure:  {cure}")

    def shaped(self, name: str, shape: re.Pattern[str], limit: str) -> str:
        value = self.text(name, "")
        if value and not shape.fullmatch(value):
            self.fault(name, f"{len(value)} characters", limit, "correct it; config/env.example says how")
        return value


def is_origin(url: str, schemes: tuple[str, ...]) -> bool:
    """Say whether this is scheme, host and at most a port and a path."""
    try:
        parts = urlsplit(url)
        port = parts.port  # raises for a port that is no number
    except ValueError:
        return False
    extras = parts.query or parts.fragment or parts.username or parts.password
    return parts.scheme in schemes and bool(parts.hostname) and port != 0 and not extras
