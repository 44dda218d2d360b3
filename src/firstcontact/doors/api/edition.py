"""What two may edit carries an edition (ETag), and is changed only by who read the latest (If-Match)."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

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


IfNoneMatch = Annotated[
    str | None, Header(description="The `ETag` of what is known already: 304 where it is as it was.", max_length=1000)
]

UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "It is as it was when it was read."}}
"""What a resource that can be asked so adds to its description."""


def version_of(*what: object) -> str:
    """The `ETag` of an answer that is made of nothing else than what is named.

    >>> version_of("run", 1)
    '"d879563fafb22f454086"'
    """
    return f'"{hashlib.sha256(repr(what).encode()).hexdigest()[:20]}"'


def is_known(if_none_match: str | None, version: str) -> bool:
    """Whether the caller has an answer already.

    >>> [is_known(sent, '"a"') for sent in ('"a"', 'W/"a", "b"', "*", '"b"', None)]
    [True, True, True, False, False]
    """
    named = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return "*" in named or version in named


def unchanged(version: str) -> Response:
    """The answer to who has it already."""
    return Response(status_code=304, headers={"ETag": version})


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
