"""config/partners.toml."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StrictStr, model_validator

from bot.catalogue.models.base import Model

PartnerId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


class PartnerModel(Model):
    """A partner: its name, and the organizations of services.toml that it answers for."""

    name: Annotated[StrictStr, Field(min_length=2, max_length=60)]
    organizations: Annotated[list[StrictStr], Field(min_length=1)]


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
