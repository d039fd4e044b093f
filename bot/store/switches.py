"""The switch that stops the line, inside a transaction that somebody else begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select

from bot.core.switch import OFF, Switch
from bot.store.operating_tables import switches

if TYPE_CHECKING:
    from sqlalchemy import Connection

STOP = "stop"

_READ = select(switches.c.on, switches.c.message, switches.c.changed_at).where(
    switches.c.name == bindparam("switch")
)


def read(connection: Connection) -> Switch:
    """Give the switch as it stands; off where nobody has ever used it."""
    row = connection.execute(_READ, {"switch": STOP}).one_or_none()
    return Switch(*row) if row else OFF


def keep(connection: Connection, switch: Switch) -> None:
    """Put the switch as it is to stand."""
    connection.execute(delete(switches).where(switches.c.name == STOP))
    values = {"name": STOP, "on": switch.on, "message": switch.message, "changed_at": switch.changed_at}
    connection.execute(insert(switches).values(values))
