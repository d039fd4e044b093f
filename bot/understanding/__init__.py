"""Free text and speech -> Intent: rules that a clinician can read, and a model for the rest."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: threads cost more than they save here

from bot.understanding.understanding import Understanding, load, understand

__all__ = ["Understanding", "load", "understand"]
