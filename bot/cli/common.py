"""What the commands share: settings with .env, and the catalogue."""

from __future__ import annotations

from bot.catalogue import Catalogue, load
from bot.settings import ROOT, Settings


def settings() -> Settings:
    """The settings from the environment and .env."""
    from dotenv import load_dotenv  # noqa: PLC0415 - `--help` can do without it

    load_dotenv(ROOT / ".env")
    return Settings.from_env()


def catalogue() -> Catalogue:
    """The data files that the settings name."""
    chosen = settings()
    return load(chosen.flows_dir, chosen.config_dir)
