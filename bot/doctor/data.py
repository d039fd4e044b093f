"""The data files: what `signpost check` says of them, the directory's age, drafts, and whom digests go to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date

from bot import condition
from bot.catalogue import Catalogue
from bot.check import check
from bot.check.finding import Finding
from bot.check.listings import FRESH_DAYS
from bot.core.partner import Partner
from bot.delivery.mail import read_mail_server
from bot.delivery.signing import read_secrets
from bot.delivery.webhook import Webhooks
from bot.doctor.examination import Examined, of_sentence
from bot.errors import LedgerError, SignpostError
from bot.ledger.note import read_verifier
from bot.settings import Settings


def of_files(catalogue: Catalogue, chosen: Settings, today: date) -> Iterator[Examined]:
    """What `signpost check` finds: each fault, each listing that grew old, and how many warnings else."""
    report = check(catalogue, today, chosen.production, walked=False)
    stale = {f"services.{one.id}.assured_on" for one in condition.stale(catalogue.directory, today)}
    old = [one for one in (*report.faults, *report.warnings) if one.item in stale]
    yield from (_of_finding(one) for one in report.faults if one.item not in stale)
    yield from (_of_finding(one) for one in old)
    if not report.faults:
        yield Examined("ok", "data files", f"{len(catalogue.flows)} scripts, {len(catalogue.lines)} lines")
    if not old:
        listed = len(catalogue.directory.services)
        yield Examined("ok", "directory", f"{listed} listings, all assured within {FRESH_DAYS} days")
    if others := len([one for one in report.warnings if one.item not in stale]):
        found = f"{others} warnings of signpost check"
        yield Examined(
            "warning", "data files", found, "none, once people are served", "signpost check lists them"
        )


def of_drafts(catalogue: Catalogue, chosen: Settings) -> Iterator[Examined]:
    """Which drafts people are served with."""
    drafts = {
        wording.language
        for flow in catalogue.flows.values()
        for wording in flow.wordings.values()
        if wording.status == "draft"
    }
    served = sorted(drafts & set(chosen.draft_languages) if chosen.production else drafts)
    if not served:
        yield Examined("ok", "drafts", "no language is served that nobody has approved")
        return
    limit = "a person who speaks a language approves its words"
    cure = 'have them read, then enter status = "approved"; or take them out of DRAFT_LANGUAGES'
    yield Examined("warning", "drafts", f"served as drafts: {', '.join(served)}", limit, cure)


def of_partners(
    catalogue: Catalogue, chosen: Settings, secrets: Mapping[str, str] = os.environ
) -> Iterator[Examined]:
    """Whether each partner's digest can leave, and each witness' key can be read."""
    for partner in catalogue.partners.values():
        if partner.digest is None:
            continue
        item, limit = f"digest of {partner.id}", "a digest can leave"
        try:
            _try_digest(partner, chosen, secrets)
        except SignpostError as fault:
            yield of_sentence("fault", item, str(fault), limit)
        else:
            yield Examined("ok", item, f"by {partner.digest.way}")
    for witness in catalogue.witness_policy.witnesses:
        try:
            read_verifier(witness.vkey)
        except LedgerError as fault:
            cure = "copy the witness' key again into config/partners.toml"
            yield Examined("fault", f"witness {witness.name}", str(fault), "a verifier key", cure)
        else:
            yield Examined("ok", f"witness {witness.name}", "its key can be read")


def _try_digest(partner: Partner, chosen: Settings, secrets: Mapping[str, str]) -> None:
    """Look at a way out without going there. Raises SignpostError."""
    to = partner.digest
    if to is not None and to.way == "webhook":
        Webhooks(local=not chosen.production).refuse_unfit(to.address)
        read_secrets(secrets.get(to.secret, ""), to.secret)
    elif not chosen.smtp_url or not chosen.digest_from:
        raise SignpostError("SMTP_URL and DIGEST_FROM are not both set; cure: enter them")
    else:
        read_mail_server(chosen.smtp_url)


def _of_finding(one: Finding) -> Examined:
    level = "fault" if one.level == "fault" else "warning"
    return Examined(level, f"{one.file} {one.item}", one.found, one.limit, one.cure)  # type: ignore[arg-type]  # one of two literals
