"""Settings: what is assumed, what is refused, and what is never shown."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.settings import NAMES, ROOT, Settings

ENV_EXAMPLE = ROOT / "config" / "env.example"
SID = "AC" + "0123456789abcdef" * 2
TOKEN = "t0ken-of-the-account-1"
KEY = "k3y-of-the-sessions-" + "x" * 20
PASSWORD = "pa55word"

PRODUCTION = {
    "ENVIRONMENT": "production",
    "TWILIO_ACCOUNT_SID": SID,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "PUBLIC_URL": "https://line.example.org/signpost/",
    "DATABASE_URL": f"postgresql://signpost:{PASSWORD}@db.example.org/signpost",
    "SECRET_KEY": KEY,
}


def refused(**env: str) -> str:
    """Read an environment that must be refused; answer with the operator's text."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    return str(caught.value)


def names_in(text: str) -> list[str]:
    """The variables that the operator is told about, in order."""
    return re.findall(r"^([A-Z_]+)$", text, re.MULTILINE)


# -- development -----------------------------------------------------------------------------------


def test_nothing_is_needed_to_try_the_line() -> None:
    settings = Settings.from_env({})
    assert not settings.production
    assert settings.simulator
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert settings.session_minutes == 60
    assert settings.log_level == "INFO"
    assert settings.public_url == ""
    assert settings.account_sid == ""
    assert settings.trusted_proxies == ()
    assert settings.database_url == f"sqlite:///{ROOT / 'var' / 'signpost.db'}"
    assert (settings.flows_dir, settings.config_dir) == (ROOT / "flows", ROOT / "config")


def test_development_makes_secrets_that_nobody_shares() -> None:
    one, other = Settings.from_env({}), Settings.from_env({})
    assert len(one.secret_key) >= 32
    assert one.secret_key != other.secret_key
    assert len(one.auth_tokens) == 1
    assert one.auth_tokens != other.auth_tokens


def test_empty_and_blank_values_count_as_left_out() -> None:
    settings = Settings.from_env(dict.fromkeys(NAMES, "  "))
    assert settings.port == 8000
    assert not settings.production


def test_values_are_read() -> None:
    settings = Settings.from_env(
        {
            "HOST": "0.0.0.0",  # noqa: S104 - a value to be read
            "PORT": "65535",
            "WORKERS": "4",
            "SESSION_MINUTES": "5",
            "DRAFT_LANGUAGES": "PL, lt",
            "LOG_LEVEL": "debug",
            "PUBLIC_URL": "http://localhost:8000/",
            "DIGEST_HOUR": "8",
            "DIGEST_FROM": "signpost@example.org",
            "SMTP_URL": "smtp://mail.example.org",
            "TWILIO_AUTH_TOKEN": f"{TOKEN}, {TOKEN}-2,",
        }
    )
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 65535, 4)  # noqa: S104 - as above
    assert settings.session_minutes == 5
    assert settings.draft_languages == ("pl", "lt")
    assert settings.log_level == "DEBUG"
    assert (settings.digest_hour, settings.digest_from) == (8, "signpost@example.org")
    assert settings.smtp_url == "smtp://mail.example.org"
    assert settings.public_url == "http://localhost:8000"
    assert settings.auth_tokens == (TOKEN, f"{TOKEN}-2")


# -- production ------------------------------------------------------------------------------------


def test_production_starts_with_what_it_needs_and_without_a_simulator() -> None:
    settings = Settings.from_env(PRODUCTION)
    assert settings.production
    assert not settings.simulator
    assert settings.public_url == "https://line.example.org/signpost"
    assert settings.auth_tokens == (TOKEN,)
    assert settings.secret_key == KEY


@pytest.mark.parametrize("name", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "PUBLIC_URL", "SECRET_KEY"])
def test_production_refuses_to_start_without(name: str) -> None:
    text = refused(**{key: value for key, value in PRODUCTION.items() if key != name})
    assert names_in(text) == [name]
    assert "found: nothing" in text


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://line.example.org",
            "line.example.org",
            "https://",
            "ftp://line.example.org",
            "https:///path",
        ),
        *("https://line.example.org/?a=1", "https://line.example.org/#here"),
    ],
)
def test_production_needs_a_public_https_address(url: str) -> None:
    assert names_in(refused(**(PRODUCTION | {"PUBLIC_URL": url}))) == ["PUBLIC_URL"]


