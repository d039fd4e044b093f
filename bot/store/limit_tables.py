"""The tables of who has opted out, of what a line has spent, and of how many numbers of one range text."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from bot.store.tables import UtcDateTime, metadata

# `id` is a keyed hash of the line, the channel and the number; `day` is when.
opt_outs = Table(
    "opt_outs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("day", Text, nullable=False),
)

# What was spent in a day, in several rows that are added up: see `bot.store.statements.PARTS`.
spent = Table(
    "spent",
    metadata,
    Column("line", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("texts", BigInteger, nullable=False),
    Column("transfers", BigInteger, nullable=False),
    Column("transfer_seconds", BigInteger, nullable=False),
    Column("abroad", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Keyed hashes, for an hour: see `bot.store.texters`.
texters = Table(
    "texters",
    metadata,
    Column("block", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("texters_expires_at", "expires_at"),
)
