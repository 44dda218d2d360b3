"""The interface's description as it truly is: every error in one shape, and under its own media type (RFC 9457)."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from firstcontact.doors.api.problem import MEDIA_TYPE

_PROBLEM = "#/components/schemas/Problem"
_UNUSED = ("HTTPValidationError", "ValidationError")


def describe(app: FastAPI) -> None:
    """Give an application the description that it keeps to: `/api/v1/openapi.json`."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            for path in described["paths"].values():
                for operation in path.values():
                    _correct(operation["responses"])
            for name in _UNUSED:
                described["components"]["schemas"].pop(name, None)
            app.openapi_schema = described
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _correct(responses: dict[str, Any]) -> None:
    # The framework adds an answer of its own for what does not fit; it is a problem like any other.
    responses.pop("422", None)
    for answer in responses.values():
        content = answer.get("content", {})
        if content.get("application/json", {}).get("schema", {}).get("$ref") == _PROBLEM:
            answer["content"] = {MEDIA_TYPE: content["application/json"]}
