"""A line to test: the app on a database of its own, a clock that stands still, and the carrier."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask

from bot.app import create_app
from bot.carrier import Account, Call, Line, OtherEnd, Texting, WsgiTransport, always
from bot.core.session import Routing
from bot.errors import TextRefusedError
from bot.settings import ROOT, Settings
from bot.web.wiring import KEY, Wiring

TOKEN = "0123456789abcdef0123456789abcdef"
ORIGIN = "https://line.example"
TEXTS, CALLS, SHORT_CODE = "+447700900000", "+441632960000", "60163"
# The line's numbers where it is in production, which takes nobody's examples.
ASSURED_TEXTS, ASSURED_CALLS = "+447911123456", "+441603123456"
MOBILE, LANDLINE = "+447700900123", "+441632960123"
TUESDAY_MORNING = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)


@dataclass
class Sent:
    """Messages at a carrier that keeps what it is given, or refuses it for good."""

    bodies: list[tuple[str, str]] = field(default_factory=list)
    status_urls: list[str] = field(default_factory=list)
    fails: bool = False

    def send(self, *, to: str, from_: str, body: str, status_url: str) -> str:
        """Keep the number and the words."""
        if self.fails:
            raise TextRefusedError("21614")
        self.bodies.append((to, body))
        self.status_urls.append(status_url)
        return f"SM{len(self.bodies):032x}"

    def sent_since(self, *, to: str, from_: str, body: str, since: datetime) -> list[str]:
        """Give what looks the same, newest first."""
        found = [f"SM{at:032x}" for at, one in enumerate(self.bodies, 1) if one == (to, body)]
        return found[::-1]


@dataclass
class PlayedLine:
    """The app and the ways to reach it."""

    app: Flask
    sent: Sent
    now: datetime = TUESDAY_MORNING
    seconds: float = 0.0  # a second clock, which goes on when the first is put back
    # One account for everybody, so that no two of them get the same ids from the carrier.
    account: Account = field(default_factory=lambda: Account(TOKEN, numbers=frozenset({TEXTS, CALLS})))

    @property
    def wiring(self) -> Wiring:
        """What the app was put together from."""
        wiring: Wiring = self.app.extensions[KEY]
        return wiring

    def pass_time(self, minutes: float) -> None:
        """Move the clock; backwards too."""
        self.now += timedelta(minutes=minutes)
        self.seconds += abs(minutes) * 60

    def lose_database(self) -> None:
        """Take SQLite's file away, and put a folder in its place."""
        file = self._file()
        self.wiring.store.close()
        file.rename(file.with_suffix(".kept"))
        file.mkdir()

    def find_database(self) -> None:
        """Put it back."""
        file = self._file()
        file.rmdir()
        file.with_suffix(".kept").rename(file)

    def _file(self) -> Path:
        return Path(self.wiring.settings.database_url.removeprefix("sqlite:///"))

    def transport(self) -> WsgiTransport:
        """The way to the app."""
        return WsgiTransport(self.app.wsgi_app)

    def texting(self, person: str = MOBILE, to: str = TEXTS) -> Texting:
        """Somebody with a telephone who writes."""
        return Texting(
            self.transport(), self.account, Line(number=to, text_url=f"{ORIGIN}/twilio/sms"), person
        )

    def call(self, caller: str = MOBILE, other_end: OtherEnd | None = None) -> Call:
        """Somebody with a telephone who rings."""
        line = Line(
            number=CALLS,
            voice_url=f"{ORIGIN}/twilio/voice",
            voice_status_url=f"{ORIGIN}/twilio/status/call",
        )
        return Call(self.transport(), self.account, line, caller, other_end or always("completed"))

    def routings(self) -> list[Routing]:
        """Everything on record, oldest first."""
        return list(self.wiring.store.routings())[::-1]


def play(database_url: str, **changes: object) -> PlayedLine:
    """Start a line; `changes` are settings other than the tests' own."""
    given: dict[str, object] = {
        "auth_tokens": (TOKEN,),
        "secret_key": "k" * 64,
        "public_url": ORIGIN,
        "database_url": database_url,
        "log_level": "ERROR",
    }
    settings = Settings(**(given | changes))  # type: ignore[arg-type]  # tests name fields of Settings
    sent = Sent()
    played: list[PlayedLine] = []

    def clock() -> datetime:
        return played[0].now if played else TUESDAY_MORNING

    app = create_app(settings, messages=sent, clock=clock, seconds=lambda: played[0].seconds)
    played.append(PlayedLine(app, sent))
    return played[0]


def sqlite_url(folder: Path) -> str:
    """The address of a new SQLite file."""
    return f"sqlite:///{folder / 'line.db'}"


def assure(folder: Path) -> Path:
    """Copy the shipped data files into a folder, with assurances and numbers that are nobody's example."""
    shutil.copytree(ROOT / "config", folder)
    services = folder / "services.toml"
    today = datetime.now(UTC).date().isoformat()
    assured = f'assured_on = {today}\nassured_by = "Test"\nsource = '
    services.write_text(services.read_text("utf-8").replace("source = ", assured), "utf-8")
    lines = folder / "lines.toml"
    text = lines.read_text("utf-8").replace(TEXTS, ASSURED_TEXTS).replace(CALLS, ASSURED_CALLS)
    kept = [line for line in text.splitlines() if not line.startswith("example")]
    lines.write_text("\n".join(kept), "utf-8")
    return folder
