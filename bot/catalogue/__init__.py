"""Reads the script, the directory and the lines, and refuses them with every fault at once."""

from bot.catalogue.faults import Fault, report
from bot.catalogue.load import Catalogue, load

__all__ = ["Catalogue", "Fault", "load", "report"]
