"""Asks witnesses to vouch that the log only ever grows (c2sp.org/tlog-witness).

A witness keeps the last checkpoint it has signed, and signs another only when that one grew out of it. So a
log that was rolled back, or shows two people two trees, gets no cosignature for one of them.
"""

from __future__ import annotations

import base64
import re
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

from bot.errors import LedgerError, WitnessRefusedError, WitnessUnreachableError
from bot.ledger.checkpoint import Checkpoint, read_checkpoint
from bot.ledger.merkle import Hash
from bot.ledger.note import Note, Signature, Verifier, read_signature

Prove = Callable[[int, int], Sequence[Hash]]

TIMEOUT_SECONDS = 10.0
LARGEST_ANSWER_BYTES = 64 * 1024
# A second try takes up the size that the witness names; a third, that another worker was quicker.
TRIES = 3
_CONFLICT = 409
_REFUSALS = {
    400: "it can't read what we sent",
    403: "it does not trust the key that signed",
    404: "it does not know this log",
    422: "our proof that the log only grew does not hold",
}
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True)
class Witness:
    """Where a witness is asked (its submission prefix), and the key by which its answer is known."""

    url: str
    verifier: Verifier


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes


def cosign(
    witness: Witness, note: Note, prove: Prove, *, old: int = 0, timeout_seconds: float = TIMEOUT_SECONDS
) -> tuple[Signature, ...]:
    """Ask a witness to vouch for a signed checkpoint.

    Args:
        witness: whom to ask.
        note: the checkpoint as the log signed it.
        prove: gives the consistency proof between two sizes; `merkle.consistency_proof` over the tiles.
        old: the size that this witness signed last, as far as is known; it tells us when that is wrong.
        timeout_seconds: how long each try may take as a whole, an answer that trickles in included.

    Returns:
        The witness's own lines, verified; they are served under the checkpoint.

    Raises:
        WitnessRefusedError: it will not sign this tree. That is an alarm: somebody must look.
        WitnessUnreachableError: it gave no answer that says anything; ask again later.
    """
    checkpoint, name = read_checkpoint(note.text), witness.verifier.name
    for _ in range(TRIES):
        if old > checkpoint.size:
            raise WitnessRefusedError(
                f"the witness {name} has signed {old} leaves of {checkpoint.origin}, and this tree has "
                f"{checkpoint.size}: a newer checkpoint was signed, or the log was rolled back"
            )
        answer = _post(witness, _request(note, checkpoint, prove, old), timeout_seconds)
        if answer.status != _CONFLICT:
            return _lines(witness, note, answer)
        old = _told_size(name, checkpoint, answer, old)
    raise WitnessUnreachableError(f"the witness {name} named another size {TRIES} times; ask again later")


def _request(note: Note, checkpoint: Checkpoint, prove: Prove, old: int) -> bytes:
    # From nothing, and to the same size, the proof is empty.
    proof = prove(old, checkpoint.size) if 0 < old < checkpoint.size else ()
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), "", str(note)]
    return "\n".join(lines).encode()


def _told_size(name: str, checkpoint: Checkpoint, answer: _Answer, old: int) -> int:
    found = _SIZE.fullmatch(answer.body)
    if old == checkpoint.size and (found is None or int(found[1]) == old):
        raise WitnessRefusedError(
            f"the witness {name} has signed another tree of {old} leaves for {checkpoint.origin}: "
            "two trees of one size were signed"
        )
    if found is None or int(found[1]) == old:
        raise WitnessUnreachableError(f"the witness {name} names no size that it would take (HTTP 409)")
    return int(found[1])


def _lines(witness: Witness, note: Note, answer: _Answer) -> tuple[Signature, ...]:
    name = witness.verifier.name
    if answer.status in _REFUSALS:
        raise WitnessRefusedError(
            f"the witness {name} refuses: {_REFUSALS[answer.status]} (HTTP {answer.status})"
        )
    if answer.status != 200:  # noqa: PLR2004 - the one status that is a yes
        raise WitnessUnreachableError(f"the witness {name} answered HTTP {answer.status}; ask again later")
    try:
        lines = answer.body.decode("utf-8").removesuffix("\n").split("\n")
        given = tuple(read_signature(line) for line in lines)
        known = witness.verifier.name, witness.verifier.key_id
        mine = tuple(one for one in given if (one.name, one.key_id) == known)
        vouched = Note(note.text, mine).signed_by([witness.verifier])
    except (UnicodeDecodeError, LedgerError) as fault:
        raise WitnessRefusedError(
            f"the witness {name} answered with no signature of its own ({fault})"
        ) from None
    if not vouched:
        raise WitnessRefusedError(f"the witness {name} answered without a signature of the key we know it by")
    return mine


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Every status is an answer. A redirect is not followed: whom we ask is written in the policy."""

    def http_response(self, request: urllib.request.Request, response: HTTPResponse) -> HTTPResponse:
        """Give the answer as it came."""
        return response

    https_response = http_response


_OPENER = urllib.request.build_opener(_AnyStatus)


def _post(witness: Witness, body: bytes, timeout_seconds: float) -> _Answer:
    name = witness.verifier.name
    if not witness.url.startswith(("https://", "http://")):
        raise WitnessUnreachableError(f"the address of the witness {name} does not begin with https://")
    deadline = time.monotonic() + timeout_seconds
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at above
        f"{witness.url.rstrip('/')}/add-checkpoint",
        data=body,
        headers={"Content-Type": "text/plain; charset=utf-8"},
    )
    try:
        with _OPENER.open(request, timeout=timeout_seconds) as answer:
            return _Answer(answer.status, _read(answer, deadline))
    except (OSError, HTTPException, ValueError) as fault:
        why = getattr(fault, "reason", fault)
        raise WitnessUnreachableError(f"the witness {name} can't be reached ({why})") from fault


def _read(answer: HTTPResponse, deadline: float) -> bytes:
    """Read a short answer. A socket's time-out begins anew with each byte; this one does not."""
    data = b""
    while piece := answer.read1(LARGEST_ANSWER_BYTES):
        data += piece
        if len(data) > LARGEST_ANSWER_BYTES:
            raise ValueError("its answer is too long")
        if time.monotonic() > deadline:
            raise TimeoutError("its answer took too long")
    return data