@pytest.mark.parametrize("url", ["https://[", "https://[::1", "https://line.example.org:port"])
def test_an_address_that_cannot_be_read_is_a_fault_and_not_a_crash(url: str) -> None:
    assert names_in(refused(**(PRODUCTION | {"PUBLIC_URL": url}))) == ["PUBLIC_URL"]


@pytest.mark.parametrize("tokens", ["short", f"{TOKEN},short", ","])
def test_production_refuses_a_token_that_was_not_copied_whole(tokens: str) -> None:
    assert names_in(refused(**(PRODUCTION | {"TWILIO_AUTH_TOKEN": tokens}))) == ["TWILIO_AUTH_TOKEN"]


def test_an_unknown_environment_is_held_to_production() -> None:
    text = refused(ENVIRONMENT="prod")
    assert names_in(text)[0] == "ENVIRONMENT"
    assert {"TWILIO_ACCOUNT_SID", "PUBLIC_URL", "SECRET_KEY"} <= set(names_in(text))


# -- faults ----------------------------------------------------------------------------------------


def test_every_fault_is_told_at_once_with_found_limit_and_cure(tmp_path: Path) -> None:
    bad = {
        "TWILIO_ACCOUNT_SID": "SK" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "short",
        "PUBLIC_URL": "line.example.org",
        "DATABASE_URL": "mysql://db",
        "SECRET_KEY": "short",
        "TRUSTED_PROXIES": "10.0.0.0/99",
        "PORT": "0",
        "WORKERS": "65",
        "SESSION_MINUTES": "4",
        "DRAFT_LANGUAGES": "Polish",
        "LOG_LEVEL": "LOUD",
        "FLOWS_DIR": str(tmp_path / "none"),
        "CONFIG_DIR": str(tmp_path / "none"),
    }
    text = refused(**bad)
    assert names_in(text) == list(bad)
    assert text.startswith("13 faults in the settings")
    for word in ("found:", "limit:", "cure:"):
        assert text.count(word) == len(bad)


def test_one_fault_is_counted_as_one() -> None:
    assert refused(PORT="x").startswith("1 fault in the settings")


@pytest.mark.parametrize(
    "value", ["", "0", "-1", "65536", "8000.0", "8e3", "٨٠٠٠", "8 000", "0x1f", "9" * 5000]
)
def test_a_port_is_a_whole_number_in_its_range(value: str) -> None:
    if not value:
        assert Settings.from_env({"PORT": value}).port == 8000
        return
    assert names_in(refused(PORT=value)) == ["PORT"]


@pytest.mark.parametrize("value", ["AC123", "ac" + "0" * 32, "AC" + "G" * 32, "AC" + "0" * 33])
def test_an_account_sid_is_ac_and_32_hexadecimal_digits(value: str) -> None:
    assert names_in(refused(TWILIO_ACCOUNT_SID=value)) == ["TWILIO_ACCOUNT_SID"]


@pytest.mark.parametrize(
    "url", ["sqlite:///var/signpost.db", "postgresql://host/name", "postgresql+psycopg://h/n"]
)
def test_sqlite_and_postgresql_are_the_databases(url: str) -> None:
    assert Settings.from_env({"DATABASE_URL": url}).database_url == url


# -- proxies ---------------------------------------------------------------------------------------


def test_trusted_proxies_are_addresses_networks_and_unix() -> None:
    settings = Settings.from_env({"TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,::1, unix"})
    expected = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("::1"), "unix")
    assert set(settings.trusted_proxies) == set(expected)


@pytest.mark.parametrize("value", ["*", "localhost", "10.0.0.1/8", "300.0.0.1"])
def test_a_proxy_that_is_no_address_is_refused(value: str) -> None:
    text = refused(TRUSTED_PROXIES=value)
    assert names_in(text) == ["TRUSTED_PROXIES"]


# -- secrets ---------------------------------------------------------------------------------------


def test_secrets_are_in_no_repr() -> None:
    shown = repr(Settings.from_env(PRODUCTION))
    assert SID in shown  # the account's name is no secret
    for secret in (TOKEN, KEY, PASSWORD):
        assert secret not in shown


