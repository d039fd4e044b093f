"""Free text and speech -> Intent: rules that a clinician can read, and a model for the rest."""

from bot.understanding.understanding import Understanding, load, understand

__all__ = ["Understanding", "load", "understand"]
