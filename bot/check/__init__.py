"""Proves that a catalogue is fit to serve people: every path ends, every number is real, every text fits."""

from bot.check.finding import Finding, Report
from bot.check.run import check
from bot.check.show import render

__all__ = ["Finding", "Report", "check", "render"]
