"""The tables of the partners' portal. Who has an account is in them; nobody who calls or writes ever is."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Identity, Index, Integer, Table, Text

from bot.store.tables import UtcDateTime, metadata


def _number() -> Column[int]:
    """Number rows as `routings` does, and never give a number twice."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True)


accounts = Table(
    "accounts",
    metadata,
    _number(),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("partner", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("password", Text, nullable=False),
    Column("code_key", Text, nullable=False),
    Column("code_step", BigInteger, nullable=False),
    Column("invitation", Text),
    Column("invited_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Index("accounts_email", "email", unique=True),
    Index("accounts_invitation", "invitation", unique=True),
    sqlite_autoincrement=True,
)

logins = Table(
    "logins",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("stage", Text, nullable=False),
    Column("offered_key", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("logins_account_id", "account_id"),
    Index("logins_expires_at", "expires_at"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    _number(),
    Column("account_id", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("used", Boolean, nullable=False),
    Index("recovery_codes_account_id", "account_id", "code", unique=True),
    sqlite_autoincrement=True,
)

api_tokens = Table(
    "api_tokens",
    metadata,
    _number(),
    Column("partner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("created_on", Text, nullable=False),
    Column("last_used_on", Text, nullable=False),
    Column("revoked", Boolean, nullable=False),
    Index("api_tokens_token", "token", unique=True),
    Index("api_tokens_partner", "partner", "id"),
    sqlite_autoincrement=True,
)

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    _number(),
    Column("subject", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("sign_in_attempts_subject", "subject", "at"),
    Index("sign_in_attempts_expires_at", "expires_at"),
    sqlite_autoincrement=True,
)

accesses = Table(
    "accesses",
    metadata,
    _number(),
    Column("at", UtcDateTime, nullable=False),
    Column("account_id", BigInteger),  # no foreign key: the log outlives what it speaks of
    Column("role", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Index("accesses_account_id", "account_id", "id"),
    Index("accesses_what", "what", "id"),
    Index("accesses_role", "role", "id"),
    Index("accesses_at", "at", "id"),
    sqlite_autoincrement=True,
)
