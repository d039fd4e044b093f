"""What a partner takes away holds without this program; and nobody else's can be had."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, update

from bot.custody import signing
from bot.ledger.export import export
from bot.ledger.proof import read_proof
from bot.ledger.record import commitment, committed_entry, read_disclosure
from bot.ledger.source import open_source
from bot.ledger.tiles import kept_under_full_paths
from bot.ledger.tiles import tiles_of as all_tiles
from bot.ledger.verifier import Trust, verify
from bot.store.tables import outcomes, routings
from tests.web.portal.places import AUDITOR, KIM, OPERATOR, SAM, Portal, grow

if TYPE_CHECKING:
    from pathlib import Path


def test_a_proof_holds_under_the_logs_key(portal: Portal) -> None:
    w = portal.line.wiring
    row = portal.mine[40]
    page = portal.person(SAM).get(f"/routings/{row['id']}").text
    assert f"/partners/records/{row['partner_seq']}/proof" in page
    answer = portal.person(SAM).get(f"/records/{row['partner_seq']}/proof")
    assert "attachment" in answer.headers["Content-Disposition"]
    proof = read_proof(answer.text)
    told = read_disclosure(proof.extra.decode())
    assert (told.record["id"], told.leaf_index, told.salt.hex()) == (
        row["id"],
        row["leaf_index"],
        row["salt"],
    )
    keys = [signer.verifier for signer in signing(w.settings, w.store.ledger()).signers]
    assert proof.verify(committed_entry(told.salt, told.record), keys).size > row["leaf_index"]


def test_a_disclosure_opens_its_commitment_in_the_log(portal: Portal) -> None:
    row = portal.mine[7]
    line = portal.person(SAM).get(f"/records/{row['partner_seq']}/disclosure").text
    told = read_disclosure(line)
    entries = portal.person(AUDITOR).get(f"/log/entries?bundle={told.leaf_index // 256}").text
    assert commitment(told.salt, told.record) in entries


def test_records_verify_against_the_whole_log(portal: Portal, tmp_path: Path) -> None:
    w = portal.line.wiring
    with portal.line.wiring.store.writing("an outcome") as connection:
        row = portal.mine[3]
        values = {"routing_id": row["id"], "hour": portal.line.now.replace(minute=0), "outcome": "connected"}
        kept = {**values, "partner": row["partner"], "late": False, "salt": "ab" * 32}
        connection.execute(insert(outcomes), kept)
        changed = update(routings).where(routings.c.id == row["id"])
        connection.execute(changed.values(outcome="connected"))
    grow(portal.line)
    lines = portal.person(SAM).get("/downloads/records.jsonl").text.splitlines()
    disclosed = [read_disclosure(line) for line in lines]
    assert sum(one.record["kind"] == "route" for one in disclosed) == 120
    assert sum(one.record["kind"] == "outcome" for one in disclosed) == 1
    ledger = w.store.ledger()
    with ledger.reading() as reading:
        newest = reading.checkpoint()
    assert newest is not None
    assert list(all_tiles(newest.size))
    export(kept_under_full_paths(ledger.tile), newest.size, newest.served, tmp_path / "log")
    trust = Trust([signer.verifier for signer in signing(w.settings, ledger).signers])
    found = verify(open_source(str(tmp_path / "log")), trust, records=iter(disclosed))
    assert found.records == len(disclosed)
    page = portal.person(SAM).get(f"/routings/{row['id']}").text
    assert "/partners/records/121/proof" in page


def test_another_partners_record_can_not_even_be_named(portal: Portal) -> None:
    mine = {
        json.loads(line)["salt"]
        for line in portal.person(SAM).get("/downloads/records.jsonl").text.splitlines()
    }
    theirs = {row["salt"] for row in portal.others}
    assert {row["salt"] for row in portal.mine} <= mine
    assert not mine & theirs
    for number in (1, 60, 120):
        told = read_disclosure(portal.person(SAM).get(f"/records/{number}/disclosure").text)
        assert told.record["partner"] == "crimestoppers"
        told = read_disclosure(portal.person(KIM).get(f"/records/{number}/disclosure").text)
        assert told.record["partner"] == "norfolk-constabulary"


@pytest.mark.parametrize("number", [0, 121, 10**18, 10**30])
def test_a_number_that_no_record_has_is_not_there(portal: Portal, number: int) -> None:
    assert portal.person(SAM).get(f"/records/{number}/proof").status_code == 404
    assert portal.person(SAM).get(f"/records/{number}/disclosure").status_code == 404


def test_auditor_and_operator_never_get_a_salt(portal: Portal) -> None:
    salts = [row["salt"] for row in (*portal.mine, *portal.others)]
    for email in (AUDITOR, OPERATOR):
        for path in ("/records/1/proof", "/records/1/disclosure", "/downloads/records.jsonl"):
            assert portal.person(email).get(path).status_code == 403
        seen = "".join(
            portal.person(email).get(path).text for path in ("", "/log", "/log/entries", "/downloads")
        )
        assert not [salt for salt in salts if salt in seen]


def test_every_entry_is_shown_to_an_auditor_once(portal: Portal) -> None:
    with portal.line.wiring.store.ledger().reading() as reading:
        newest = reading.checkpoint()
    assert newest is not None
    pages = [portal.person(AUDITOR).get(f"/log/entries?bundle={bundle}") for bundle in range(2)]
    shown = "".join(page.text for page in pages)
    assert shown.count('<th scope="row" class="number">') == newest.size
    assert portal.person(AUDITOR).get("/log/entries?bundle=2").status_code == 404
    assert "Entries 256 to" in portal.person(AUDITOR).get("/log/entries").text


def test_a_checkpoint_is_given_as_it_was_signed(portal: Portal) -> None:
    with portal.line.wiring.store.ledger().reading() as reading:
        newest = reading.checkpoint()
    assert newest is not None
    answer = portal.person(SAM).get(f"/log/checkpoints/{newest.size}")
    assert answer.text == newest.served
    assert newest.root in portal.person(SAM).get("/log").text
    assert portal.person(SAM).get(f"/log/checkpoints/{newest.size + 1}").status_code == 404
    assert portal.person(SAM).get("/log?below=x").status_code == 404


def test_what_waits_has_no_proof_and_is_counted_as_waiting(portal: Portal) -> None:
    with portal.line.wiring.store.writing("a routing") as connection:
        values = portal.mine[0] | {"id": "fresh", "leaf_index": None, "partner_seq": None}
        connection.execute(insert(routings), values)
    assert "1 waiting" in portal.person(SAM).get("").text
    page = portal.person(SAM).get("/routings/fresh").text
    assert "as soon as a checkpoint covers" in page
    assert "/proof" not in page
    grow(portal.line)
    assert "none waiting" in portal.person(SAM).get("").text
    assert "/partners/records/121/proof" in portal.person(SAM).get("/routings/fresh").text


def test_how_to_verify_names_the_log_and_the_command(portal: Portal) -> None:
    page = portal.person(SAM).get("/verify").text
    assert "signpost log verify https://line.example/log --key" in page
    assert "--records records.jsonl" in page
    assert "--records" not in portal.person(AUDITOR).get("/verify").text
