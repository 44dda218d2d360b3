"""Contacts and what is known beside them, as programs send them: one, many, or a stream of lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from firstcontact.doors.api.body import streams
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import REQUEST_UNREADABLE, TOO_LARGE, TOO_MANY, ProblemError
from firstcontact.doors.api.table_name import CompanionName
from firstcontact.services.access import Permission
from firstcontact.services.ingest import Garbled, Outcome, Receipt, ingest
from firstcontact.services.service import Service
from firstcontact.services.setting import redactor

router = APIRouter(prefix="/api/v1", tags=["ingest"])

MOST = 5_000
"""Most records of one request; more come in several, as a stream, or as an import."""

MOST_LINE = 2**20
"""Longest line of a stream, in bytes."""

MOST_FAULTS = 100
"""Most lines of a stream whose faults the answer repeats; all of them stand in the quarantine."""

TOGETHER = 1_000
"""Lines of a stream that are stored together."""

MOST_WAITING = 20_000
"""Records that may wait to be stored. Above it, whoever sends is asked to come again."""

Source = Annotated[
    str,
    Query(description="The system they come from, where a record does not say.", pattern=r"^[^\x00]*\S[^\x00]*$",
          min_length=1, max_length=200),
]  # fmt: skip
Companion = Annotated[
    CompanionName,
    Path(description="The table, as the reference describes it."),
]


class Received(BaseModel):
    """What became of the records that were sent."""

    outcomes: list[Outcome] = Field(description="For each record, in the order sent.")
    faults: dict[int, list[dict[str, str]]] = Field(description="By place, what is wrong with a quarantined record.")
    seq: int = Field(description="Number of the latest change.")


class OneReceived(BaseModel):
    """What became of the record that was sent."""

    outcome: Outcome
    faults: list[dict[str, str]] = Field(description="What is wrong with it, where it was quarantined.")
    seq: int = Field(description="Number of the latest change.")


class StreamReceived(BaseModel):
    """What became of the lines that were sent."""

    records: int = Field(description="How many lines there were, empty ones left aside.")
    outcomes: dict[Outcome, int] = Field(description="How many of each.")
    faults: dict[int, list[dict[str, str]]] = Field(
        description=f"By line, from 1, what is wrong with those that were quarantined; the first {MOST_FAULTS}."
    )
    seq: int = Field(description="Number of the latest change.")


def not_crowded(request: Request) -> None:
    """Ask whoever sends to wait, where more has arrived than can be stored at once.

    Raises:
        ProblemError: Too much waits (FC9305).
    """
    if request.app.state.service.inbox.waiting > MOST_WAITING:
        raise crowded()


def crowded() -> ProblemError:
    """The error for a sender who is to come again in a moment."""
    fault = TOO_MANY.fault(
        where="what waits to be stored",
        saw=f"more than {MOST_WAITING:,} records",
        allowed="fewer",
        cure="send it again after Retry-After",
    )
    return ProblemError([fault], {"Retry-After": "1"})


MAY_SEND = [Depends(Permit(Permission.INGEST)), Depends(not_crowded)]


@router.post("/contacts", status_code=202, dependencies=MAY_SEND)
def send(
    request: Request, items: Annotated[list[Any], Body(max_length=MOST, min_length=1)], source: Source = "api"
) -> Received:
    """Send contacts. They are durable when the answer comes; copies change nothing, so sending again is safe."""
    return received(take(request.app.state.service, "contacts", items, source))


@router.post("/contacts/one", status_code=202, dependencies=MAY_SEND)
def send_one(request: Request, item: Annotated[dict[str, Any], Body()], source: Source = "api") -> OneReceived:
    """Send one contact. It is durable when the answer comes."""
    receipt = take(request.app.state.service, "contacts", [item], source)
    faults = [one.as_dict() for one in receipt.unfit.get(0, ())]
    return OneReceived(outcome=receipt.outcomes[0], faults=faults, seq=receipt.seq)


@router.post("/contacts/stream", status_code=202, dependencies=MAY_SEND, openapi_extra={
    "requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
})  # fmt: skip
@streams
async def send_stream(request: Request, source: Source = "api") -> StreamReceived:
    """Send any number of contacts as lines of JSON, stored while they arrive; after a break, send them again."""
    return await _take_stream(request, "contacts", source)


@router.post("/records/{table}", status_code=202, dependencies=MAY_SEND)
def send_records(
    request: Request,
    table: Companion,
    items: Annotated[list[Any], Body(max_length=MOST, min_length=1)],
    source: Source = "api",
) -> Received:
    """Send records of a table beside the contacts. They may come before the contacts that they belong to."""
    return received(take(request.app.state.service, table, items, source))


@router.post("/records/{table}/stream", status_code=202, dependencies=MAY_SEND, openapi_extra={
    "requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}},
})  # fmt: skip
@streams
async def send_record_stream(request: Request, table: Companion, source: Source = "api") -> StreamReceived:
    """Send any number of records of a table as lines of JSON."""
    return await _take_stream(request, table, source)


def take(service: Service, table: str, items: list[Any], source: str) -> Receipt:
    """Take in records as the service is set up to."""
    return ingest(
        service.inbox, table, items, source=source.strip(), now=service.now(), redact=redactor(service.preferences)
    )


def received(receipt: Receipt) -> Received:
    """What became of records, as an answer."""
    faults = {place: [one.as_dict() for one in unfit] for place, unfit in receipt.unfit.items()}
    return Received(outcomes=list(receipt.outcomes), faults=faults, seq=receipt.seq)


async def _take_stream(request: Request, table: str, source: str) -> StreamReceived:
    service: Service = request.app.state.service
    counts: Counter[Outcome] = Counter()
    faults: dict[int, list[dict[str, str]]] = {}
    seq = 0
    async for numbers, items in _batches(request):
        not_crowded(request)
        receipt = await run_in_threadpool(take, service, table, items, source)
        counts.update(receipt.outcomes)
        seq = receipt.seq
        for place, unfit in receipt.unfit.items():
            if len(faults) < MOST_FAULTS:
                faults[numbers[place]] = [one.as_dict() for one in unfit]
    if not counts:
        fault = REQUEST_UNREADABLE.fault(
            where="body", saw="no line", allowed="a JSON object on each line", cure="send at least one record"
        )
        raise ProblemError([fault])
    return StreamReceived(records=counts.total(), outcomes=dict(counts), faults=faults, seq=seq)


async def _batches(request: Request) -> AsyncIterator[tuple[list[int], list[Any]]]:
    """Lines as plain data, with their numbers, as many at a time as are stored together."""
    rest, number = b"", 0
    numbers: list[int] = []
    items: list[Any] = []
    async for part in _parts(request):
        *lines, rest = (rest + part).split(b"\n")
        if len(rest) > MOST_LINE:
            raise _long(number + len(lines) + 1)
        for line in lines:
            number += 1
            if len(line) > MOST_LINE:
                raise _long(number)
            if line.strip():
                numbers.append(number)
                items.append(_read(line))
            if len(items) == TOGETHER:
                yield numbers, items
                numbers, items = [], []
    if items:
        yield numbers, items


async def _parts(request: Request) -> AsyncIterator[bytes]:
    async for part in request.stream():
        yield part
    yield b"\n"  # the last line may lack its end


def _read(line: bytes) -> Any:
    """What a line says; `Garbled` where nobody can tell."""
    try:
        return json.loads(line, object_pairs_hook=_once, parse_constant=_constant)
    except (ValueError, RecursionError):
        return Garbled(line.decode("utf-8", "backslashreplace").replace("\x00", "\\u0000"))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _constant(_name: str) -> Any:
    raise ValueError("no JSON")


def _long(number: int) -> ProblemError:
    fault = TOO_LARGE.fault(
        where=f"line {number}",
        saw="a longer line",
        allowed=f"at most {MOST_LINE:,} bytes",
        cure="shorten it and send all again; lines before it may be stored already, copies change nothing",
    )
    return ProblemError([fault])
