"""Lists come by page: an opaque cursor goes on after the last item of the page before."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from firstcontact.doors.api.problem import REQUEST_UNREADABLE, ProblemError
from firstcontact.kernel.sentence import clause

MOST = 500

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many items.")]
After = Annotated[
    str | None, Query(max_length=1000, description="`next` of the page before; the first page where left out.")
]


class Page(BaseModel, Generic[Item]):
    """Some items of a list."""

    items: list[Item]
    next: str | None = Field(description="`after` of the next page; null where this is the last.")


def cursor(place: Any) -> str:
    """Where a page ended, as text that means nothing to anybody else.

    >>> read_cursor(cursor(["2026-01-05", 7]))
    ['2026-01-05', 7]
    """
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def read_cursor(text: str) -> Any:
    """Where a page ended.

    Raises:
        ProblemError: It is no cursor (FC9301).
    """
    try:
        return json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise no_cursor(len(text)) from None


def read_number(text: str | None) -> int | None:
    """Where a page ended, where that is a number.

    Raises:
        ProblemError: It is no such cursor (FC9301).
    """
    place = None if text is None else read_cursor(text)
    if place is not None and (isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < 2**62):
        raise no_cursor(len(text or ""))
    return place


def read_text(text: str | None) -> str | None:
    """Where a page ended, where that is text.

    Raises:
        ProblemError: It is no such cursor (FC9301).
    """
    place = None if text is None else read_cursor(text)
    if place is not None and (not isinstance(place, str) or not place.isprintable()):
        raise no_cursor(len(text or ""))
    return place


def no_cursor(length: int) -> ProblemError:
    """The error for a cursor that this list did not give out."""
    fault = REQUEST_UNREADABLE.fault(
        where="query > after",
        saw=clause("{count} characters that are no cursor", count=length),
        allowed="`next` of an earlier answer",
        cure="leave it out to begin anew",
    )
    return ProblemError([fault])
