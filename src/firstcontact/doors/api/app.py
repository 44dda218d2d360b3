"""The HTTP application: its resources, who asks, how big a request may be, and what every answer carries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread
from fastapi import FastAPI

from firstcontact.doors.api import permit, problem
from firstcontact.doors.api.body import Body
from firstcontact.doors.api.describe import describe
from firstcontact.doors.api.observe import Observe
from firstcontact.doors.api.origin import Origin
from firstcontact.doors.api.rate import Rate
from firstcontact.doors.api.recognise import Recognise
from firstcontact.doors.api.response_headers import ResponseHeaders
from firstcontact.doors.api.routes import (
    accounts,
    audit,
    contact_list,
    contacts,
    health,
    identities,
    imports,
    jobs,
    linkage_audit,
    me,
    metrics,
    own_figures,
    people,
    policies,
    quarantine,
    run_contacts,
    run_quarantine,
    runs,
    session,
    settings,
    subjects,
    subscriptions,
    tokens,
    views,
    webhooks,
)
from firstcontact.doors.web.catalog import ROUTERS as PAGES
from firstcontact.doors.web.problem_page import problem_page
from firstcontact.doors.web.sent_once import SentOnce
from firstcontact.kernel.settings import VERSION

if TYPE_CHECKING:
    from firstcontact.services.service import Service

ROUTERS = (
    accounts.router,
    audit.router,
    contact_list.router,
    contacts.router,
    health.router,
    identities.router,
    imports.router,
    jobs.router,
    linkage_audit.router,
    me.router,
    own_figures.router,
    *PAGES,
    people.router,
    quarantine.router,
    webhooks.router,
    metrics.router,
    policies.router,
    run_contacts.router,
    run_quarantine.router,
    runs.router,
    session.router,
    settings.router,
    subjects.router,
    subscriptions.router,
    tokens.router,
    views.router,
)
"""A resource is a file in `routes` with a `router`; it is listed here."""

THREADS = 16
"""Requests that one process works on at once; more wait. Fewer than the store has connections."""


def create_app(service: Service) -> FastAPI:
    """The application over a service.

    Args:
        service: What it serves; it is closed when the application stops.

    Returns:
        The application.

    Raises:
        LookupError: A route does not say what it asks of its caller.
    """

    @asynccontextmanager
    async def living(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield
        service.close()

    app = FastAPI(
        title="firstcontact",
        version=VERSION,
        summary="First Contact Resolution, measured honestly from the records a contact centre already has.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=living,
        responses={"default": {"model": problem.Problem, "description": "What went wrong (RFC 9457)."}},
    )
    app.state.service = service
    problem.install(app, problem_page)
    # The last one added is the first to see a request.
    app.add_middleware(SentOnce, service=service)
    app.add_middleware(Origin, settings=service.settings)
    app.add_middleware(Body, api=app)
    app.add_middleware(Rate, proxies=service.settings.proxies)
    app.add_middleware(Recognise, service=service)
    app.add_middleware(ResponseHeaders, secure=service.settings.secure)
    app.add_middleware(Observe)
    for router in ROUTERS:
        app.include_router(router)
    permit.check(app)
    describe(app)
    return app
