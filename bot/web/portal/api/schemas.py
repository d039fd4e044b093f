"""The shapes of what the API gives, as JSON Schema."""

from __future__ import annotations

from typing import Any

from bot.core.session import OUTCOMES

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer", "minimum": 0}
NUMBER_OR_NOT_YET: Json = {"type": ["integer", "null"], "minimum": 0}
UUID: Json = {"type": "string", "format": "uuid"}
HOUR: Json = {"type": "string", "format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:00:00Z$"}


def _object(required: Json, optional: Json | None = None) -> Json:
    """An object with exactly these members."""
    members = {**required, **(optional or {})}
    return {
        "type": "object",
        "required": list(required),
        "properties": members,
        "additionalProperties": False,
    }


def _list(of: str) -> Json:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}


_COUNT: Json = {
    "routings": {**TEXT, "description": 'In words: "1234", "fewer than 8", "about 1,240".'},
    "least": {**NUMBER, "description": "The least that it may be."},
    "most": {**NUMBER, "description": "The most that it may be."},
}

_BRIEF_OPTIONAL: Json = {
    "description": TEXT,
    "fees_description": TEXT,
    "minimum_age": {"type": "number"},
    "maximum_age": {"type": "number"},
    "assured_date": {"type": "string", "format": "date"},
    "interpretation_services": TEXT,
}
_BRIEF: Json = {
    "id": UUID,
    "organization_id": UUID,
    "name": TEXT,
    "status": {"enum": ["active", "inactive", "defunct", "temporarily closed"]},
}

SCHEMAS: Json = {
    "Routing": _object(
        {
            "id": TEXT,
            "hour": HOUR,
            "service": TEXT,
            "channel": {"enum": ["sms", "whatsapp", "rcs", "voice"]},
            "language": TEXT,
            "chosen_by": TEXT,
            "outcome": {"enum": list(OUTCOMES)},
            "late": {"type": "boolean"},
            "leaf_index": NUMBER_OR_NOT_YET,
            "partner_seq": NUMBER_OR_NOT_YET,
            "flow_revision": TEXT,
            "directory_revision": TEXT,
            "code_version": TEXT,
        }
    ),
    "Routings": _object({"routings": _list("Routing"), "next": {"type": ["string", "null"]}}),
    "Count": _object({"value": TEXT, **_COUNT}),
    "Summary": _object(
        {
            "period": TEXT,
            "exact": {"type": "boolean"},
            "partner": {"type": ["string", "null"]},
            "total": _object(_COUNT),
            "tables": {"type": "object", "additionalProperties": _list("Count")},
        }
    ),
    "Directory": _object({"revision": TEXT, "services": _list("Service")}),
    "ServiceBrief": _object(_BRIEF, _BRIEF_OPTIONAL),
    "Service": _object(
        {
            **_BRIEF,
            "organization": _object({"id": UUID, "name": TEXT, "description": TEXT}),
            "phones": _list("Phone"),
            "schedules": _list("Schedule"),
            "languages": _list("Language"),
        },
        _BRIEF_OPTIONAL,
    ),
    "Phone": _object({"id": UUID, "service_id": UUID, "number": TEXT, "type": TEXT}, {"description": TEXT}),
    "Schedule": _object(
        {"id": UUID, "service_id": UUID},
        {
            "freq": {"enum": ["WEEKLY"]},
            "byday": TEXT,
            "opens_at": TEXT,
            "closes_at": TEXT,
            "description": TEXT,
        },
    ),
    "Language": _object({"id": UUID, "service_id": UUID, "code": TEXT}),
    "Page": _object(
        {
            "total_items": NUMBER,
            "total_pages": NUMBER,
            "page_number": NUMBER,
            "size": NUMBER,
            "first_page": {"type": "boolean"},
            "last_page": {"type": "boolean"},
            "empty": {"type": "boolean"},
            "contents": _list("ServiceBrief"),
        }
    ),
    "Problem": _object({"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT}),
}
