"""The API described in OpenAPI 3.1 (spec.openapis.org/oas/v3.1.0); schemathesis holds the API to it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from bot import __version__
from bot.web.portal.api import schemas
from bot.web.portal.queries import LONGEST_VALUE_CHARS

Json = dict[str, Any]

DAY: Json = {"type": "string", "pattern": r"^(2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?$"}
# Left empty counts as left out, which is what a form sends.
VALUE: Json = {"type": "string", "pattern": f"^[!-~]{{0,{LONGEST_VALUE_CHARS}}}$"}
MONTH = r"^(2\d{3}(-(0[1-9]|1[0-2]))?)?$"


@lru_cache(maxsize=1)
def document() -> Json:
    """Give the whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Signpost for partners",
            "version": __version__,
            "summary": "Where people were sent, and never who they were.",
            "description": (
                "A partner sees its own routings and exact counts. Auditors and operators see the whole "
                'line\'s counts by one rule: 0 is 0, 1 to 7 is "fewer than 8", others are rounded to the '
                "nearest 5 or more coarsely, for calendar months that are over. Every request is on record."
            ),
        },
        "paths": {
            "/api/v1/routings": {"get": _routings()},
            "/api/v1/summary": {"get": _summary()},
            "/api/v1/directory": {"get": _directory()},
            "/api/v1/openapi.json": {"get": _itself()},
            "/services": {"get": _services()},
            "/services/{id}": {"get": _service()},
        },
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "made on the portal's page API tokens",
                },
            },
            "schemas": schemas.SCHEMAS,
        },
    }


def _routings() -> Json:
    equal = ("service", "channel", "language", "chosen_by", "outcome")
    return {
        "operationId": "getRoutings",
        "summary": "A partner's own routings, newest hour first",
        "security": [{"token": []}],
        "parameters": [
            _query("from", "The first day (UTC).", DAY),
            _query("to", "The last day (UTC), included.", DAY),
            *(_query(name, f"Only this {name}.", VALUE) for name in equal),
            _query(
                "after",
                "`next` of the page before.",
                {
                    "type": "string",
                    "pattern": r"^(2\d{3}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])-\d{1,18})?$",
                },
            ),
            _query("limit", "How many.", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
        ],
        "responses": _answers("Routings", 400, 401, 403, 503),
    }


def _summary() -> Json:
    period = _query(
        "period",
        "A month, or for a partner also a year. Left out: the present month, or the last one that is over.",
        {"type": "string", "pattern": MONTH},
    )
    return {
        "operationId": "getSummary",
        "summary": "Counts of a period by every property",
        "security": [{"token": []}],
        "parameters": [period],
        "responses": _answers("Summary", 400, 401, 403, 503),
    }


def _directory() -> Json:
    return {
        "operationId": "getDirectory",
        "summary": "The listings: a partner's own, or all of them",
        "security": [{"token": []}],
        "responses": _answers("Directory", 401, 403, 503),
    }


def _itself() -> Json:
    answer = {"description": "This document", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"operationId": "getOpenapi", "summary": "This document", "responses": {"200": answer}}


def _services() -> Json:
    return {
        "operationId": "getPaginatedListOfServices",
        "summary": "The directory, public, as HSDS 3 has it",
        "parameters": [
            _query("search", "Words in a name or description.", {"type": "string", "maxLength": 100}),
            _query(
                "page", "Which page.", {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1}
            ),
            _query("per_page", "How many.", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
        ],
        "responses": _answers("Page", 400),
    }


def _service() -> Json:
    told = "The UUID, or the short name, of a service."
    return {
        "operationId": "getFullyNestedServiceById",
        "summary": "One service with all that hangs from it",
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "description": told,
                "schema": {"type": "string", "minLength": 1},
            }
        ],
        "responses": _answers("Service", 404),
    }


def _query(name: str, told: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "description": told, "schema": schema}


def _answers(schema: str, *problems: int) -> Json:
    whys = {
        400: "Something in the address can't be read",
        401: "No token, or one that is revoked",
        403: "Not for this role",
        404: "Not there",
        503: "The database can't be reached",
    }
    good = {"description": schema, "content": {"application/json": {"schema": _ref(schema)}}}
    bad = {"content": {"application/problem+json": {"schema": _ref("Problem")}}}
    return {"200": good, **{str(code): {"description": whys[code], **bad} for code in problems}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
