"""Every route says what it asks of the caller; a route that says nothing cannot be added (tests/meta, and at start)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts

from firstcontact.services.access import NOT_KNOWN, Permission, Principal, Scope, refused

OPEN = "open"
"""For routes that anybody may call: health, log-in, and webhooks, which prove themselves by their signature."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks.

    Attributes:
        method: The HTTP method.
        path: Its address, with names in braces.
        permission: What the caller must hold; None where anybody may call it.
        in_person: Whether no token may call it.
        of_all: Whether the permission must reach everybody's data.
        endpoint: Its function; None for the interface's own description.
    """

    method: str
    path: str
    permission: Permission | None
    in_person: bool
    of_all: bool
    endpoint: Callable[..., Any] | None


class Permit:
    """A dependency that lets a request through if the caller holds a permission.

    A route takes `who: Annotated[Principal, Depends(Permit(Permission.READ_CONTACTS))]`.

    Args:
        permission: What the route needs.
        in_person: Whether it is left to people, and done by no program in their name whatever its token holds.
        of_all: Whether the permission must reach everybody's data, because the answer cannot be cut to some teams.
    """

    def __init__(self, permission: Permission, *, in_person: bool = False, of_all: bool = False) -> None:
        self.permission = permission
        self.in_person = in_person
        self.of_all = of_all

    # Not `def`: that would wait for a thread of its own.
    async def __call__(self, request: Request) -> Principal:
        """The caller.

        Raises:
            FirstcontactError: Nobody knows who asks (FC9202), or they may not (FC9201).
        """
        principal: Principal | None = getattr(request.state, "principal", None)
        if principal is None:
            from firstcontact.doors.api.problem import ProblemError

            raise ProblemError(
                [
                    NOT_KNOWN.fault(
                        where="this request",
                        saw="no valid session or token",
                        allowed="a session, or Authorization: Bearer <token>",
                        cure="log in, or make a token",
                    )
                ]
            )
        scope = principal.scope(self.permission)
        too_narrow = scope is None or (self.of_all and scope is not Scope.ALL)
        if too_narrow or (self.in_person and principal.session is None):
            raise refused(self.permission)
        return principal


def is_open(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a route's function as one that anybody may call."""
    endpoint.__dict__[OPEN] = True
    return endpoint


def routes(app: FastAPI) -> Iterator[Rule]:
    """Every route of an application, method by method, with what it asks of its caller.

    Raises:
        LookupError: A route does not say, or is none that could: a mounted application, a socket.
    """
    for context in iter_route_contexts(app.routes):
        path = context.path or ""
        if path == app.openapi_url:
            for method in sorted(context.methods or ()):
                yield Rule(method, path, None, False, False, None)
            continue
        if not isinstance(context.original_route, APIRoute) or not context.methods:
            raise LookupError(f"{path or context.name} is no route that says what it asks of its caller")
        for method in sorted(context.methods):
            permit = _permit(context, path)
            yield Rule(
                method,
                path,
                permit.permission if permit else None,
                permit is not None and permit.in_person,
                permit is not None and permit.of_all,
                context.endpoint,
            )


def _permit(context: Any, path: str) -> Permit | None:
    asked = [one.call for one in context.dependant.dependencies if isinstance(one.call, Permit)]
    marked = bool(context.endpoint.__dict__.get(OPEN))
    if len(asked) + marked != 1:
        raise LookupError(f"{path} says {len(asked) + marked} things, not one, of what it asks of its caller")
    return asked[0] if asked else None


def check(app: FastAPI) -> None:
    """See that every route of an application says what it asks.

    Raises:
        LookupError: One does not.
    """
    for _ in routes(app):
        pass
