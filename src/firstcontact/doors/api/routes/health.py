"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from firstcontact.doors.api.permit import is_open

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """An answer that says all is well; anything else is a problem."""

    status: str = "ok"


@router.get("/health")
@is_open
async def health() -> Health:
    """Whether the process answers at all: on its own loop, so that it does while every thread waits for the store."""
    return Health()


@router.get("/ready")
@is_open
def ready(request: Request) -> Health:
    """Whether the operational store answers, so that requests can be served."""
    request.app.state.service.alive()
    return Health()
