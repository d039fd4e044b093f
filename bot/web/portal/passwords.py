"""Passwords: which are taken, how they are kept, and how much work a sign-in may make.

Kept as argon2id with 32 MiB, three passes and one lane: above the least that OWASP's password
storage cheat sheet asks for (19 MiB, two passes), and about a tenth of a second on a small server.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB, PASSES, LANES = 32 * 1024, 3, 1
SHORTEST_CHARS, LONGEST_CHARS = 12, 128
FEWEST_DIFFERENT_CHARS = 6
# Threads answer callers too: so many may work on passwords at the same time, others are asked to wait.
AT_ONCE = 2
PATIENCE_SECONDS = 0.3
COMMON = ("password", "signpost", "crimestoppers", "norfolk", "qwerty", "letmein", "welcome", "12345678")

_hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
_places = BoundedSemaphore(AT_ONCE)
# Verified where there is no account, so that a wrong address takes as long as a wrong password. A salt and a
# hash of noughts, which no password has: making one here would cost each start a tenth of a second.
_NOBODYS = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"


class BusyError(Exception):
    """Too many passwords are being looked at; ask again in a moment."""


def hash_password(password: str) -> str:
    """Hash a password to be kept.

    Raises:
        BusyError: others are being looked at.
    """
    with _place():
        return _hasher.hash(_normal(password))


def is_right(kept: str, password: str) -> bool:
    """Compare with what is kept; "" is nobody's password, and takes as long.

    Raises:
        BusyError: others are being looked at.
    """
    with _place():
        try:
            right = _hasher.verify(kept or _NOBODYS, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return right and bool(kept)


def is_outdated(kept: str) -> bool:
    """Say whether a hash was made with other parameters than those above."""
    return _hasher.check_needs_rehash(kept)


def faults(password: str, again: str, email: str) -> list[str]:
    """Say what keeps this from being a password, each with its cure; [] when it is taken."""
    plain = _normal(password).lower()
    found = []
    if len(password) < SHORTEST_CHARS:
        found.append(f"The password has {len(password)} characters. Use at least {SHORTEST_CHARS}.")
    elif len(password) > LONGEST_CHARS:
        found.append(f"The password has {len(password)} characters. Use at most {LONGEST_CHARS}.")
    elif len(set(plain)) < FEWEST_DIFFERENT_CHARS:
        found.append("The password repeats a few characters. Use three words that do not belong together.")
    elif email.partition("@")[0] in plain or any(_is_most_of(word, plain) for word in COMMON):
        found.append("The password is easy to guess. Use three words that do not belong together.")
    if password != again:
        found.append("The two passwords differ. Type the same one twice.")
    return found


def _is_most_of(word: str, password: str) -> bool:
    return word in password and len(word) * 2 > len(password)


def _normal(password: str) -> str:
    """One spelling of what looks the same, whichever keyboard typed it (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise BusyError
    try:
        yield
    finally:
        _places.release()
