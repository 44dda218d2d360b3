"""What two may edit carries an edition (ETag), and is changed only by who read the latest (If-Match)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Response

from firstcontact.doors.api.problem import ProblemError
from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind

MATCH_MISSING = ErrorKind(
    "FC9306",
    "It must be said which edition was read",
    EXIT_INPUT,
    "A change of something that several may edit carries `If-Match` with the `ETag` of the answer it was read from.",
)
MATCH_STALE = ErrorKind(
    "FC9307",
    "Somebody changed it meanwhile",
    EXIT_INPUT,
    "What was read is no longer the latest edition. Read it again, look at what changed, and send the change anew.",
)

IfMatch = Annotated[str | None, Header(description="The `ETag` of what was read.", max_length=100)]


def tag(response: Response, edition: int) -> None:
    """Say which edition an answer is."""
    response.headers["ETag"] = f'"{edition}"'


def asked(if_match: str | None) -> int:
    """The edition that a change is meant for.

    >>> asked('"3"')
    3

    Raises:
        ProblemError: It is not said (FC9306), or cannot be one of ours (FC9307).
    """
    if if_match is None:
        fault = MATCH_MISSING.fault(
            where="the header If-Match", saw="nothing", allowed="the ETag that was read", cure="read it first"
        )
        raise ProblemError([fault])
    digits = if_match.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 15):
        raise stale()
    return int(digits)


def stale() -> ProblemError:
    """The error for a change of an edition that is no longer the latest."""
    fault = MATCH_STALE.fault(
        where="the header If-Match", saw="an earlier edition", allowed="the latest one", cure="read it again"
    )
    return ProblemError([fault])
