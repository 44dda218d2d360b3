"""Every page, in the order of the menu. A new one is a file in `pages` and a line here."""

from __future__ import annotations

from fastapi import APIRouter

from firstcontact.doors.web import page
from firstcontact.doors.web.pages import (
    accounts,
    audit,
    bring,
    causes,
    channels,
    contact_views,
    contacts,
    customer,
    definitions,
    downstream,
    files,
    handbook,
    imports,
    jobs,
    live,
    log_in,
    me,
    overview,
    policy,
    policy_comparison,
    policy_publish,
    proposals,
    quality,
    quality_audit,
    quality_mend,
    quality_run,
    reason,
    reasons,
    settings,
    subjects,
    take,
    teams,
    wall,
    webhooks,
)
from firstcontact.doors.web.place import Place

PAGES = (
    files,
    log_in,
    overview,
    reasons,
    reason,
    causes,
    downstream,
    channels,
    teams,
    take,
    contacts,
    contact_views,
    definitions,
    proposals,
    customer,
    me,
    wall,
    handbook,
    policy,
    policy_comparison,
    policy_publish,
    bring,  # before imports, whose addresses would hold its own
    imports,
    jobs,
    live,
    quality_mend,  # before quality, whose addresses would hold its own
    quality,
    quality_audit,
    quality_run,
    accounts,
    audit,
    settings,
    webhooks,
    subjects,
)
"""Files of pages; the menu has those with a place, in this order."""

ROUTERS: tuple[APIRouter, ...] = tuple(one.router for one in PAGES)

# Pages that belong to another's place borrow it.
PLACES: tuple[Place, ...] = tuple(dict.fromkeys(one.PLACE for one in PAGES if hasattr(one, "PLACE")))

page.PLACES[:] = PLACES
