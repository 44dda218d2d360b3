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
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "account": (N_("Accounts"), ("account.", "password.")),
    "session": (N_("Logging in and out"), ("session.",)),
    "token": (N_("Tokens"), ("token.",)),
    "person": (N_("Looks at customers, merges and splits"), ("person.", "people.", "proposal.")),
    "contact": (N_("Lists taken along, and views"), ("contact.", "view.")),
    "policy": (N_("The policy"), ("policy.",)),
    "import": (N_("Files"), ("import.", "mapping.")),
    "quarantine": (N_("What was set aside"), ("quarantine.",)),
    "subject": (N_("Given and erased"), ("subject.",)),
    "setting": (N_("Settings"), ("setting.",)),
    "job": (N_("Jobs"), ("job.",)),
    "webhook": (N_("Webhooks"), ("webhook.", "subscription.", "delivery.")),
    "backup": (N_("Backups"), ("backup.",)),
}
"""What one may look for: what it is called, and how the audit's words for it begin. Each word belongs to one."""

Word = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


@dataclass(frozen=True, slots=True)
class Audit:
    """What the page shows.

    Attributes:
        events: Latest first.
        kinds: (word in the address, what it is called in English), for the filter.
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
    action = list(KINDS[kind][1]) if kind in KINDS else [kind] if kind else None
    found = api.events(request, actor=actor.strip() or None, action=action, after=after, limit=PAGE)
    asked = {name: value for name, value in (("kind", kind), ("actor", actor)) if value}
    first = f"{PLACE.path}?{urlencode(asked)}"
    more = f"{PLACE.path}?{urlencode(asked | {'after': found.next})}" if found.next else ""
    kinds = {"": N_("Everything")} | {name: title for name, (title, _) in KINDS.items()}
    it = Audit(tuple(found.items), kinds, kind, actor, first if after else "", more)
    return page(request, "audit", place=PLACE, it=it)
