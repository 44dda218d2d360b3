"""Who may call what: every route, with every method, as every role and with limited tokens, taken from the routes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.testclient import TestClient

from firstcontact.doors.api.app import create_app
from firstcontact.doors.api.permit import Permit, Rule, check, is_open, routes
from firstcontact.services.access import GRANTS, NOT_ALLOWED, NOT_KNOWN, Permission, Principal, Role, Scope
from firstcontact.services.password import Passwords
from firstcontact.services.service import Service
from firstcontact.services.session import csrf_of

OPEN = {
    "GET /api/v1/openapi.json",
    "HEAD /api/v1/openapi.json",
    "GET /health",
    "GET /ready",
    "POST /api/v1/hooks/{source_id}",
    "POST /api/v1/password",
    "POST /api/v1/session",
    "GET /login",
    "POST /login",
    "GET /password",
    "POST /password",
    "GET /sso/callback",
    "GET /sso/start",
    "GET /static/{name}",
}
"""What anybody may call. A route joins this list only by being written here too."""

IN_PERSON = {"POST /api/v1/me/password", "POST /api/v1/tokens", "POST /me/password", "POST /me/tokens"}
"""What no program does in somebody's name, whatever its token holds."""


@dataclass(frozen=True)
class Caller:
    """One column of the matrix."""

    name: str
    principal: Callable[[Permission | None], Principal | None]


def _session(role: Role) -> Caller:
    return Caller(role.value, lambda _: Principal("1" * 32, "x@example.org", role, frozenset({"North"}), session="s"))


def _token(role: Role, holds: bool) -> Caller:
    def principal(asked: Permission | None) -> Principal:
        only = frozenset({asked} if holds and asked else set(Permission) - {asked})
        return Principal("1" * 32, "token:x", role, frozenset({"North"}), only=only)

    return Caller(f"token of {role.value} {'with' if holds else 'without'} it", principal)


CALLERS = [
    Caller("nobody", lambda _: None),
    *(_session(role) for role in Role),
    *(_token(role, holds) for role in (Role.ADMINISTRATOR, Role.AGENT) for holds in (True, False)),
]


