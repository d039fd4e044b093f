"""Make the tables of accounts, sign-ins, API tokens and accesses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the six tables and their indexes."""
    _make_accounts()
    _make_logins()
    _make_tokens()
    _make_accesses()


def _number() -> sa.Column[int]:
    return sa.Column(
        "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _make_accounts() -> None:
    op.create_table(
        "accounts",
        _number(),
        *_texts("email", "name", "role", "partner"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        *_texts("password", "code_key"),
        sa.Column("code_step", sa.BigInteger, nullable=False),
        sa.Column("invitation", sa.Text),
        sa.Column("invited_until", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("accounts_email", "accounts", ["email"], unique=True)
    op.create_index("accounts_invitation", "accounts", ["invitation"], unique=True)
    op.create_table(
        "recovery_codes",
        _number(),
        sa.Column("account_id", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        *_texts("code"),
        sa.Column("used", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("recovery_codes_account_id", "recovery_codes", ["account_id", "code"], unique=True)


def _make_logins() -> None:
    op.create_table(
        "logins",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("account_id", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        *_texts("stage", "offered_key"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("logins_account_id", "logins", ["account_id"])
    op.create_index("logins_expires_at", "logins", ["expires_at"])
    op.create_table(
        "sign_in_attempts",
        _number(),
        *_texts("subject"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("sign_in_attempts_subject", "sign_in_attempts", ["subject", "at"])
    op.create_index("sign_in_attempts_expires_at", "sign_in_attempts", ["expires_at"])


def _make_tokens() -> None:
    op.create_table(
        "api_tokens",
        _number(),
        *_texts("partner", "name", "token", "hint", "created_on", "last_used_on"),
        sa.Column("revoked", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("api_tokens_token", "api_tokens", ["token"], unique=True)
    op.create_index("api_tokens_partner", "api_tokens", ["partner", "id"])


def _make_accesses() -> None:
    op.create_table(
        "accesses",
        _number(),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account_id", sa.BigInteger),
        *_texts("role", "what", "facts"),
        sqlite_autoincrement=True,
    )
    for column in ("account_id", "what", "role", "at"):
        op.create_index(f"accesses_{column}", "accesses", [column, "id"])
