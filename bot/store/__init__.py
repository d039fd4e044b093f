"""Sessions, turns and routings on SQLite or PostgreSQL: one transaction a turn."""

from __future__ import annotations

from sqlalchemy import Connection

from bot.store import operating_tables, portal_tables, texters
from bot.store.address import sqlite_path
from bot.store.decision import Decide, Decision, Delivery, Done, OutgoingText, Taken
from bot.store.hand import SlowError
from bot.store.journal import Entry, Journal
from bot.store.known import Known, has_opted_out
from bot.store.ledger import DatabaseLedger
from bot.store.ledger_reader import LedgerReader
from bot.store.migrate import upgrade
from bot.store.outbox import Claim, Outbox, Standing
from bot.store.redactions import Due, Redactions
from bot.store.rows import read_session, write_out, write_state
from bot.store.store import Store, open_store

__all__ = [
    "Claim",
    "Connection",
    "DatabaseLedger",
    "Decide",
    "Decision",
    "Delivery",
    "Done",
    "Due",
    "Entry",
    "Journal",
    "Known",
    "LedgerReader",
    "Outbox",
    "OutgoingText",
    "Redactions",
    "SlowError",
    "Standing",
    "Store",
    "Taken",
    "has_opted_out",
    "open_store",
    "operating_tables",
    "portal_tables",
    "read_session",
    "sqlite_path",
    "texters",
    "upgrade",
    "write_out",
    "write_state",
]
