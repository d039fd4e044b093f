"""Waits for a file to be on disk."""

from __future__ import annotations

import os

# Without when it was changed, if nothing depends on that; macOS can't leave it out.
sync_data = getattr(os, "fdatasync", os.fsync)
