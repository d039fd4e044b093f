"""Notes, keys, checkpoints and proofs, held to the examples of the specifications and to damage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LedgerError
from bot.ledger import merkle
from bot.ledger.checkpoint import Checkpoint, read_checkpoint
from bot.ledger.note import (
    COSIGNATURE,
    ED25519,
    Note,
    Signature,
    Signer,
    Verifier,
    read_note,
    read_signer,
    read_verifier,
    sign,
)
from bot.ledger.proof import Proof, read_proof
from tests.ledger.test_merkle import log_of, numbered

ORIGIN = "line.example/log"
SIGNER = Signer(ORIGIN, bytes(range(32)))
OTHER = Signer(ORIGIN, bytes(range(1, 33)))
# The key pair and the note of Go's package golang.org/x/mod/sumdb/note, in its documentation.
GO_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZ"
    "SNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_note_of_go_is_verified_and_signed_to_the_byte() -> None:
    verifier = read_verifier(GO_VERIFIER)
    assert read_note(GO_NOTE).signed_by([verifier]) == (verifier,)
    assert str(sign(read_note(GO_NOTE).text, [read_signer(GO_SIGNER)])) == GO_NOTE
    assert str(read_signer(GO_SIGNER).verifier) == GO_VERIFIER
    assert read_signer(GO_SIGNER).write() == GO_SIGNER


def test_private_key_is_never_shown() -> None:
    assert "AYEK" not in repr(read_signer(GO_SIGNER))
    with pytest.raises(LedgerError) as refused:
        read_signer(GO_SIGNER[:-4])
    assert "AYEK" not in str(refused.value)


def test_line_of_an_unknown_key_says_nothing_and_a_wrong_one_of_a_known_key_is_a_fault() -> None:
    note = sign("text\n", [SIGNER, OTHER])
    assert note.signed_by([SIGNER.verifier]) == (SIGNER.verifier,)
    assert note.signed_by([Signer("elsewhere", bytes(32)).verifier]) == ()
    for damaged in (replace(note, text="texT\n"), _damaged(note)):
        with pytest.raises(LedgerError, match="does not fit"):
            damaged.signed_by([SIGNER.verifier])


def _damaged(note: Note) -> Note:
    first = note.signatures[0]
    wrong = replace(first, signature=bytes([first.signature[0] ^ 1]) + first.signature[1:])
    return replace(note, signatures=(wrong, *note.signatures[1:]))


def test_two_keys_sign_while_one_is_rotated() -> None:
    note = read_note(str(sign("text\n", [SIGNER, OTHER])))
    assert note.signed_by([OTHER.verifier]) == (OTHER.verifier,)
    assert note.signed_by([SIGNER.verifier, OTHER.verifier]) == (SIGNER.verifier, OTHER.verifier)


def test_witness_vouches_for_the_time_too() -> None:
    witness = Signer("witness.example/w1", bytes(32))
    verifier = Verifier(witness.name, COSIGNATURE, witness.verifier.public)
    text, seconds = "text\n", 1_679_315_147
    signed = witness.sign(f"cosignature/v1\ntime {seconds}\n{text}")
    line = Signature(witness.name, verifier.key_id, seconds.to_bytes(8, "big") + signed)
    note = read_note(str(Note(text, (*sign(text, [SIGNER]).signatures, line))))
    assert note.signed_by([verifier]) == (verifier,)
    assert note.signatures[1].signed_at == seconds
    later = replace(line, signature=(seconds + 1).to_bytes(8, "big") + signed)
    with pytest.raises(LedgerError):
        Note(text, (later,)).signed_by([verifier])


@pytest.mark.parametrize(
    "written",
    [
        "",
        "text",
        "text\n",
        "text\n\n",
        "text\n\nno dash AAAAAAAA\n",
        "text\n\n— name\n",
        "text\n\n— name AAAA\n",
        "text\n\n— name AAAAAAAA",
    ],
)
def test_what_is_no_note_is_refused(written: str) -> None:
    with pytest.raises(LedgerError):
        read_note(written)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "name",
        GO_VERIFIER.replace("c74f20a3", "c74f20a4"),
        GO_VERIFIER[:-4],
        GO_VERIFIER.replace("+AR", "+BR"),
        GO_VERIFIER.replace("Peter", "Paul"),
    ],
)
def test_key_that_was_copied_wrong_is_refused(key: str) -> None:
    with pytest.raises(LedgerError):
        read_verifier(key)


@given(st.text(max_size=200))
def test_any_text_is_a_note_or_refused(written: str) -> None:
    for read in (read_note, read_verifier, read_signer, read_checkpoint, read_proof):
        try:
            read(written)
        except LedgerError:
            continue


def test_checkpoint_is_written_as_the_specification_shows_it() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = read_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.text == text
    assert read_checkpoint(text + "extension\n") == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "a\n1\nAAAA\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(LedgerError):
        read_checkpoint(text)


@pytest.mark.parametrize(("index", "size"), [(0, 1), (3, 7), (299, 300)])
def test_proof_is_carried_in_a_file(index: int, size: int) -> None:
    log = log_of(numbered(size))
    note = sign(Checkpoint(ORIGIN, size, log.root()).text, [SIGNER])
    hashes = tuple(merkle.inclusion_proof(log.hashes, index, size))
    proof = read_proof(str(Proof(index, hashes, str(note), b"extra words")))
    assert proof == Proof(index, hashes, str(note), b"extra words")
    assert read_proof(str(replace(proof, extra=b""))).extra == b""
    assert proof.verify(numbered(size)[index], [SIGNER.verifier]).size == size
    with pytest.raises(LedgerError, match="not leaf"):
        proof.verify(b"another entry", [SIGNER.verifier])
    with pytest.raises(LedgerError, match="not signed"):
        proof.verify(numbered(size)[index], [Verifier(ORIGIN, ED25519, bytes(32))])
