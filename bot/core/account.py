"""Who may look into the log of routings: an account of a partner, an auditor or an operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["partner", "auditor", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)
DEMO_DOMAIN = "@demo.invalid"  # a name that can be nobody's (RFC 2606)


@dataclass(frozen=True)
class Account:
    """One person's account. `partner` is "" for auditors and operators.

    `password` is an argon2id hash, "" until the person has set one; `code_key` is the sealed key
    of their code app, "" while they have none.
    """

    id: int
    email: str
    name: str
    role: Role
    partner: str
    enabled: bool
    password: str = ""
    code_key: str = ""

    def is_demo(self) -> bool:
        """Say whether this account is for trying the portal; production lets nobody use it."""
        return self.email.endswith(DEMO_DOMAIN)


@dataclass(frozen=True)
class ApiToken:
    """A partner's key to the API; its secret is not kept. `last_used_on` is a day, "" for never."""

    id: int
    partner: str
    name: str
    hint: str
    created_on: str
    last_used_on: str
    revoked: bool
