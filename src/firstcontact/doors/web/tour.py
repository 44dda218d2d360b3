"""A walk through the pages for who comes for the first time: a sentence at each stop, and the way to the next."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from firstcontact.doors.web.place import N_
from firstcontact.services.access import Permission, Principal, Scope

COOKIE = "toured"
"""What the browser keeps once somebody walked it, or would rather not."""

STOPS: tuple[tuple[str, str], ...] = (
    ("/", N_("The answer stands first: the share settled at the first contact, its interval, and what it rests on. "
             "A figure without its interval is never shown.")),
    ("/reasons", N_("Where returns come from. Each reason has a window of its own, learned from how late its customers "
                    "come back. A number that is underlined leads to the contacts behind it.")),
    ("/causes", N_("Why first contacts fail, held against comparable ones: the wrong queue first, handed on, "
                   "escalated, promised a call.")),
    ("/teams", N_("Teams on their own mix of work. Most of what differs is the system's doing, so there is no league "
                  "table.")),
    ("/quality", N_("What was left out and why, and how well customers are known. It adds up, to the last contact.")),
    ("/policy", N_("What counts as settled, in words. A change is tried on past data before it counts.")),
)  # fmt: skip
"""Address and what is said there."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where one stands on the walk.

    Attributes:
        number: Which stop, from 1; 0 where the walk is only offered.
        stops: How many there are.
        text: What is said there, in English; it is translated where it is shown.
        next: The address of the next one; empty at the last.
    """

    number: int
    stops: int
    text: str
    next: str


def stop(request: Request, who: Principal | None) -> Stop | None:
    """The stop at which a page stands: where its address says so, or an offer on the first visit.

    Args:
        request: Whose page it is.
        who: Its visitor; nobody is led before they are known, nor where they may not go.
    """
    if who is None or who.scope(Permission.READ_FIGURES) is not Scope.ALL:
        return None
    asked = request.query_params.get("tour", "")
    number = int(asked) if asked in {str(one) for one in range(1, len(STOPS) + 1)} else 0
    if number and request.url.path == STOPS[number - 1][0]:
        following = f"{STOPS[number][0]}?tour={number + 1}" if number < len(STOPS) else ""
        return Stop(number, len(STOPS), STOPS[number - 1][1], following)
    if request.url.path == "/" and COOKIE not in request.cookies:
        return Stop(0, len(STOPS), "", "/?tour=1")
    return None
