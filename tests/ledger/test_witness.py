"""A witness is asked as its specification says, and only its own valid signature is a yes."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.errors import LedgerError, WitnessRefusedError, WitnessUnreachableError
from bot.ledger import merkle
from bot.ledger.checkpoint import Checkpoint, read_checkpoint
from bot.ledger.note import COSIGNATURE, Note, Signature, Signer, Verifier, read_note, sign
from bot.ledger.witness import Witness, cosign
from tests.ledger.test_merkle import Log, log_of, numbered
from tests.server import serve

SIGNER = Signer("line.example/log", bytes(range(32)))
KEY = Signer("witness.example/w1", bytes(32))
VERIFIER = Verifier(KEY.name, COSIGNATURE, KEY.verifier.public)
SECONDS = 1_795_000_000


def cosignature(text: str, key: Signer = KEY) -> Signature:
    verifier = Verifier(key.name, COSIGNATURE, key.verifier.public)
    signed = key.sign(f"cosignature/v1\ntime {SECONDS}\n{text}")
    return Signature(key.name, verifier.key_id, SECONDS.to_bytes(8, "big") + signed)


def note_of(log: Log) -> Note:
    return sign(Checkpoint(SIGNER.name, log.size, log.root()).text, [SIGNER])


@dataclass
class PlayedWitness:
    """A witness by the letter of tlog-witness; `answers` come first, in turn."""

    size: int = 0
    root: bytes = merkle.EMPTY_ROOT
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        assert (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("POST", "/w/add-checkpoint")
        body = environ["wsgi.input"].read(int(str(environ["CONTENT_LENGTH"]))).decode()
        self.asked.append(body.split("\n")[0])
        status, answer = self.answers.pop(0) if self.answers else self.judge(body)
        start_response(status, [("Location", "/elsewhere")] if status.startswith("3") else [])
        return [answer]

    def judge(self, body: str) -> tuple[str, bytes]:
        head, _, signed = body.partition("\n\n")
        old, *proof = head.split("\n")
        note = read_note(signed)
        if not note.signed_by([SIGNER.verifier]):
            return "403 Forbidden", b""
        new, hashes = read_checkpoint(note.text), [base64.b64decode(line) for line in proof]
        if old != f"old {self.size}":
            return "409 Conflict", b"%d\n" % self.size
        if self.size == new.size and self.root != new.root:
            return "409 Conflict", b"%d\n" % self.size
        if self.size and not merkle.verify_consistency(self.size, new.size, self.root, new.root, hashes):
            return "422 Unprocessable Entity", b""
        assert self.size or not hashes
        self.size, self.root = new.size, new.root
        return "200 OK", f"{cosignature(note.text)}\n".encode()


@pytest.fixture
def played() -> PlayedWitness:
    return PlayedWitness()


@pytest.fixture
def witness(played: PlayedWitness) -> Iterator[Witness]:
    with serve(played) as base:
        yield Witness(f"{base}/w/", VERIFIER)


def asked(witness: Witness, log: Log, old: int = 0) -> tuple[Signature, ...]:
    return cosign(
        witness,
        note_of(log),
        lambda first, second: merkle.consistency_proof(log.hashes, first, second),
        old=old,
    )


def test_witness_follows_the_log_as_it_grows(witness: Witness, played: PlayedWitness) -> None:
    old = 0
    for size in (1, 2, 255, 257, 257, 700):
        log = log_of(numbered(size))
        lines = asked(witness, log, old)
        served = Note(note_of(log).text, (*note_of(log).signatures, *lines))
        assert read_note(str(served)).signed_by([SIGNER.verifier, VERIFIER]) == (SIGNER.verifier, VERIFIER)
        assert [line.signed_at for line in lines] == [SECONDS]
        old = size
    assert played.asked == ["old 0", "old 1", "old 2", "old 255", "old 257", "old 257"]


@pytest.mark.parametrize("old", [0, 7, 300])
def test_size_that_the_witness_names_is_taken_up(witness: Witness, played: PlayedWitness, old: int) -> None:
    asked(witness, log_of(numbered(200)))
    played.asked.clear()
    assert asked(witness, log_of(numbered(300)), old)
    assert played.asked == [f"old {old}", "old 200"]


def test_another_tree_of_the_size_that_was_signed_is_an_alarm(witness: Witness) -> None:
    asked(witness, log_of(numbered(200)))
    with pytest.raises(WitnessRefusedError, match="two trees of one size were signed"):
        asked(witness, log_of([b"altered", *numbered(200)[1:]]))


def test_past_that_was_rewritten_is_an_alarm(witness: Witness) -> None:
    asked(witness, log_of(numbered(200)))
    with pytest.raises(WitnessRefusedError, match=r"does not hold \(HTTP 422\)"):
        asked(witness, log_of([b"altered", *numbered(300)[1:]]))


def test_log_that_was_rolled_back_is_an_alarm(witness: Witness) -> None:
    asked(witness, log_of(numbered(200)))
    with pytest.raises(WitnessRefusedError, match=r"has signed 200 leaves of .* and this tree has 100"):
        asked(witness, log_of(numbered(100)))


TEXT = note_of(log_of(numbered(3))).text
OTHER = Signer("witness.example/w2", bytes(32))
REFUSALS: dict[str, tuple[str, bytes, str]] = {
    "a key it does not trust": ("403 Forbidden", b"", "does not trust the key"),
    "a log it does not know": ("404 Not Found", b"", "does not know this log"),
    "what it can't read": ("400 Bad Request", b"", "can't read"),
    "no line": ("200 OK", b"", "no signature of its own"),
    "a page": ("200 OK", b"<html>", "no signature of its own"),
    "not text": ("200 OK", b"\xff\n", "no signature of its own"),
    "another's line": ("200 OK", f"{cosignature(TEXT, OTHER)}\n".encode(), "without a signature of the key"),
    "a line for another text": ("200 OK", f"{cosignature('a')}\n".encode(), "does not fit what is signed"),
    "a plain signature": ("200 OK", f"{sign(TEXT, [KEY]).signatures[0]}\n".encode(), "without a signature"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_is_no_yes_is_a_refusal(witness: Witness, played: PlayedWitness, what: str) -> None:
    status, body, said = REFUSALS[what]
    played.answers.append((status, body))
    with pytest.raises(WitnessRefusedError, match=said):
        asked(witness, log_of(numbered(3)))
    assert len(played.asked) == 1


def test_line_of_an_unknown_key_beside_its_own_is_passed_over(
    witness: Witness, played: PlayedWitness
) -> None:
    both = f"{cosignature(TEXT, OTHER)}\n{cosignature(TEXT)}\n".encode()
    played.answers.append(("200 OK", both))
    assert asked(witness, log_of(numbered(3))) == (cosignature(TEXT),)


NO_ANSWERS = {
    "a fault of its own": ("500 Internal Server Error", b"", "HTTP 500"),
    "too many requests": ("429 Too Many Requests", b"", "HTTP 429"),
    "a redirect": ("307 Temporary Redirect", b"", "HTTP 307"),
    "a conflict without a size": ("409 Conflict", b"later\n", "names no size"),
    "the size that was asked": ("409 Conflict", b"0\n", "names no size"),
    "no end": ("200 OK", b"x" * 70_000, "too long"),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_what_says_nothing_is_asked_again_later(witness: Witness, played: PlayedWitness, what: str) -> None:
    status, body, said = NO_ANSWERS[what]
    played.answers.append((status, body))
    with pytest.raises(WitnessUnreachableError, match=said):
        asked(witness, log_of(numbered(3)))
    assert len(played.asked) == 1


def test_witness_whose_size_changes_each_time_is_left_alone(witness: Witness, played: PlayedWitness) -> None:
    played.answers += [("409 Conflict", b"%d\n" % size) for size in (1, 2, 1)]
    with pytest.raises(WitnessUnreachableError, match="another size 3 times"):
        asked(witness, log_of(numbered(3)))
    assert played.asked == ["old 0", "old 1", "old 2"]


@pytest.mark.parametrize("trickles", [False, True])
def test_witness_that_takes_too_long_is_not_waited_for(*, trickles: bool) -> None:
    log, stop = log_of(numbered(3)), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" if trickles else b"")
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"x" if trickles else b"")
                    except OSError:
                        return

        thread = threading.Thread(target=answer)
        thread.start()
        began = time.monotonic()
        try:
            with pytest.raises(WitnessUnreachableError, match="can't be reached"):
                cosign(
                    Witness(f"http://127.0.0.1:{server.getsockname()[1]}", VERIFIER),
                    note_of(log),
                    lambda _old, _new: [],
                    timeout_seconds=0.3,
                )
        finally:
            stop.set()
            thread.join(10)
    assert time.monotonic() - began < 5


def test_witness_that_is_not_there_or_is_no_address_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"http://127.0.0.1:{server.getsockname()[1]}"
    for url, said in ((nobody, "can't be reached"), ("file:///etc/passwd", "does not begin with https")):
        with pytest.raises(WitnessUnreachableError, match=said):
            asked(Witness(url, VERIFIER), log_of(numbered(3)))


def test_both_ends_are_faults_of_the_ledger() -> None:
    assert issubclass(WitnessRefusedError, LedgerError)
    assert not issubclass(WitnessRefusedError, WitnessUnreachableError)
