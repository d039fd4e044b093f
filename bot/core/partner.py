"""Partners: the organisations that receive people and may verify their part of the audited log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class DigestTo:
    """Where a partner's daily digest goes: to an e-mail address, or to a webhook.

    `secret` names the environment variable that holds the webhook's secret; the secret itself is
    read only to sign with it.
    """

    way: Literal["email", "webhook"]
    address: str
    secret: str = ""


@dataclass(frozen=True)
class Partner:
    """One partner, and the organizations of the directory that it answers for."""

    id: str
    name: str
    organizations: tuple[str, ...]
    digest: DigestTo | None = None


@dataclass(frozen=True)
class Witness:
    """Somebody else who vouches that the log only ever grows (c2sp.org/tlog-witness)."""

    name: str
    url: str
    vkey: str


@dataclass(frozen=True)
class WitnessPolicy:
    """Who is asked to cosign each checkpoint, and how many have to."""

    witnesses: tuple[Witness, ...] = ()
    needed: int = 0
