"""Signpost: a telephone and text line that sends people in Norfolk to the right service."""

__version__ = "0.1.0"
