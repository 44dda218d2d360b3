"""The whole interface held against its own description: whatever is sent, no 5xx and no answer it does not describe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from firstcontact.doors.api.app import create_app
from firstcontact.doors.api.permit import routes
from firstcontact.services.access import GRANTS, Permission, Principal, Role, Scope
from firstcontact.services.service import Service
from tests.conftest import FULL
from tests.service_fixture import As

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def who_may(permission: Permission | None) -> Principal:
    """Somebody who may, so that a request gets past the door."""
    role = Role.ADMINISTRATOR
    for one in Role:
        if permission is not None and GRANTS[one].get(permission) in {Scope.ALL, Scope.SELF}:
            role = one
            break
    return Principal("0" * 32, "tester@example.org", role, frozenset({"North"}), "a1")


def operations(app: Any) -> Iterator[tuple[str, Any, Principal]]:
    """Every operation of the interface's description, with somebody who may."""
    asked = {(rule.method, rule.path): rule.permission for rule in routes(app)}
    schema = schemathesis.openapi.from_dict(app.openapi())
    for found in schema.get_all_operations():
        operation = found.ok()
        method, path = operation.method.upper(), operation.path
        yield f"{method} {path}", operation, who_may(asked[method, path])


@schemathesis.serializer("application/x-ndjson", "application/offset+octet-stream")
def as_bytes(_context: Any, value: Any) -> dict[str, Any]:
    """What a stream of lines, or a part of a file, looks like on the way."""
    return {"content": value if isinstance(value, bytes) else json.dumps(value, default=str).encode()}


def held(operation: Any, client: TestClient, mode: schemathesis.GenerationMode) -> None:
    """Send requests of one kind, made from the description, and hold each answer to it."""

    @settings(
        max_examples=100 if FULL else 2,
        deadline=None,
        database=None,
        derandomize=not FULL,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case: schemathesis.Case) -> None:
        sent = case.as_transport_kwargs(base_url="http://127.0.0.1:8400")
        sent.pop("cookies", None)
        case.validate_response(client.request(**sent), checks=CHECKS)

    with suppress(Unsatisfiable):  # some operations have nothing that could be wrong with them
        hold()


def test_no_request_breaks_the_interface(sqlite_service: Service) -> None:
    """Valid requests and broken ones are all answered as the description says."""
    app = create_app(sqlite_service)
    failures: list[str] = []
    tried = 0
    for name, operation, principal in operations(app):
        client = TestClient(As(app, principal), raise_server_exceptions=False, base_url="http://127.0.0.1:8400")
        for mode in schemathesis.GenerationMode:
            tried += 1
            try:
                held(operation, client, mode)
            except BaseException as error:  # every operation is tried, and all that break are told at once
                if isinstance(error, KeyboardInterrupt):
                    raise
                told = [error, *getattr(error, "exceptions", ())]
                failures += [f"{name} {mode}: {' '.join(str(one).split())[:700]}" for one in told]
    assert failures == [], "\n".join(failures)
    assert tried > 100
