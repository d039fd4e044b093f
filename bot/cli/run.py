"""`signpost run`: start the line under gunicorn."""

from __future__ import annotations

import gc
import os
import socket
import sys
from threading import Event, Thread
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from bot import memory, metrics
from bot.app import create_app
from bot.catalogue import Catalogue
from bot.cli.common import settings
from bot.cli.partners import make_demo_accounts
from bot.settings import ROOT, Settings
from bot.web.wiring import KEY, Wiring

THREADS = 16
WORKER_CLASS = "bot.web.arriving.ArrivedWorker"
MEMORY = "/dev/shm"  # noqa: S108 - gunicorn makes a file of a name that nobody can guess there  # nosec B108
GRACE_SECONDS = 20  # longer than Twilio waits for an answer


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with the settings as they are, and no configuration file."""

    def __init__(self, chosen: Settings, catalogue: Catalogue) -> None:
        self.chosen = chosen
        self.catalogue: Catalogue | None = catalogue
        super().__init__()

    def load_config(self) -> None:
        """Hand the settings over."""
        options: dict[str, Any] = {
            "bind": f"{self.chosen.host}:{self.chosen.port}",
            "workers": self.chosen.workers,
            "worker_class": WORKER_CLASS,
            "threads": THREADS,
            "graceful_timeout": GRACE_SECONDS,
            "proc_name": "signpost",
            # Each worker says there that it is alive: no disk shall keep it from that.
            "worker_tmp_dir": MEMORY if os.access(MEMORY, os.W_OK) else None,
            "control_socket_disable": True,  # it would be made in the operator's home folder
            "loglevel": "warning",
            "accesslog": None,  # an access log would hold addresses of people
            "child_exit": lambda _server, worker: metrics.gone(worker.pid),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def reload(self) -> None:
        """Have new workers read the data files themselves, as they are then."""
        self.catalogue = None
        super().reload()

    def load(self) -> Any:
        """Make the app in the worker, so that no database connection is shared over a fork."""
        app = create_app(self.chosen, catalogue=self.catalogue)
        if not self.chosen.production:
            _work_beside(self.chosen)
        memory.settle()
        return app


def _work_beside(chosen: Settings) -> None:
    """In development, do in threads what `signpost worker` does otherwise."""
    from bot.cli.digest import build as digests  # noqa: PLC0415 - production has no use for it here
    from bot.cli.worker import build, redactor, sender  # noqa: PLC0415 - production has no use for it here

    works, asks = build(chosen)
    stop = Event()
    Thread(target=works.run, args=(stop,), name="worker", daemon=True).start()
    if asks is not None:
        asks.start(stop)
    digests(chosen).start(stop)
    if (sends := sender(chosen, works.store)) is not None:
        sends.start(stop)
    if (redacts := redactor(chosen, works.store)) is not None:
        redacts.start(stop)


@click.command()
def run() -> None:
    """Start the line. In development this needs no account and no configuration.

    Settings come from the environment and from .env; config/env.example describes each.
    Stop it with Ctrl-C.
    """
    chosen = settings()
    if chosen.simulator and chosen.workers > 1:
        click.echo("WORKERS is 1 in development: the simulator lives in one process.", err=True)
        chosen = Settings(**{**vars(chosen), "workers": 1})
    _refuse_taken_port(chosen)
    metrics.prepare(ROOT / "var" / f"metrics-{chosen.port}")
    with memory.loading():
        catalogue = _prove(chosen)
    gc.collect()  # of the app that was made for that; each worker would have it
    sys.stdout.flush()
    Server(chosen, catalogue).run()


def _prove(chosen: Settings) -> Catalogue:
    """Make the app once, so that every fault shows before a server starts, and say where the line is.

    Workers make their own: of this one they have the catalogue, and what else takes long to read.
    """
    wiring: Wiring = create_app(chosen).extensions[KEY]
    where = f"http://{chosen.host}:{chosen.port}"
    if chosen.simulator:
        click.echo(
            f"\n  Signpost is running. Open the simulator: {where}/simulator\n  Stop it with Ctrl-C.\n"
        )
        _tell_demo_accounts(wiring, f"{where}/partners")
    else:
        click.echo(f"Signpost is running at {where}, as {chosen.public_url}.")
    return wiring.catalogue


def _tell_demo_accounts(wiring: Wiring, portal: str) -> None:
    """Say how to look at the portal; the passwords hold until the next start."""
    click.echo(f"  The partners' portal: {portal}, where these may sign in (in development only):")
    for role, email, password in make_demo_accounts(wiring.store, wiring.settings, wiring.catalogue):
        click.echo(f"    {role:8}  {email:24}  {password}")
    click.echo()


def _refuse_taken_port(chosen: Settings) -> None:
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((chosen.host, chosen.port))
        except OSError as error:
            cure = f"stop the other program, or choose another port: make run PORT={chosen.port + 1}"
            raise click.ClickException(
                f"Port {chosen.port} can't be used ({error.strerror}); {cure}"
            ) from None
