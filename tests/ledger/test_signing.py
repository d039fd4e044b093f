"""Nothing is signed that does not grow out of what was signed before."""

from __future__ import annotations

import copy
import errno
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import LedgerError
from bot.ledger.guard import Guard, write_durably
from bot.ledger.note import Signer, read_note
from bot.ledger.signing import Signing
from tests.ledger.kept import NOON, SIGNER, MemoryLedger, integrator, later, signing


@pytest.fixture
def guard(tmp_path: Path) -> Path:
    """Where the last signed checkpoint is kept."""
    return tmp_path / "elsewhere" / "guard"


@pytest.fixture
def ledger(guard: Path) -> MemoryLedger:
    """Give a log of one route, signed."""
    ledger = MemoryLedger()
    take(ledger, guard)
    return ledger


def take(ledger: MemoryLedger, guard: Path, minutes: float = 0) -> None:
    """Route somebody, and sign."""
    ledger.route()
    integrator(ledger).grow(later(minutes=minutes))
    signing(ledger, guard).sign(later(minutes=minutes))


def test_what_is_signed_is_in_the_guard_and_in_the_database(ledger: MemoryLedger, guard: Path) -> None:
    [kept] = ledger.state.checkpoints.values()
    assert guard.read_text("utf-8") == kept.note
    assert read_note(kept.note).signed_by([SIGNER.verifier]) == (SIGNER.verifier,)
    assert stat.S_IMODE(guard.stat().st_mode) == 0o600
    assert [path.name for path in guard.parent.iterdir()] == ["guard"]


def test_a_tree_that_is_signed_is_not_signed_again(ledger: MemoryLedger, guard: Path) -> None:
    assert signing(ledger, guard).sign(later(minutes=1)) is None
    assert len(ledger.state.checkpoints) == 1


def test_a_restored_backup_is_refused_and_stays_refused(ledger: MemoryLedger, guard: Path) -> None:
    backup = copy.deepcopy(ledger.state)
    take(ledger, guard, 1)
    kept = guard.read_text("utf-8")
    ledger.state = backup
    with pytest.raises(LedgerError, match=r"3 leaves were signed .*, and the database has 2: .*restored"):
        signing(ledger, guard).refuse_another_tree()
    for minutes in (2, 3):  # it grows past the size that was signed, with other leaves
        ledger.route(service="crimestoppers")
        integrator(ledger).grow(later(minutes=minutes))
        with pytest.raises(LedgerError, match=r"first 3 leaves are not those that were signed"):
            signing(ledger, guard).sign(later(minutes=minutes))
    assert guard.read_text("utf-8") == kept
    assert len(ledger.state.checkpoints) == 1


def test_an_emptied_database_is_refused(ledger: MemoryLedger, guard: Path) -> None:
    with pytest.raises(LedgerError, match=r"2 leaves were signed .*, and the database has 0"):
        signing(MemoryLedger(), guard).sign(NOON)


@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/000"])
def test_an_altered_tile_is_not_signed(ledger: MemoryLedger, guard: Path, path: str) -> None:
    data = ledger.state.tiles[path]
    ledger.state.tiles[path] = bytes([data[0] ^ 1]) + data[1:]
    if path == "tile/0/000":
        with pytest.raises(LedgerError, match="are not those that were signed"):
            signing(ledger, guard).sign(NOON)
    else:
        ledger.route()
        with pytest.raises(LedgerError):
            integrator(ledger).grow(later(minutes=1))


def test_a_missing_tile_is_named(ledger: MemoryLedger, guard: Path) -> None:
    del ledger.state.tiles["tile/0/000"]
    with pytest.raises(LedgerError, match=r"tile/0/000\.p/2 is missing from the database"):
        signing(ledger, guard).sign(NOON)


def test_a_missing_guard_is_not_made_anew(ledger: MemoryLedger, guard: Path) -> None:
    guard.unlink()
    ledger.route()
    integrator(ledger).grow(later(minutes=1))
    with pytest.raises(LedgerError, match=r"guard .* is missing, though 2 leaves were signed; put it back"):
        signing(ledger, guard).sign(later(minutes=1))
    assert not guard.exists()


