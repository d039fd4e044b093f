"""The signing keys and the guard, as the settings name them. Only the worker asks for them."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import LedgerError
from bot.ledger.guard import Guard, write_durably
from bot.ledger.note import Signer, read_signer
from bot.ledger.signing import Signing
from bot.settings import ROOT, Settings

if TYPE_CHECKING:
    from bot.ledger.integrator import LedgerStore

_SQLITE = "sqlite:///"
SEED_BYTES = 32  # https://www.rfc-editor.org/rfc/rfc8032#section-5.1.5


def signing(settings: Settings, store: LedgerStore) -> Signing:
    """Read the keys and find the guard.

    Raises:
        LedgerError: a key can't be read or is another log's; in production, one is not named.
    """
    return Signing(store, settings.ledger_origin, _signers(settings), guard(settings))


def guard(settings: Settings) -> Guard:
    """Find the guard. In development it lies beside the database.

    Raises:
        LedgerError: in production, when none is named.
    """
    if settings.ledger_guard_path is not None:
        return Guard(settings.ledger_guard_path)
    if settings.production:
        raise LedgerError(
            "LEDGER_GUARD_PATH is not set, and without it a restored backup would fork the audited log; "
            "name a file on another disk than the database"
        )
    return Guard(_beside_database(settings, "guard"))


def _signers(settings: Settings) -> tuple[Signer, ...]:
    if settings.ledger_keys:
        return tuple(_read(path) for path in settings.ledger_keys)
    if settings.production:
        raise LedgerError(
            "LEDGER_KEYS is not set, so nothing can be signed; make a key with "
            f"`signpost log keygen {settings.ledger_origin} FILE` and name the file"
        )
    path = _beside_database(settings, "ledger-key")
    if not path.exists():
        signer = Signer(settings.ledger_origin, secrets.token_bytes(SEED_BYTES))
        try:
            write_durably(path, signer.write() + "\n")
        except OSError as fault:
            raise LedgerError(f"the key {path} can't be made ({fault.strerror})") from fault
    return (_read(path),)


def _read(path: Path) -> Signer:
    try:
        return read_signer(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        why = getattr(fault, "strerror", None) or "it is no text"
        raise LedgerError(f"the key {path} can't be read ({why}); correct LEDGER_KEYS") from fault
    except LedgerError as fault:
        raise LedgerError(f"{path}: {fault}") from fault


def _beside_database(settings: Settings, suffix: str) -> Path:
    """Name a file that belongs to this database, so that a new database begins a new log."""
    url = settings.database_url
    path = Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else ROOT / "var" / "postgresql"
    return path.with_name(f"{path.name}.{suffix}")
