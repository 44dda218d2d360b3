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
    proposals,
    quality,
    quality_audit,
    reason,
    reasons,
    settings,
    take,
    teams,
    wall,
)
from firstcontact.doors.web.place import Place

ROUTERS: tuple[APIRouter, ...] = (
    files.router,
    log_in.router,
    overview.router,
    reasons.router,
    reason.router,
    causes.router,
    downstream.router,
    channels.router,
    teams.router,
    take.router,
    contacts.router,
    contact_views.router,
    definitions.router,
    proposals.router,
    customer.router,
    me.router,
    wall.router,
    handbook.router,
    bring.router,  # before imports, whose addresses would hold its own
    imports.router,
    jobs.router,
    live.router,
    quality.router,
    quality_audit.router,
    policy.router,
    settings.router,
    accounts.router,
    audit.router,
)

PLACES: tuple[Place, ...] = (
    overview.PLACE,
    reasons.PLACE,
    causes.PLACE,
    downstream.PLACE,
    channels.PLACE,
    teams.PLACE,
    me.PLACE,
    wall.PLACE,
    contacts.PLACE,
    definitions.PLACE,
    customer.PLACE,
    handbook.PLACE,
    policy.PLACE,
    imports.PLACE,
    quality.PLACE,
    jobs.PLACE,
    accounts.PLACE,
    audit.PLACE,
    settings.PLACE,
)

page.PLACES[:] = PLACES
