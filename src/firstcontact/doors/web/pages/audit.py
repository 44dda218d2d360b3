"""Audit: who changed what, and who looked at whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from firstcontact.doors.api.page import After
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.routes import audit as api
from firstcontact.doors.web.audit_words import ACTIONS, Line, Telling
from firstcontact.doors.web.page import page, writer_of
from firstcontact.doors.web.place import N_, RUNNING, Place
from firstcontact.doors.web.viewer import viewer
from firstcontact.services.access import Permission, Principal

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/audit", N_("Audit"), RUNNING, Permission.READ_AUDIT)

PAGE = 100
ACTORS = 200
"""Addresses that are offered; any may be typed."""
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
    "linkage-audit": (N_("Customers looked up by hand"), ("linkage-audit.",)),
}
"""What one may look for: what it is called, and how the audit's words for it begin. Each word belongs to one."""

Day = Annotated[str, Query(max_length=10)]
Word = Annotated[str, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


@dataclass(frozen=True, slots=True)
class Audit:
    """What the page shows.

    Attributes:
        lines: Latest first.
        kinds: (word in the address, what it is called in English), for the filter.
        kind: The one that is asked for.
        one: What a single kind of event is called, where the list holds no other.
        actor: Whose doings are asked for; empty for everybody's.
        actors: Addresses of accounts, to choose from.
        since: From which day on, in the visitor's zone.
        until: Before which day.
        first: Where the list begins; empty where this is its beginning.
        more: Where earlier ones are.
    """

    lines: tuple[Line, ...]
    kinds: dict[str, str]
    kind: str
    one: str
    actor: str
    actors: tuple[str, ...]
    since: str
    until: str
    first: str
    more: str


@router.get(PLACE.path)
def audit(
    request: Request,
    who: Annotated[Principal, Depends(Permit(Permission.READ_AUDIT))],
    kind: Word = "",
    actor: Word = "",
    since: Day = "",
    until: Day = "",
    after: After = None,
) -> HTMLResponse:
    """The page."""
    action = list(KINDS[kind][1]) if kind in KINDS else [kind] if kind else None
    zone = ZoneInfo(viewer(request).zone)
    found = api.events(
        request,
        actor=actor.strip() or None,
        action=action,
        since=_begin(since, zone),
        until=_begin(until, zone),
        after=after,
        limit=PAGE,
    )
    typed = {"kind": kind, "actor": actor, "since": since, "until": until}
    asked = {name: value for name, value in typed.items() if value}
    first = f"{PLACE.path}?{urlencode(asked)}"
    more = f"{PLACE.path}?{urlencode(asked | {'after': found.next})}" if found.next else ""
    telling = Telling(request.app.state.service, writer_of(request), who.may(Permission.READ_PEOPLE))
    it = Audit(
        tuple(telling.line(one) for one in found.items),
        {"": N_("Everything")} | {name: title for name, (title, _) in KINDS.items()},
        kind,
        ACTIONS.get(kind, kind) if kind not in KINDS else "",
        actor,
        tuple(one.email for one in telling.service.accounts.page(after=None, limit=ACTORS)) if _sees(who) else (),
        since,
        until,
        first if after else "",
        more,
    )
    return page(request, "audit", place=PLACE, it=it)


def _sees(who: Principal) -> bool:
    return who.may(Permission.READ_ACCOUNTS)


def _begin(day: str, zone: ZoneInfo) -> datetime | None:
    """The first moment of a day, UTC; None where it is none."""
    try:
        found = date.fromisoformat(day)
        return datetime.combine(found, time(), zone).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
