"""config/partners.toml."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, StrictStr, model_validator

from bot.catalogue.models.base import Model

PartnerId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


class DigestModel(Model):
    """Where a partner's daily digest goes: an e-mail address, or a webhook and the name of its secret."""

    email: Annotated[StrictStr, Field(pattern=r"^[!-~]+@[!-~]+\.[!-~]+$", max_length=254)] | None = None
    webhook: Annotated[StrictStr, Field(pattern=r"^https?://[!-~]+$", max_length=500)] | None = None
    secret: Annotated[StrictStr, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.email is None) == (self.webhook is None):
            raise ValueError("a digest goes by e-mail or to a webhook; cure: keep one of email and webhook")
        if (self.webhook is None) != (self.secret is None):
            raise ValueError(
                "secret names the environment variable with a webhook's secret; "
                "cure: add it to a webhook, remove it from an e-mail"
            )
        if self.email is not None and re.search(r'[<>(),;:\\"\[\]]', self.email):
            raise ValueError("an e-mail address stands alone, without a name; cure: write anna@example.org")
        return self


class PartnerModel(Model):
    """A partner: its name, and the organizations of services.toml that it answers for."""

    name: Annotated[StrictStr, Field(min_length=2, max_length=60)]
    organizations: Annotated[list[StrictStr], Field(min_length=1)]
    digest: DigestModel | None = None


class WitnessModel(Model):
    """A witness: where it is asked, and the key by which its answers are known."""

    url: Annotated[StrictStr, Field(pattern=r"^https?://\S+$")]
    vkey: Annotated[StrictStr, Field(pattern=r"^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44,}$")]


class PolicyModel(Model):
    """How many witnesses have to cosign a checkpoint."""

    cosignatures: Annotated[int, Field(ge=0)] = 0


class PartnersModel(Model):
    """config/partners.toml."""

    partners: dict[PartnerId, PartnerModel] = {}
    policy: PolicyModel = PolicyModel()
    witnesses: dict[PartnerId, WitnessModel] = {}

    @model_validator(mode="after")
    def _enough_witnesses(self) -> Self:
        if self.policy.cosignatures > len(self.witnesses):
            raise ValueError(
                f"{self.policy.cosignatures} witnesses must cosign, but {len(self.witnesses)} are listed; "
                "cure: add [witnesses.<name>], or lower cosignatures"
            )
        return self
