"""What the address of a call's next step carries, should the database be gone by then.

Twilio signs such an address and keeps it, and Twilio knows who called. So it says where the call is, and
nothing else: the id of the last record is hidden under the line's own key.
"""

from __future__ import annotations

import hmac
import secrets

from bot.core.session import Session, altered
from bot.store import read_session, write_state

NONCE_CHARS = 32
LONGEST_ID_CHARS = 64  # what one hash hides


def write_carried(session: Session | None, secret: bytes) -> str:
    """Write the state for an address; "" for a text, which has no next step.

    The id of the last record goes with it, hidden: how a transfer ends may be reported without the database.
    """
    if session is None or session.channel != "voice":
        return ""
    return write_state(altered(session, routing_id=_hidden(session.routing_id, secret)))


def read_carried(state: str, begun: Session, secret: bytes) -> Session | None:
    """Read the state that an address brought, under the id of the session that would begin now."""
    if not state:
        return None
    brought = read_session(begun.id, state, begun.expires_at)
    if brought is None:
        return None
    return altered(
        brought, line=begun.line, channel=begun.channel, routing_id=_shown(brought.routing_id, secret)
    )


def latest_of(kept: Session | None, brought: Session | None) -> Session | None:
    """Choose between what the database kept and what an address brought: whichever has more turns.

    The database lacks the turns that were taken without it. Of as many turns what is kept counts, and of
    an address that comes late it is not asked where the call is.
    """
    if kept is None or brought is None or brought.turns <= kept.turns:
        return kept or brought
    return altered(brought, routing_id=brought.routing_id or kept.routing_id)


def is_behind(kept: Session | None, latest: Session | None) -> bool:
    """Say whether the last routing is one that an address brought and the database may lack."""
    if latest is None or latest is kept or not latest.routing_id:
        return False
    return kept is None or kept.routing_id != latest.routing_id


def _hidden(routing_id: str, secret: bytes) -> str:
    """Hide an id: a nonce that is used once, and the id under the keyed hash of that."""
    if not 0 < len(routing_id) <= LONGEST_ID_CHARS:
        return ""
    nonce = secrets.token_hex(NONCE_CHARS // 2)
    return nonce + _under(nonce, routing_id.encode(), secret).hex()


def _shown(hidden: str, secret: bytes) -> str:
    """Show what `_hidden` hid; "" for anything else."""
    try:
        return _under(hidden[:NONCE_CHARS], bytes.fromhex(hidden[NONCE_CHARS:]), secret).decode("ascii")
    except ValueError:
        return ""


def _under(nonce: str, data: bytes, secret: bytes) -> bytes:
    pad = hmac.digest(secret, f"carried|{nonce}".encode("utf-8", "surrogatepass"), "sha512")
    return bytes(one ^ other for one, other in zip(data, pad, strict=False))
