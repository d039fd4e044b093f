"""Asks the witnesses for their cosignatures, beside the worker: a slow witness must not hold up the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Thread

from bot.core.kept import KeptCheckpoint
from bot.core.partner import Witness, WitnessPolicy
from bot.errors import SignpostError, WitnessUnreachableError
from bot.ledger import merkle
from bot.ledger.integrator import reader
from bot.ledger.merkle import Hash
from bot.ledger.note import Note, Signature, read_note, read_verifier
from bot.ledger.tiles import hashes_in
from bot.ledger.witness import Witness as Asked
from bot.ledger.witness import cosign
from bot.log import event
from bot.store import DatabaseLedger

PAUSE_SECONDS = 5.0

Cosign = Callable[[Asked, Note, Callable[[int, int], Sequence[Hash]], int], Sequence[Signature]]


def ask(
    witness: Asked, note: Note, prove: Callable[[int, int], Sequence[Hash]], old: int
) -> Sequence[Signature]:
    """Ask a witness over the network."""
    return cosign(witness, note, prove, old=old)


@dataclass
class Witnessing:
    """Has each new checkpoint cosigned by every witness that is listed."""

    ledger: DatabaseLedger
    policy: WitnessPolicy
    clock: Callable[[], datetime]
    cosign: Cosign = ask
    _told: dict[str, str] = field(default_factory=dict, init=False)

    def start(self, stop: Event) -> Thread:
        """Ask in a thread until somebody sets `stop`."""
        thread = Thread(target=self._run, args=(stop,), name="witnesses", daemon=True)
        thread.start()
        return thread

    def _run(self, stop: Event) -> None:
        while not stop.wait(PAUSE_SECONDS):
            self.step()

    def step(self) -> int:
        """Ask each witness that has not cosigned the newest checkpoint; give how many have now."""
        try:
            with self.ledger.reading() as log:
                newest = log.checkpoint()
                done = log.cosignatures(newest.size) if newest else set()
        except SignpostError as fault:
            self._tell("the database", fault)
            return 0
        if newest is None:
            return 0
        asked = [one for one in self.policy.witnesses if one.name not in done]
        return len(done) + sum(self._ask(newest, one) for one in asked)

    def _ask(self, newest: KeptCheckpoint, witness: Witness) -> bool:
        """Ask one witness; a refusal is an alarm, for it may have seen another tree."""
        try:
            with self.ledger.reading() as log:
                old = log.cosigned_by(witness.name)
            asked = Asked(witness.url, read_verifier(witness.vkey))
            note = Note(read_note(newest.note).text, read_note(newest.note).signatures)
            lines = self.cosign(asked, note, self._prove, min(old, newest.size))
            for line in lines[:1]:
                self.ledger.keep_cosignature(newest.size, witness.name, str(line))
        except SignpostError as fault:
            self._tell(witness.name, fault)
            return False
        if self._told.pop(witness.name, None):
            event("witness.mended", witness=witness.name)
        return bool(lines)

    def _prove(self, old: int, new: int) -> Sequence[Hash]:
        with self.ledger.reading() as log:
            return merkle.consistency_proof(hashes_in(reader(log), new), old, new)

    def _tell(self, who: str, fault: SignpostError) -> None:
        if self._told.get(who) == str(fault):
            return
        self._told[who] = str(fault)
        level = logging.WARNING if isinstance(fault, WitnessUnreachableError) else logging.ERROR
        event("witness.failed", level, error=fault, witness=who)