def test_secrets_are_in_no_fault() -> None:
    text = refused(
        ENVIRONMENT="production",
        TWILIO_AUTH_TOKEN="s3cret-1",
        SECRET_KEY="s3cret-2",
        DATABASE_URL="mysql://signpost:s3cret-3@db.example.org/signpost",
    )
    assert {"TWILIO_AUTH_TOKEN", "SECRET_KEY", "DATABASE_URL"} <= set(names_in(text))
    assert "s3cret" not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "mail.s3cret.example"),
        ("SMTP_URL", "http://user:s3cret@mail.example.org"),
        ("DIGEST_FROM", "Signpost <s3cret@example.org>"),
        ("DIGEST_HOUR", "0"),
        ("DIGEST_HOUR", "24"),
    ],
)
def test_digests_need_an_address_a_mail_server_and_an_hour(name: str, value: str) -> None:
    text = refused(**{name: value})
    assert names_in(text) == [name]
    assert "s3cret" not in text


def test_a_password_written_where_a_scheme_belongs_is_not_shown() -> None:
    assert "s3cret" not in refused(DATABASE_URL="s3cret")


def test_a_password_in_the_public_address_is_not_shown() -> None:
    assert "s3cret" not in refused(PUBLIC_URL="ftp://user:s3cret@line.example.org")


def test_a_token_given_as_the_account_is_not_shown() -> None:
    assert "0123456789abcdef" not in refused(TWILIO_ACCOUNT_SID="0123456789abcdef" * 2)


@given(st.dictionaries(st.sampled_from(NAMES), st.text(st.characters(exclude_characters="\0"), max_size=40)))
def test_no_environment_crashes_it(env: dict[str, str]) -> None:
    try:
        Settings.from_env(env)
    except SettingsError as error:
        assert names_in(str(error))  # noqa: PT017 - either way is right; this one has something to hold


# -- what is documented ----------------------------------------------------------------------------


def test_the_example_documents_every_setting_and_no_other() -> None:
    documented = re.findall(r"^([A-Z_]+)=", ENV_EXAMPLE.read_text("utf-8"), re.MULTILINE)
    assert sorted(documented) == sorted(NAMES)


def test_every_setting_is_explained_above_its_line() -> None:
    paragraphs = ENV_EXAMPLE.read_text("utf-8").strip().split("\n\n")
    for paragraph in paragraphs:
        assert paragraph.startswith("# "), paragraph


def test_the_example_as_it_is_starts_a_development_line() -> None:
    lines = re.findall(r"^([A-Z_]+)=(.*)$", ENV_EXAMPLE.read_text("utf-8"), re.MULTILINE)
    assert not Settings.from_env(dict(lines)).production


# -- the audited log -------------------------------------------------------------------------------


def test_the_log_is_named_after_the_public_address_unless_told() -> None:
    assert Settings.from_env({}).ledger_origin == "localhost/log"
    assert Settings.from_env(PRODUCTION).ledger_origin == "line.example.org/signpost/log"
    named = Settings.from_env({**PRODUCTION, "LEDGER_ORIGIN": "log.example.org/2027"})
    assert named.ledger_origin == "log.example.org/2027"


@pytest.mark.parametrize("name", ["two words", "a+b", "log.example.org/"])
def test_a_log_whose_name_no_key_could_have_is_refused(name: str) -> None:
    assert names_in(refused(LEDGER_ORIGIN=name)) == ["LEDGER_ORIGIN"]


def test_keys_and_guard_are_paths_that_only_the_worker_reads() -> None:
    settings = Settings.from_env({"LEDGER_KEYS": "/run/new.key, /run/old.key", "LEDGER_GUARD_PATH": "/mnt/g"})
    assert settings.ledger_keys == (Path("/run/new.key"), Path("/run/old.key"))
    assert settings.ledger_guard_path == Path("/mnt/g")
    assert Settings.from_env(PRODUCTION).ledger_keys == ()


@pytest.mark.parametrize("months", ["0", "121", "a year"])
def test_records_are_kept_for_a_number_of_months(months: str) -> None:
    assert names_in(refused(RETENTION_MONTHS=months)) == ["RETENTION_MONTHS"]
    assert Settings.from_env({}).retention_months == 13


@pytest.mark.parametrize("hours", ["-1", "1.5", "2161", "a day"])
def test_redaction_is_a_number_of_hours(hours: str) -> None:
    assert names_in(refused(REDACT_AFTER_HOURS=hours)) == ["REDACT_AFTER_HOURS"]


def test_without_an_account_or_with_no_hours_nothing_is_redacted() -> None:
    account = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32}
    assert Settings.from_env({}).redact_after is None
    assert Settings.from_env({**account, "REDACT_AFTER_HOURS": "0"}).redact_after is None
    assert Settings.from_env(account).redact_after == timedelta(hours=24)
