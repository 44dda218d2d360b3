"""A second look before a version of the policy comes into force: what it would change, and how to go back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import ProblemError
from firstcontact.doors.api.routes import policies as api
from firstcontact.doors.web.form import on
from firstcontact.doors.web.page import page, writer_of
from firstcontact.doors.web.pages.policy import PLACE, trial_of
from firstcontact.doors.web.pages.policy_comparison import Moved, headline_moved
from firstcontact.doors.web.policy_words import Differs, differences
from firstcontact.doors.web.snapshot import snapshot_of
from firstcontact.doors.web.viewer import viewer
from firstcontact.services.access import Permission, Principal
from firstcontact.services.policy_version import PolicyVersion
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

Publisher = Annotated[Principal, Depends(Permit(Permission.PUBLISH_POLICIES))]


@dataclass(frozen=True, slots=True)
class Before:
    """What the page shows.

    Attributes:
        version: What shall come into force.
        in_force: Number of the version that would be retired.
        differs: Where the two differ.
        headline: The headline in force and as it was tried; None where there is no trial to compare.
        stale: Whether it was changed since it was tried.
        same: Whether both rest on the same contacts.
        trying: Whether a trial is under way.
        may_try: Whether the visitor may try it.
    """

    version: PolicyVersion
    in_force: int
    differs: tuple[Differs, ...]
    headline: Moved | None
    stale: bool
    same: bool
    trying: bool
    may_try: bool


@router.get("/policy/{number}/publish")
def before(request: Request, who: Publisher, number: api.Number) -> Response:
    """Ask before a version comes into force."""
    service: Service = request.app.state.service
    version, in_force = service.policies.find(number), service.policies.published()
    if version.state not in ("draft", "retired"):
        return on(f"/policy/{number}")
    headline, stale, same = _headline(request, version)
    it = Before(
        version,
        in_force.number,
        differences(in_force.policy, version.policy, writer_of(request)),
        headline,
        stale,
        same,
        trial_of(service, number) is not None,
        who.may(Permission.DRAFT_POLICIES),
    )
    return page(request, "policy_publish", place=PLACE, it=it)


def _headline(request: Request, version: PolicyVersion) -> tuple[Moved | None, bool, bool]:
    """The headline on both sides, whether the trial is of another text, and whether the contacts are the same."""
    service: Service = request.app.state.service
    try:
        found = api.compared(request, version.number)
    except ProblemError:
        return None, False, False
    old, new = (snapshot_of(service, kept, viewer(request).language) for kept in (found.before, found.after))
    if old is None or new is None:
        return None, False, False
    if new.run.policy.digest != version.policy.digest:
        return None, True, False
    return headline_moved(found, old, new), False, found.same_contacts
