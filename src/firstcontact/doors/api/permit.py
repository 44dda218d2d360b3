"""Every route says what it asks of the caller; a route that says nothing cannot be added (tests/meta, and at start)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute

from firstcontact.services.access import NOT_KNOWN, Permission, Principal, refused

OPEN = "open"
"""For routes that anybody may call: health, log-in, and webhooks, which prove themselves by their signature."""


class Permit:
    """A dependency that lets a request through if the caller holds a permission.

    A route takes `who: Annotated[Principal, Depends(Permit(Permission.READ_CONTACTS))]`.

    Args:
        permission: What the route needs.
    """

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, request: Request) -> Principal:
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
        if principal.scope(self.permission) is None:
            raise refused(self.permission)
        return principal


def is_open(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a route's function as one that anybody may call."""
    endpoint.__dict__[OPEN] = True
    return endpoint


def permission_of(route: APIRoute) -> Permission | None:
    """What a route asks for; None where anybody may call it.

    Raises:
        LookupError: The route does not say.
    """
    found = [one.call.permission for one in route.dependant.dependencies if isinstance(one.call, Permit)]
    if found:
        return found[0]
    if route.endpoint.__dict__.get(OPEN):
        return None
    raise LookupError(f"{route.path} does not say what it asks of its caller")


def check(app: FastAPI) -> None:
    """See that every route of an application says what it asks.

    Raises:
        LookupError: One does not.
    """
    for route in app.routes:
        if isinstance(route, APIRoute):
            permission_of(route)
