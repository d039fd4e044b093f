"""E-mail leaves over TLS or not at all, once, and nothing of it is told."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from bot.delivery.mail import MailServer, read_mail_server, write
from bot.errors import DeliveryError, RefusedDeliveryError, SettingsError
from tests.certificates import make_contexts
from tests.mailbox import Mailbox, run_mailbox

TO, PASSWORD = "anna@example.org", "p@ss word/:"
MESSAGE = write(
    sender="signpost@example.org",
    to=TO,
    subject="Signpost",
    text="Norfolk £ ł\n.\nend\n",
    message_id="digest-1",
    now=datetime(2026, 11, 25, 7, tzinfo=UTC),
)


@contextmanager
def running(folder: Path, *, tls: bool = True, **answers: str) -> Iterator[tuple[Mailbox, ssl.SSLContext]]:
    server, client = make_contexts(folder)
    with run_mailbox(Mailbox(server if tls else None, answers)) as mailbox:
        yield mailbox, client


def test_a_message_is_handed_over_under_tls_after_the_sign_in(tmp_path: Path) -> None:
    with running(tmp_path) as (mailbox, client):
        MailServer("127.0.0.1", mailbox.port, user="signpost", password=PASSWORD, trust=lambda: client).send(
            MESSAGE
        )
    assert mailbox.commands[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
    arrived = message_from_bytes(mailbox.messages[0], policy=policy.default)
    assert arrived.get_content().replace("\r\n", "\n") == "Norfolk £ ł\n.\nend\n"
    assert (arrived["To"], arrived["Message-ID"]) == (TO, "<digest-1@example.org>")


def test_a_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as (mailbox, _):
        with pytest.raises(DeliveryError, match="SSLCertVerificationError"):
            MailServer("127.0.0.1", mailbox.port).send(MESSAGE)
        assert "DATA" not in mailbox.commands


def test_without_tls_nothing_leaves_but_to_this_machine(tmp_path: Path) -> None:
    with running(tmp_path, tls=False) as (mailbox, _):
        with pytest.raises(DeliveryError, match="STARTTLS"):
            MailServer("127.0.0.1", mailbox.port).send(MESSAGE)
        assert "MAIL" not in mailbox.commands
        read_mail_server(f"smtp://127.0.0.1:{mailbox.port}").send(MESSAGE)
        assert len(mailbox.messages) == 1


def test_a_bad_goodbye_does_not_take_back_what_was_taken(tmp_path: Path) -> None:
    with running(tmp_path, tls=False, QUIT="421 too busy") as (mailbox, _):
        read_mail_server(f"smtp://127.0.0.1:{mailbox.port}").send(MESSAGE)
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"RCPT": "550 no such user anna@example.org"}, RefusedDeliveryError),
        ({"RCPT": "451 later"}, DeliveryError),
        ({"MAIL": "550 not you"}, DeliveryError),
        ({"DATA": "554 no"}, DeliveryError),
        ({".": "452 full"}, DeliveryError),
    ],
)
def test_a_no_is_told_by_its_code_alone(
    tmp_path: Path, answers: dict[str, str], error: type[DeliveryError]
) -> None:
    with (
        running(tmp_path, tls=False, **answers) as (mailbox, _),
        pytest.raises(DeliveryError, match=next(iter(answers.values()))[:3]) as caught,
    ):
        read_mail_server(f"smtp://127.0.0.1:{mailbox.port}").send(MESSAGE)
    assert type(caught.value) is error
    assert TO not in str(caught.value)


def test_the_address_of_a_server_is_read_whole() -> None:
    found = read_mail_server("smtp://sign%40post:p%40ss%20word%2F%3A@mail.example.org")
    assert (found.host, found.port, found.implicit_tls, found.needs_tls) == (
        "mail.example.org",
        587,
        False,
        True,
    )
    assert (found.user, found.password) == ("sign@post", PASSWORD)
    assert read_mail_server("smtps://mail.example.org").port == 465
    assert not read_mail_server("smtp://localhost").needs_tls
    assert PASSWORD not in repr(found)


@pytest.mark.parametrize(
    "url", ["http://secret@mail", "smtp://", "smtp://host:0", "smtp://host:x", "smtp://h/secret"]
)
def test_another_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="SMTP_URL") as caught:
        read_mail_server(url)
    assert "secret" not in str(caught.value)
