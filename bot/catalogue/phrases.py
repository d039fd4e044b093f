"""The sentences that the engine puts together: which fields each may use, and where it is needed."""

from __future__ import annotations

from bot.core.session import Medium

# phrase -> (fields that may stand in it, media on which it must not be empty)
_BOTH: frozenset[Medium] = frozenset({"text", "voice"})
_TEXT: frozenset[Medium] = frozenset({"text"})
_VOICE: frozenset[Medium] = frozenset({"voice"})
_SERVICE = frozenset({"name", "number", "cost", "hours", "description", "languages", "more"})
_NONE: frozenset[str] = frozenset()

PHRASES: dict[str, tuple[frozenset[str], frozenset[Medium]]] = {
    "option": (frozenset({"key", "label"}), _BOTH),
    "service": (_SERVICE, _BOTH),
    "emergency": (_SERVICE, _BOTH),
    "urgent": (frozenset({"number"}), _BOTH),
    "more": (_NONE, _TEXT),
    "not_meant": (frozenset({"key"}), _BOTH),
    "danger": (_NONE, _BOTH),
    "unsure": (_NONE, _BOTH),
    "confirm": (_NONE, _VOICE),
    "interpreters": (_NONE, _BOTH),
    "no_interpreters": (_NONE, _BOTH),
    "speaks": (_NONE, _BOTH),
    "speak": (_NONE, _VOICE),
    "keys_only": (_NONE, _VOICE),
    "number": (frozenset({"name", "number"}), _BOTH),
    "hours_always": (_NONE, _BOTH),
    "hours_open": (frozenset({"time"}), _BOTH),
    "hours_opens_today": (frozenset({"time", "day"}), _BOTH),
    "hours_opens_tomorrow": (frozenset({"time", "day"}), _BOTH),
    "hours_opens_on": (frozenset({"time", "day"}), _BOTH),
    "hours_closed": (_NONE, _BOTH),
    "hours_unknown": (_NONE, _BOTH),
    "midnight": (_NONE, _BOTH),
    "noon": (_NONE, _BOTH),
    "not_understood": (_NONE, _BOTH),
    "picture": (_NONE, _TEXT),
    "wrong_key": (_NONE, _VOICE),
    "silence": (_NONE, _VOICE),
    "connecting": (frozenset({"name", "number"}), _VOICE),
    "busy": (_NONE, _VOICE),
    "no_answer": (_NONE, _VOICE),
    "failed": (_NONE, _VOICE),
    "call_ended": (_NONE, _VOICE),
    "cannot_connect": (_NONE, _VOICE),
    "cannot_text": (_NONE, _VOICE),
    "texted": (frozenset({"number"}), _BOTH),
    "text_failed": (_NONE, _VOICE),
    "help": (_NONE, _BOTH),
    "stopped": (_NONE, _BOTH),
    "too_many": (_NONE, _TEXT),
    "started": (_NONE, _TEXT),
    "still_stopped": (_NONE, _TEXT),
    "goodbye": (_NONE, _BOTH),
    "safe": (_NONE, _BOTH),
    "poster_title": (_NONE, _TEXT),
    "poster_text": (frozenset({"keyword", "code"}), _TEXT),
    "poster_call": (frozenset({"number"}), _TEXT),
    "poster_note": (_NONE, _TEXT),
}
