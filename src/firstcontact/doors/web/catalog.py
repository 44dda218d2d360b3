"""Every page, in the order of the menu. A new one is a file in `pages` and a line here."""

from __future__ import annotations

from fastapi import APIRouter

from firstcontact.doors.web import page
from firstcontact.doors.web.pages import (
    causes,
    channels,
    downstream,
    files,
    imports,
    jobs,
    log_in,
    overview,
    reasons,
    teams,
)
from firstcontact.doors.web.place import Place

ROUTERS: tuple[APIRouter, ...] = (
    files.router,
    log_in.router,
    overview.router,
    reasons.router,
    causes.router,
    downstream.router,
    channels.router,
    teams.router,
    imports.router,
    jobs.router,
)

PLACES: tuple[Place, ...] = (
    overview.PLACE,
    reasons.PLACE,
    causes.PLACE,
    downstream.PLACE,
    channels.PLACE,
    teams.PLACE,
    imports.PLACE,
    jobs.PLACE,
)

page.PLACES[:] = PLACES
