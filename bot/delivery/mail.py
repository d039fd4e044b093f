"""Hands e-mail to the operator's own server, over TLS or not at all."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from bot.errors import DeliveryError, RefusedDeliveryError, SettingsError

TIMEOUT_SECONDS = 10.0
_PORTS = {"smtp": 587, "smtps": 465}
_LIMIT = "smtp://user:password@mail.example.org:587 (STARTTLS) or smtps://…:465"


@dataclass(frozen=True)
class MailServer:
    """Where e-mail is handed over. Only this machine's own server may do without TLS (`needs_tls`)."""

    host: str
    port: int
    implicit_tls: bool = False
    needs_tls: bool = True
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
    timeout_seconds: float = TIMEOUT_SECONDS

    def send(self, message: EmailMessage) -> None:
        """Hand a message over. When this returns, the server has taken it.

        Raises:
            RefusedDeliveryError: the server will never take anything for this address.
            DeliveryError: it can't be reached, refuses for now, or offers no TLS.
        """
        try:
            server = self._opened()
            try:
                server.send_message(message)
            finally:
                # What was taken is taken, however the goodbye goes.
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()
                server.close()
        except smtplib.SMTPRecipientsRefused as fault:
            codes = {code for code, _ in fault.recipients.values()}
            kind = RefusedDeliveryError if all(_permanent(code) for code in codes) else DeliveryError
            raise kind(f"the mail server refuses the address ({_written(codes)})") from None
        except smtplib.SMTPAuthenticationError as fault:
            raise DeliveryError(f"the mail server refuses us ({fault.smtp_code}); correct SMTP_URL") from None
        except smtplib.SMTPResponseException as fault:
            raise DeliveryError(f"the mail server refuses ({fault.smtp_code})") from None
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            raise DeliveryError(f"the mail server can't be used ({type(fault).__name__})") from None

    def _opened(self) -> smtplib.SMTP:
        if self.implicit_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout_seconds, context=self.trust()
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        try:
            server.ehlo_or_helo_if_needed()
            if not self.implicit_tls:
                self._start_tls(server)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _start_tls(self, server: smtplib.SMTP) -> None:
        if server.has_extn("starttls"):
            server.starttls(context=self.trust())
            server.ehlo()
        elif self.needs_tls:
            raise RefusedDeliveryError(
                "the mail server offers no STARTTLS, so nothing is sent; correct SMTP_URL"
            )


def read_mail_server(url: str) -> MailServer:
    """Read SMTP_URL; a user's and a password's own signs stand percent-encoded.

    Raises:
        SettingsError: it is no such address. It is not shown, for it may hold a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    extras = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in _PORTS or not host or port == 0 or extras:
        raise SettingsError(
            f"SMTP_URL\n    found: something else\n    limit: {_LIMIT}\n    cure:  correct it"
        )
    return MailServer(
        host,
        port or _PORTS[parts.scheme],
        parts.scheme == "smtps",
        not _is_loopback(host),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def write(  # noqa: PLR0913 - the parts of a message
    *, sender: str, to: str, subject: str, text: str, message_id: str, now: datetime
) -> EmailMessage:
    """Write a message of plain text. Its id is the same each time, so that a second one is known."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{message_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # so that no "out of office" comes back (RFC 3834)
    message.set_content(text)
    return message


def _permanent(code: int) -> bool:
    return 500 <= code < 600  # noqa: PLR2004 - RFC 5321, section 4.2.1


def _written(codes: set[int]) -> str:
    return ", ".join(str(code) for code in sorted(codes))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
