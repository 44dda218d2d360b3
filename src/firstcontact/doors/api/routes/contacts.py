"""Contacts: sent one by one or in batches."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import BaseModel, Field

from firstcontact.doors.api.permit import Permit
from firstcontact.services.access import Permission
from firstcontact.services.ingest import Outcome, ingest
from firstcontact.services.setting import redactor

router = APIRouter(prefix="/api/v1/contacts", tags=["contacts"])

MOST = 5_000
"""Most records of one request; more come in several, or as an import."""


class Received(BaseModel):
    """What became of the records that were sent."""

    outcomes: list[Outcome] = Field(description="For each record, in the order sent.")
    faults: dict[int, list[dict[str, str]]] = Field(description="By place, what is wrong with a quarantined record.")
    seq: int = Field(description="Number of the latest change.")


@router.post("", status_code=202, dependencies=[Depends(Permit(Permission.INGEST))])
def send(
    request: Request,
    items: Annotated[list[Any], Body(max_length=MOST, min_length=1)],
    source: Annotated[str, Query(min_length=1, max_length=200)] = "api",
) -> Received:
    """Send contacts. They are durable when the answer comes; copies change nothing, so sending again is safe."""
    service = request.app.state.service
    receipt = ingest(service.inbox, "contacts", items, source=source, now=service.now(), redact=redactor(service.preferences))
    faults = {place: [one.as_dict() for one in unfit] for place, unfit in receipt.unfit.items()}
    return Received(outcomes=list(receipt.outcomes), faults=faults, seq=receipt.seq)
