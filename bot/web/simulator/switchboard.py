"""Every simulated phone of this process, in memory and bounded: the oldest makes room for the newest."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from itertools import count

from flask import Flask

from bot.web.simulator.phone import Choices, Phone

MOST_PHONES = 64


class Switchboard:
    """Phones by their id. Threads share it. `token` is the page's proof that it is the simulator's own."""

    def __init__(self, most: int = MOST_PHONES) -> None:
        """Take how many phones there may be at a time."""
        self.token = secrets.token_urlsafe(24)
        self._most = most
        self._lock = threading.Lock()
        self._phones: OrderedDict[str, Phone] = OrderedDict()
        self._serials = count()

    def add(self, app: Flask, choices: Choices) -> Phone:
        """Make a phone for a new person."""
        with self._lock:
            phone = Phone(app, choices, next(self._serials))
            self._phones[phone.id] = phone
            while len(self._phones) > self._most:
                self._phones.popitem(last=False)
            return phone

    def find(self, phone_id: str) -> Phone | None:
        """Give a phone, and count it as used just now."""
        with self._lock:
            phone = self._phones.get(phone_id)
            if phone is not None:
                self._phones.move_to_end(phone_id)
            return phone

    def drop(self, phone_id: str) -> None:
        """Forget a phone."""
        with self._lock:
            self._phones.pop(phone_id, None)

    def __len__(self) -> int:
        """How many phones there are."""
        with self._lock:
            return len(self._phones)
