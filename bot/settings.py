"""Settings: the environment, read once into one frozen object, with every fault reported at once.

Every variable is described in config/env.example. Secrets are never shown: not by repr, not in
faults, not in logs.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal, cast

from bot.core.limits import Limits
from bot.errors import SettingsError
from bot.variables import Variables, is_origin

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
LEDGER_NAME = re.compile(r"[^\s+]+(?<!/)")
SENDER = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+\.[^\s@<>,;:\"]+")
MAIL_SERVER = re.compile(r"smtps?://\S+")
SHORTEST_SECRET_CHARS = 32
SHORTEST_TOKEN_CHARS = 16
LONG_TOKEN = re.compile(rf".{{{SHORTEST_TOKEN_CHARS},}}")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

Environment = Literal["development", "production"]
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Settings:
    """What the operator decides. `public_url` is "" where the request's own address is to be used."""

    environment: Environment = "development"
    account_sid: str = ""
    auth_tokens: tuple[str, ...] = field(default=(), repr=False)
    public_url: str = ""
    fallback_url: str = ""
    database_url: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    trusted_proxies: tuple[Network | Literal["unix"], ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    session_minutes: int = 60
    limits: Limits = field(default_factory=Limits)
    metrics_token: str = field(default="", repr=False)
    text_abroad: bool = False
    draft_languages: tuple[str, ...] = ()
    journal_path: Path | None = None
    ledger_origin: str = "localhost/log"
    ledger_keys: tuple[Path, ...] = ()
    ledger_guard_path: Path | None = None
    retention_months: int = 13
    digest_hour: int = 7
    digest_from: str = ""
    smtp_url: str = field(default="", repr=False)
    redact_after_hours: int = 24
    log_level: str = "INFO"
    flows_dir: Path = ROOT / "flows"
    config_dir: Path = ROOT / "config"

    @property
    def production(self) -> bool:
        """Whether real people may be on the line."""
        return self.environment == "production"

    @property
    def simulator(self) -> bool:
        """The simulator exists in development alone; no setting turns it on elsewhere."""
        return not self.production

    @property
    def redact_after(self) -> timedelta | None:
        """How long Twilio keeps what it has of those who were routed; None where it is left there."""
        redacts = self.account_sid and self.redact_after_hours
        return timedelta(hours=self.redact_after_hours) if redacts else None

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the environment.

        Raises:
            SettingsError: with every fault, each as name, found, limit and cure.
        """
        return _Reader(os.environ if env is None else env).read()


NAMES = (
    "ENVIRONMENT",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "PUBLIC_URL",
    "FALLBACK_URL",
    "DATABASE_URL",
    "SECRET_KEY",
    "TRUSTED_PROXIES",
    "HOST",
    "PORT",
    "WORKERS",
    "SESSION_MINUTES",
    "FLOOD_TEXTS",
    "FLOOD_MINUTES",
    "DAY_TEXTS",
    "DAY_TRANSFER_MINUTES",
    "METRICS_TOKEN",
    "TEXT_ABROAD",
    "DRAFT_LANGUAGES",
    "JOURNAL_PATH",
    "LEDGER_ORIGIN",
    "LEDGER_KEYS",
    "LEDGER_GUARD_PATH",
    "RETENTION_MONTHS",
    "DIGEST_HOUR",
    "DIGEST_FROM",
    "SMTP_URL",
    "REDACT_AFTER_HOURS",
    "LOG_LEVEL",
    "FLOWS_DIR",
    "CONFIG_DIR",
)


class _Reader(Variables):
    """Reads each variable and collects what is wrong with it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__(env)
        environment = self.text("ENVIRONMENT", "development").lower()
        if environment not in ("development", "production"):
            self.fault("ENVIRONMENT", environment, "development or production", "write one of them")
            environment = "production"  # the stricter of the two, for the faults that follow
        self.environment = cast("Environment", environment)
        self.production = environment == "production"

    def read(self) -> Settings:
        """Build the object, or raise with all faults."""
        settings = Settings(
            environment=self.environment,
            account_sid=self.account_sid(),
            auth_tokens=self.auth_tokens(),
            public_url=self.public_url(),
            fallback_url=self.fallback_url(),
            database_url=self.database_url(),
            secret_key=self.secret_key(),
            trusted_proxies=self.trusted_proxies(),
            host=self.text("HOST", "127.0.0.1"),
            port=self.number("PORT", 8000, 1, 65535),
            workers=self.number("WORKERS", 1, 1, 64),
            session_minutes=self.number("SESSION_MINUTES", 60, 5, 24 * 60),
            limits=Limits(
                texts=self.number("FLOOD_TEXTS", 30, 0, 10_000),
                minutes=self.number("FLOOD_MINUTES", 10, 1, 24 * 60),
                day_texts=self.number("DAY_TEXTS", 5000, 0, 10_000_000),
                day_transfer_minutes=self.number("DAY_TRANSFER_MINUTES", 3000, 0, 10_000_000),
            ),
            metrics_token=self.shaped(
                "METRICS_TOKEN", LONG_TOKEN, f"at least {SHORTEST_TOKEN_CHARS} characters"
            ),
            text_abroad=self.choice("TEXT_ABROAD", "off", ("OFF", "ON")) == "ON",
            draft_languages=self.languages("DRAFT_LANGUAGES"),
            journal_path=Path(self.text("JOURNAL_PATH", str(ROOT / "var" / "journal"))),
            ledger_origin=self.ledger_origin(),
            # Only the worker reads these, and it says what is wrong with them.
            ledger_keys=tuple(
                Path(one.strip()) for one in self.text("LEDGER_KEYS", "").split(",") if one.strip()
            ),
            ledger_guard_path=Path(guard) if (guard := self.text("LEDGER_GUARD_PATH", "")) else None,
            retention_months=self.number("RETENTION_MONTHS", 13, 1, 120),
            digest_hour=self.number("DIGEST_HOUR", 7, 1, 23),
            digest_from=self.shaped("DIGEST_FROM", SENDER, "one e-mail address, without a name"),
            smtp_url=self.shaped("SMTP_URL", MAIL_SERVER, "smtp://… or smtps://…"),
            redact_after_hours=self.number("REDACT_AFTER_HOURS", 24, 0, 24 * 90),
            log_level=self.choice("LOG_LEVEL", "INFO", LOG_LEVELS),
            flows_dir=self.folder("FLOWS_DIR", ROOT / "flows"),
            config_dir=self.folder("CONFIG_DIR", ROOT / "config"),
        )
        if self.faults:
            count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
            raise SettingsError("\n".join([f"{count} in the settings (environment or .env):", *self.faults]))
        return settings

    def account_sid(self) -> str:
        value = self.text("TWILIO_ACCOUNT_SID", "")
        if self.production and not value:
            self.fault(
                "TWILIO_ACCOUNT_SID", "nothing", "needed in production", "copy it from Twilio's console"
            )
        elif value and not ACCOUNT_SID.fullmatch(value):
            cure = "copy the Account SID (not a key's SID) from Twilio's console"
            # Not shown: a token pasted into the wrong line is still a secret.
            self.fault("TWILIO_ACCOUNT_SID", f"{len(value)} characters", "AC and 32 hexadecimal digits", cure)
        return value

    def auth_tokens(self) -> tuple[str, ...]:
        tokens = tuple(
            t for t in (part.strip() for part in self.text("TWILIO_AUTH_TOKEN", "").split(",")) if t
        )
        if not tokens:
            if self.production:
                cure = "copy the Auth Token from Twilio's console; two with a comma while rotating"
                self.fault("TWILIO_AUTH_TOKEN", "nothing", "needed in production", cure)
            return () if self.production else (secrets.token_hex(16),)
        if any(len(token) < SHORTEST_TOKEN_CHARS for token in tokens):
            limit = f"each at least {SHORTEST_TOKEN_CHARS} characters"
            self.fault("TWILIO_AUTH_TOKEN", "a short token", limit, "copy it whole from Twilio's console")
        return tokens

    def public_url(self) -> str:
        value = self.text("PUBLIC_URL", "").rstrip("/")
        if not value:
            if self.production:
                cure = "write the https address that Twilio calls, such as https://line.example.org"
                self.fault("PUBLIC_URL", "nothing", "needed in production", cure)
            return ""
        schemes = ("https",) if self.production else ("https", "http")
        if not is_origin(value, schemes):
            cure = "write only scheme, host and, where there is one, port and path"
            self.fault("PUBLIC_URL", re.sub("//.*@", "//…@", value), f"{' or '.join(schemes)}://host", cure)
        return value

    def fallback_url(self) -> str:
        value = self.text("FALLBACK_URL", "").rstrip("/")
        if value and not is_origin(value, ("https",)):
            cure = "write where the exported files are, such as https://static.example.org/fallback"
            self.fault("FALLBACK_URL", re.sub("//.*@", "//…@", value), "https://host, perhaps a path", cure)
        return value

    def database_url(self) -> str:
        value = self.text("DATABASE_URL", f"sqlite:///{ROOT / 'var' / 'signpost.db'}")
        if not value.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            cure = "write sqlite:///var/signpost.db or postgresql://user:password@host/name"
            scheme, mark, _ = value.partition("://")
            self.fault("DATABASE_URL", f"{scheme}://…" if mark else "no scheme", "SQLite or PostgreSQL", cure)
        return value

    def secret_key(self) -> str:
        value = self.text("SECRET_KEY", "")
        if not value and not self.production:
            return secrets.token_hex(32)
        if len(value) < SHORTEST_SECRET_CHARS:
            cure = "write what this prints: python3 -c 'import secrets; print(secrets.token_hex(32))'"
            found = f"{len(value)} characters" if value else "nothing"
            self.fault("SECRET_KEY", found, f"at least {SHORTEST_SECRET_CHARS} characters", cure)
        return value

    def ledger_origin(self) -> str:
        public = self.text("PUBLIC_URL", "").rstrip("/").partition("://")[2]
        value = self.text("LEDGER_ORIGIN", f"{public or 'localhost'}/log")
        if not LEDGER_NAME.fullmatch(value):
            cure = "write the log's address without https://, such as line.example.org/log"
            self.fault("LEDGER_ORIGIN", "something else", "no spaces, no plus sign, no scheme", cure)
        return value

    def trusted_proxies(self) -> tuple[Network | Literal["unix"], ...]:
        from bot.web.proxies import parse_networks  # noqa: PLC0415 - werkzeug, which most commands can do without

        try:
            return tuple(parse_networks(self.text("TRUSTED_PROXIES", "")))
        except ValueError as error:
            cure = "write addresses or networks with commas, such as 127.0.0.1, 10.0.0.0/8"
            self.fault("TRUSTED_PROXIES", self.env["TRUSTED_PROXIES"], str(error), cure)
            return ()
