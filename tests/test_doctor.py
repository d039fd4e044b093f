"""The doctor finds each fault that it is there for, names the cure, and makes nothing."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from bot.catalogue import Catalogue, load
from bot.cli import signpost
from bot.cli.worker import build
from bot.core.account import Account
from bot.core.partner import DigestTo, Partner
from bot.core.switch import Switch
from bot.doctor import Examined, data, examine, of_online, storage, surroundings, worst
from bot.doctor.examination import of_sentence
from bot.ledger.note import Signer
from bot.settings import ROOT, Settings
from bot.store import Journal, accounts, open_store, operating_tables, switches, tables, upgrade
from bot.web.portal import keys
from tests.delivery.test_signing import SECRET
from tests.store.samples import opened

MEGABYTE = 1024 * 1024
CATALOGUE = load(ROOT / "flows", ROOT / "config")


@dataclass
class Place:
    """A line that is well, but for what a test breaks."""

    settings: Settings

    def found(self, item: str) -> list[Examined]:
        """Everything that was said of an item."""
        return [one for one in examine(self.settings, now) if one.item == item]

    def one(self, item: str) -> Examined:
        """The one thing that was said of an item."""
        [only] = self.found(item)
        return only


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/line.db" if sqlite else str(request.getfixturevalue("postgres_database"))
    upgrade(url)
    journal = tmp_path / "journal"
    Journal(journal).prepare()
    key = tmp_path / "key"
    key.write_text(Signer("line.example/log", b"s" * 32).write())
    key.chmod(0o600)
    made = Settings(
        secret_key="k" * 64,
        public_url="https://line.example",
        database_url=url,
        journal_path=journal,
        ledger_origin="line.example/log",
        ledger_keys=(key,),
        ledger_guard_path=tmp_path / "guard",
    )
    worker, _ = build(made)
    worker.step()
    worker.store.close()
    return Place(made)


def test_a_line_that_is_well_has_no_fault(place: Place) -> None:
    found = examine(place.settings, now)
    assert [one for one in found if one.level == "fault"] == []
    well = {one.item for one in found if one.level == "ok"}
    assert {"database", "journal", "ledger", "guard", "LEDGER_KEYS", "clock", "digests", "PUBLIC_URL"} <= well
    assert {"kill switch", "disk of JOURNAL_PATH", "disk of LEDGER_GUARD_PATH"} <= well
    assert "outbox" in well


def test_a_database_that_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    place = Place(Settings(database_url=f"sqlite:///{tmp_path}/none/line.db", journal_path=tmp_path / "j"))
    assert place.one("database").cure == "signpost db upgrade"
    assert place.found("ledger") == []
    assert list(tmp_path.iterdir()) == []


def test_missing_migrations_are_told_with_their_cure(place: Place) -> None:
    with opened(place.settings.database_url.replace("postgresql://", "postgresql+psycopg://")) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    one = place.one("database")
    assert (one.level, one.cure) == ("fault", "run `signpost db upgrade`")


def test_an_old_checkpoint_is_a_fault(place: Place) -> None:
    later = now() + timedelta(minutes=20)
    [one] = [one for one in examine(place.settings, lambda: later) if one.item == "ledger"]
    assert (one.level, one.cure) == ("fault", "start signpost worker, or read what it logs")
    assert "the newest checkpoint is of" in one.found


def test_a_restored_backup_is_a_fault_of_the_guard(place: Place, tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/old.db")
    older = Place(replace(place.settings, database_url=f"sqlite:///{tmp_path}/old.db"))
    one = older.one("guard")
    assert one.level == "fault"
    assert "1 leaves were signed" in one.found


def test_a_lost_guard_and_one_that_is_not_named_are_told(place: Place) -> None:
    guard = place.settings.ledger_guard_path
    assert guard is not None
    guard.unlink()
    assert place.one("guard").level == "fault"
    other = Place(replace(place.settings, environment="production", ledger_guard_path=None))
    assert "worker's settings" in other.one("guard").cure


def test_a_key_that_others_may_read_or_that_is_anothers_is_told(place: Place) -> None:
    [key] = place.settings.ledger_keys
    key.chmod(0o644)
    assert place.one("LEDGER_KEYS").cure == f"chmod 600 {key}"
    other = Place(replace(place.settings, ledger_origin="other.example/log"))
    assert other.one("LEDGER_KEYS").level == "fault"


def test_the_journal_is_looked_at_and_never_made(place: Place, tmp_path: Path) -> None:
    Journal(tmp_path / "journal").append({"turn": "t"})
    assert "1 entries wait" in place.one("journal").found
    missing = Place(replace(place.settings, journal_path=tmp_path / "deep" / "journal"))
    assert missing.one("journal").level == "warning"
    assert not (tmp_path / "deep").exists()
    assert Place(replace(place.settings, journal_path=None)).one("journal").level == "fault"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_journal_that_can_not_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "journal").touch(0o400)
    [one] = storage.of_journal(tmp_path / "journal")
    assert one.level == "fault"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_account_is_told(place: Place) -> None:
    assert place.found("account") == []
    owned = place.settings.journal_path
    assert owned is not None
    os.chown(owned, 65534, 65534)
    database = place.settings.database_url.removeprefix("sqlite:///")
    if database.startswith("/"):
        os.chown(database, 65534, 65534)
    assert place.one("account").level == "warning"


def test_a_stopped_line_and_lost_digests_are_warnings(place: Place) -> None:
    store = open_store(place.settings.database_url)
    with store.writing("nothing") as connection:
        switches.keep(connection, Switch(on=True, message="", changed_at=now()))
        partner = {"partner": "x", "day": "2026-11-24", "state": "given up", "tries": 9, "reason": ""}
        row = {**partner, "begun_at": now(), "due_at": now()}
        connection.execute(operating_tables.digests.insert().values(row))
    store.close()
    assert place.one("kill switch").cure == "signpost kill-switch off"
    assert place.one("digests").level == "warning"


def test_texts_that_wait_are_counted(place: Place) -> None:
    with opened(place.settings.database_url.replace("postgresql://", "postgresql+psycopg://")) as connection:
        for status in ("waiting", "sent"):
            row = dict.fromkeys(("line", "service", "routing_id", "recipient", "sealed"), "-")
            moments = dict.fromkeys(("asked_at", "expires_at", "due_at"), now())
            connection.execute(tables.outbox.insert().values(id=status, status=status, **row, **moments))
    assert place.one("outbox").found == "1 text waits"


def test_another_secret_key_is_a_fault_of_the_portal(place: Place) -> None:
    store = open_store(place.settings.database_url)
    with store.writing("nothing") as connection:
        person = Account(0, "anna@example.org", "Anna Example", "auditor", "", enabled=True)
        number = accounts.add(connection, person, now())
        accounts.set_code_key(connection, number, keys.seal("k" * 64, number, "JBSWY3DP"), 0)
    store.close()
    live = replace(place.settings, environment="production")
    assert Place(live).one("portal").level == "ok"
    assert Place(replace(live, secret_key="x" * 64)).one("portal").level == "fault"


@pytest.mark.parametrize(("free", "level"), [(5000, "ok"), (500, "warning"), (50, "fault")])
def test_little_room_is_told(place: Place, free: int, level: str) -> None:
    room = surroundings.Room(9000 * MEGABYTE, free * MEGABYTE)
    found = list(surroundings.of_disks(place.settings, lambda _path: room))
    assert {one.level for one in found} == {level}
    assert f"{free:,} MB free" in found[0].found


@pytest.mark.parametrize(("seconds", "level"), [(0, "ok"), (3600, "fault"), (-3600, "fault")])
def test_a_clock_that_is_off_is_a_fault(place: Place, seconds: int, level: str) -> None:
    store = open_store(place.settings.database_url)
    [one] = surroundings.of_clock(store, lambda: now() + timedelta(seconds=seconds))
    store.close()
    assert one.level == level
    assert ("database server" in one.found) == place.settings.database_url.startswith("postgresql")


class TestFiles:
    """What is said of the data files."""

    def test_old_listings_are_warnings_and_in_production_faults(self) -> None:
        for production, level in ((False, "warning"), (True, "fault")):
            chosen = Settings(environment="production" if production else "development")
            found = list(data.of_files(CATALOGUE, chosen, date(2026, 11, 25)))
            levels = {one.level for one in found if one.item.endswith("nrp.assured_on")}
            assert levels == {level}

    def test_drafts_are_named_where_they_are_served(self) -> None:
        live = Settings(environment="production")
        assert [one.level for one in data.of_drafts(CATALOGUE, live)] == ["ok"]
        [one] = data.of_drafts(CATALOGUE, replace(live, draft_languages=("pl",)))
        assert (one.level, one.found) == ("warning", "served as drafts: pl")

    def test_files_that_can_not_be_read_are_one_fault(self, tmp_path: Path) -> None:
        shutil.copytree(ROOT / "config", tmp_path / "config")
        (tmp_path / "config" / "lines.toml").write_text("nonsense")
        chosen = Settings(database_url=f"sqlite:///{tmp_path}/none", config_dir=tmp_path / "config")
        assert Place(chosen).one("data files").level == "fault"

    @pytest.mark.parametrize(
        ("to", "chosen", "level"),
        [
            (DigestTo("webhook", "https://hooks.example.org/", "HOOK"), {}, "ok"),
            (DigestTo("webhook", "https://hooks.example.org/", "OTHER"), {}, "fault"),
            (DigestTo("webhook", "http://hooks.example.org/", "HOOK"), {}, "fault"),
            (DigestTo("webhook", "https://10.0.0.1/", "HOOK"), {}, "fault"),
            (DigestTo("email", "anna@example.org"), {}, "fault"),
            (
                DigestTo("email", "anna@example.org"),
                {"smtp_url": "smtp://mail.example.org", "digest_from": "signpost@example.org"},
                "ok",
            ),
        ],
    )
    def test_a_digest_that_can_not_leave_is_a_fault(
        self, to: DigestTo, chosen: dict[str, str], level: str
    ) -> None:
        partner = Partner("mine", "Mine", ("crimestoppers-trust",), to)
        catalogue: Catalogue = replace(CATALOGUE, partners={"mine": partner})
        live = Settings(environment="production", **chosen)  # type: ignore[arg-type]  # names fields of Settings
        [one] = data.of_partners(catalogue, live, {"HOOK": SECRET})
        assert one.level == level
        assert SECRET not in f"{one.found}{one.cure}"


def test_sentences_are_taken_apart_at_their_cure() -> None:
    one = of_sentence("fault", "x", "it is off; it is old; cure: mend it", "on")
    assert (one.found, one.cure) == ("it is off; it is old", "mend it")
    assert [one.level for one in of_online(["a; cure: b"])] == ["fault"]
    assert worst(of_online([])) == "ok"


class TestCommand:
    """`signpost doctor`."""

    @staticmethod
    def run(*words: str, **env: str) -> Result:
        return CliRunner().invoke(signpost, ["doctor", *words], env={"ENVIRONMENT": "development", **env})

    def test_it_ends_with_the_worst(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/line.db"
        missing = self.run(DATABASE_URL=url)
        assert missing.exit_code == 2
        assert "fault    database: no file" in missing.output
        upgrade(url)
        where = {"DATABASE_URL": url, "JOURNAL_PATH": str(tmp_path / "journal")}
        worker, _ = build(Settings(database_url=url))
        worker.step()
        worker.store.close()
        warned = self.run("--json", **where)
        told = json.loads(warned.output)
        assert (warned.exit_code, told["worst"]) == (1, "warning"), warned.output
        assert {"level", "item", "found", "limit", "cure"} == set(told["checks"][0])

    def test_settings_that_can_not_be_read_are_faults_each(self) -> None:
        result = self.run("--json", PORT="many", WORKERS="none")
        assert result.exit_code == 2
        assert [one["item"] for one in json.loads(result.output)["checks"]] == ["PORT", "WORKERS"]

    def test_online_without_an_account_is_told(self, tmp_path: Path) -> None:
        result = self.run("--online", DATABASE_URL=f"sqlite:///{tmp_path}/line.db", TWILIO_ACCOUNT_SID="")
        assert "TWILIO_ACCOUNT_SID" in result.output