def test_a_machine_that_joins_adopts_what_was_signed_and_follows(ledger: MemoryLedger, guard: Path) -> None:
    other = guard.with_name("other")
    with pytest.raises(LedgerError, match="signpost worker --adopt"):
        signing(ledger, other).follow()
    signing(ledger, other).adopt()
    take(ledger, guard, 1)
    signing(ledger, other).adopt()  # a guard that is there is left alone
    assert other.read_text("utf-8") != guard.read_text("utf-8")
    signing(ledger, other).follow()
    assert other.read_text("utf-8") == guard.read_text("utf-8")


@pytest.mark.parametrize("text", ["", "nonsense\n", "a\nb\nc\n\n\u2014 x AAAA\n"])
def test_a_damaged_guard_is_refused(ledger: MemoryLedger, guard: Path, text: str) -> None:
    guard.write_text(text, "utf-8")
    with pytest.raises(LedgerError, match="the guard holds no checkpoint"):
        signing(ledger, guard).sign(NOON)


def test_a_guard_of_another_log_is_refused(ledger: MemoryLedger, guard: Path) -> None:
    other = Signer("other.example/log", bytes(32))
    log = Signing(MemoryLedger(), other.name, [other], Guard(guard.with_name("other")))
    integrator(log.store).grow(NOON)  # type: ignore[arg-type]  # it is the one made above
    log.sign(NOON)
    guard.write_bytes(guard.with_name("other").read_bytes())
    with pytest.raises(LedgerError, match=r"is of the log other\.example/log, not of line\.example/log"):
        signing(ledger, guard).sign(NOON)


def test_a_guard_that_lags_behind_is_enough(ledger: MemoryLedger, guard: Path) -> None:
    old = guard.read_text("utf-8")  # as on a machine whose worker stood by
    take(ledger, guard, 1)
    guard.write_text(old, "utf-8")
    take(ledger, guard, 2)
    assert ledger.verified().checkpoint.size == 4


def test_a_full_disk_stops_signing_and_keeps_the_guard(ledger: MemoryLedger, guard: Path) -> None:
    kept = guard.read_text("utf-8")

    def full(path: Path, _note: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    ledger.route()
    integrator(ledger).grow(later(minutes=1))
    with pytest.raises(LedgerError, match=r"can't be written \(No space left on device\).*make room there"):
        signing(ledger, guard, full).sign(later(minutes=1))
    assert guard.read_text("utf-8") == kept
    assert len(ledger.state.checkpoints) == 1
    assert signing(ledger, guard).sign(later(minutes=2)) is not None


def test_a_file_that_may_not_grow_leaves_the_guard_whole(guard: Path) -> None:
    write_durably(guard, "before\n")
    script = (
        "import resource, signal, sys; from pathlib import Path; from bot.ledger.guard import write_durably;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10));"
        "write_durably(Path(sys.argv[1]), 'x' * 100)"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 10
    done = subprocess.run(
        [sys.executable, "-c", script, str(guard)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert guard.read_text("utf-8") == "before\n"


def test_two_keys_sign_while_one_is_rotated(guard: Path) -> None:
    ledger, new = MemoryLedger(), Signer(SIGNER.name, bytes(32))
    integrator(ledger).grow(NOON)
    Signing(ledger, SIGNER.name, [new, SIGNER], Guard(guard)).sign(NOON)
    [kept] = ledger.state.checkpoints.values()
    both = read_note(kept.note).signed_by([SIGNER.verifier, new.verifier])
    assert set(both) == {SIGNER.verifier, new.verifier}
    integrator(ledger).grow(later(minutes=10))
    Signing(ledger, SIGNER.name, [new], Guard(guard)).sign(later(minutes=10))
    assert ledger.state.head.size == 2


@pytest.mark.parametrize("signers", [[], [Signer("other.example/log", bytes(32))]])
def test_keys_of_another_log_are_refused(guard: Path, signers: list[Signer]) -> None:
    with pytest.raises(LedgerError, match=r"signpost log keygen"):
        Signing(MemoryLedger(), SIGNER.name, signers, Guard(guard))
