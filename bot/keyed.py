"""Keyed hashes: how a number, a message or an id is found again without being kept."""

from __future__ import annotations

from bot.core.mac import mac


def keyed(secret: bytes, purpose: str, name: str) -> str:
    """Give 64 hexadecimal digits for a name: other ones for another purpose, and nothing without the key."""
    return mac(secret, f"{purpose}|{name}".encode("utf-8", "surrogatepass"), "sha256").hex()