class Known:
    """The application as seen by whoever is set as its caller."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self.principal: Principal | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.principal is not None and scope["type"] == "http":
            scope.setdefault("state", {}).update(principal=self.principal, cookie="c")
        await self._app(scope, receive, send)


def _code(response: Any) -> str:
    kind = response.headers.get("content-type", "")
    return str(response.json().get("code", "")) if kind.startswith("application/problem+json") else ""


def _expected(rule: Rule, principal: Principal | None) -> str:
    """The code with which a caller is kept out; empty where the caller is let in."""
    if rule.permission is None:
        return ""
    if principal is None:
        return NOT_KNOWN.code
    scope = GRANTS[principal.role].get(rule.permission)
    limits = [scope is not None, scope is Scope.ALL or not rule.of_all]
    if principal.only is not None:
        limits += [rule.permission in principal.only, f"{rule.method} {rule.path}" not in IN_PERSON]
    return "" if all(limits) else NOT_ALLOWED.code


def test_every_route_lets_in_exactly_those_who_hold_what_it_asks(sqlite_service: Service) -> None:
    """Nobody is not known, who lacks the permission is refused, a token goes no further than its limits, and whoever
    holds it is not kept out."""
    app = create_app(replace(sqlite_service, passwords=Passwords(memory_kib=8, rounds=1)))
    known = Known(app)
    url, headers = sqlite_service.settings.url, {"X-CSRF-Token": csrf_of("c")}
    client = TestClient(known, base_url=url, headers=headers, raise_server_exceptions=False)
    wrong: list[str] = []
    calls = 0
    for rule in routes(app):
        # The name that a route is reached by must be no reason for a refusal, nor what it is sent.
        path = re.sub(r"\{[^}]*\}", "0" * 32, rule.path)
        for caller in CALLERS:
            known.principal = caller.principal(rule.permission)
            expected = _expected(rule, known.principal)
            client.cookies.clear()
            response = client.request(rule.method, path, follow_redirects=False)
            said = _code(response)
            refused = said in {NOT_KNOWN.code, NOT_ALLOWED.code}
            calls += 1
            if (said if refused else "") != expected or response.status_code >= 500:
                wrong.append(f"{rule.method} {rule.path} as {caller.name}: {response.status_code} {said}")
    assert wrong == []
    assert calls > 200


def test_only_what_is_listed_is_open(sqlite_service: Service) -> None:
    """That anybody may call a route, or only people, is decided twice: where it is written, and here."""
    rules = list(routes(create_app(sqlite_service)))
    assert {f"{one.method} {one.path}" for one in rules if one.permission is None} == OPEN
    assert {f"{one.method} {one.path}" for one in rules if one.in_person} == IN_PERSON


def test_every_permission_is_asked_for_and_held(sqlite_service: Service) -> None:
    """There is no permission that nobody holds or no route asks for, and none is held beyond what a role is for."""
    assert {one.permission for one in routes(create_app(sqlite_service))} - {None} == set(Permission)
    held = {permission for grants in GRANTS.values() for permission in grants}
    assert held == set(Permission)
    assert set(GRANTS[Role.WALLBOARD]) == {Permission.READ_SELF, Permission.READ_BOARD}
    agent = {permission for permission, scope in GRANTS[Role.AGENT].items() if scope is Scope.ALL}
    assert agent == {Permission.READ_BOARD, Permission.READ_POLICIES}
    assert Permission.READ_CONTACTS not in GRANTS[Role.ADMINISTRATOR]
    for role, grants in GRANTS.items():
        assert grants.get(Permission.READ_OWN_FIGURES) in {None, Scope.SELF}, role
        changes = {one for one in grants if one.value.endswith(":write")} - {Permission.OWN_ACCOUNT}
        assert not (changes and role in {Role.TEAM_LEAD, Role.AGENT, Role.WALLBOARD}), role


def test_a_route_without_a_rule_cannot_be_added() -> None:
    """A route that says nothing of its caller, says two things, or is none that could say it, stops the start."""

    def silent() -> None: ...

    @is_open
    def both() -> None: ...

    for add in (
        lambda router: router.add_api_route("/silent", silent),
        lambda router: router.add_api_route("/both", both, dependencies=[Depends(Permit(Permission.INGEST))]),
        lambda router: router.add_api_route(
            "/two",
            silent,
            dependencies=[Depends(Permit(Permission.INGEST)), Depends(Permit(Permission.READ_AUDIT))],
        ),
        lambda router: router.add_route("/plain", lambda request: None),
        lambda router: router.mount("/mounted", FastAPI()),
        lambda router: router.add_api_websocket_route("/socket", silent),
    ):
        router = APIRouter()
        add(router)
        app = FastAPI(docs_url=None, redoc_url=None)
        app.include_router(router)
        with pytest.raises(LookupError):
            check(app)


@pytest.mark.parametrize("role", list(Role))
def test_a_permission_reaches_no_further_than_its_scope(role: Role) -> None:
    """For all, for one's own teams, or for no team where it is for oneself alone: a team that is not one's own, and
    data of no team, are reached by those who reach all."""
    who = Principal("1", "x", role, frozenset({"North"}))
    for permission in Permission:
        scope = GRANTS[role].get(permission)
        reached = [who.reaches(permission, team) for team in ("North", "South", None)]
        assert reached == [scope in {Scope.ALL, Scope.TEAMS}, scope is Scope.ALL, scope is Scope.ALL]
        if scope is None:
            assert not who.may(permission)
            continue
        visible = who.visible_teams(permission)
        assert visible == {Scope.ALL: None, Scope.TEAMS: {"North"}, Scope.SELF: frozenset()}[scope]
