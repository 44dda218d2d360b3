"""Audit: who changed what, and who looked at whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from firstcontact.doors.api.page import After
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.routes import audit as api
from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import N_, RUNNING, Place
from firstcontact.services.access import Permission, Principal

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/audit", N_("Audit"), RUNNING, Permission.READ_AUDIT)

PAGE = 100
KINDS: dict[str, str] = {
    "": N_("Everything"),
    "account.": N_("Accounts"),
    "session.": N_("Logging in and out"),
    "token.": N_("Tokens"),
    "person.": N_("Looks at customers, merges and splits"),
    "policy.": N_("The policy"),
    "import.": N_("Files"),
    "quarantine.": N_("What was set aside"),
    "privacy.": N_("Given and erased"),
    "setting.": N_("Settings"),
    "job.": N_("Jobs"),
}
"""What one may look for, by how the audit's words begin."""

Word = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


@dataclass(frozen=True, slots=True)
class Audit:
    """What the page shows.

    Attributes:
        events: Latest first.
        kinds: (how the audit's words begin, what that is called in English), for the filter.
        kind: The one that is asked for.
        actor: Whose doings are asked for; empty for everybody's.
        first: Where the list begins; empty where this is its beginning.
        more: Where earlier ones are.
    """

    events: tuple[api.EventSeen, ...]
    kinds: dict[str, str]
    kind: str
    actor: str
    first: str
    more: str


@router.get(PLACE.path)
def audit(
    request: Request,
    _who: Annotated[Principal, Depends(Permit(Permission.READ_AUDIT))],
    kind: Word = "",
    actor: Word = "",
    after: After = None,
) -> HTMLResponse:
    """The page."""
    found = api.events(request, actor=actor.strip() or None, action=kind or None, after=after, limit=PAGE)
    asked = {name: value for name, value in (("kind", kind), ("actor", actor)) if value}
    first = f"{PLACE.path}?{urlencode(asked)}"
    more = f"{PLACE.path}?{urlencode(asked | {'after': found.next})}" if found.next else ""
    it = Audit(tuple(found.items), KINDS, kind, actor, first if after else "", more)
    return page(request, "audit", place=PLACE, it=it)
