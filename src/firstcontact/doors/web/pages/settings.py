"""Settings: how it measures by itself, what is redacted, how long things are kept, where webhooks may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.web.form import Wrong, on, wrongs
from firstcontact.doors.web.page import page
from firstcontact.doors.web.place import N_, RUNNING, Place
from firstcontact.kernel.errors import Faults, FirstcontactError
from firstcontact.services.access import Permission, Principal
from firstcontact.services.measuring import MEASUREMENT
from firstcontact.services.service import Service
from firstcontact.services.setting import CHECKS, Setting, change_setting, read_setting

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/settings", N_("Settings"), RUNNING, Permission.READ_SETTINGS)

RETENTION: dict[str, str] = {
    "contacts": N_("Contacts with all that belongs to them, from their start"),
    "texts": N_("Free text of contacts, from when it was stored"),
    "earlier_versions": N_("Earlier versions of contacts, from when they were replaced"),
    "companions": N_("Records beside the contacts, from when they came"),
    "quarantine": N_("What was set aside, from when it came"),
    "uploads": N_("Files that were brought, from the end of the import"),
    "jobs": N_("Jobs, from their end"),
    "deliveries": N_("Outgoing webhooks, from when they were made"),
    "audit": N_("The audit, from the event"),
    "runs": N_("Figures no longer in force, from their end"),
}
REDACTED: dict[str, str] = {
    "card": N_("Payment cards"),
    "iban": N_("Bank accounts (IBAN)"),
    "email": N_("E-mail addresses"),
    "phone": N_("Telephone numbers"),
    "personal-number": N_("Personal numbers"),
}

Reader = Annotated[Principal, Depends(Permit(Permission.READ_SETTINGS))]
Changer = Annotated[Principal, Depends(Permit(Permission.CHANGE_SETTINGS))]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the page shows.

    Attributes:
        measurement: How it measures by itself.
        redaction: What is taken out of free text.
        retention: How long things are kept.
        webhooks: Hosts of one's own network that may be told.
        kept: What retention is of, in English; translated where it is shown.
        redacted: What redaction takes out, likewise.
        all_redaction: Every kind, country and region there is.
        may_change: Whether the visitor may change any.
        said: Which was just changed.
        wrong: What is wrong with what was sent.
        at: Which setting that was; empty for none.
    """

    measurement: Setting
    redaction: Setting
    retention: Setting
    webhooks: Setting
    kept: dict[str, str]
    redacted: dict[str, str]
    all_redaction: Mapping[str, Any]
    may_change: bool
    said: str
    wrong: tuple[Wrong, ...]
    at: str


@router.get(PLACE.path)
def settings(request: Request, who: Reader, said: Annotated[str, Query(max_length=20)] = "") -> Response:
    """The page."""
    return _page(request, who, said=said)


def _page(
    request: Request, who: Principal, *, said: str = "", wrong: tuple[Wrong, ...] = (), typed: Setting | None = None
) -> Response:
    service: Service = request.app.state.service
    found = {name: read_setting(service.preferences, name) for name in CHECKS}
    if typed is not None:
        found[typed.name] = typed
    it = Settings(
        found[MEASUREMENT],
        found["redaction"],
        found["retention"],
        found["webhooks"],
        RETENTION,
        REDACTED,
        CHECKS["redaction"]({}, Faults()),
        who.may(Permission.CHANGE_SETTINGS),
        said,
        wrong,
        typed.name if typed else "",
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return page(request, "settings", place=PLACE, status=status, it=it)


async def sent(request: Request) -> FormData:
    """The fields of the form, of which some come several times."""
    return await request.form(max_files=0, max_fields=400)


Sent = Annotated[FormData, Depends(sent)]


@router.post("/settings/measurement")
def change_measurement(request: Request, who: Changer, form: Sent) -> Response:
    """Change how it measures by itself."""
    before = read_setting(request.app.state.service.preferences, MEASUREMENT).value
    value = {
        **before,
        "every_hours": _number(_text(form, "every_hours")),
        "zone": _text(form, "zone") or None,
        "region": _text(form, "region").upper() or None,
        "source_kind": _text(form, "source_kind"),
        "by": _lines(_text(form, "by")),
        "definitions": "definitions" in form,
        "explanations": "explanations" in form,
    }
    return _change(request, who, MEASUREMENT, value, form)


@router.post("/settings/redaction")
def change_redaction(request: Request, who: Changer, form: Sent) -> Response:
    """Change what is taken out of free text."""
    value = {name: [str(one) for one in form.getlist(name)] for name in ("kinds", "countries", "regions")}
    return _change(request, who, "redaction", value, form)


@router.post("/settings/retention")
def change_retention(request: Request, who: Changer, form: Sent) -> Response:
    """Change how long things are kept."""
    before = read_setting(request.app.state.service.preferences, "retention").value
    sent = {name: _number(_text(form, name)) if _text(form, name) else None for name in RETENTION if name in form}
    value = {**before, **sent}  # what is not in the form stays as it is
    return _change(request, who, "retention", value, form)


@router.post("/settings/webhooks")
def change_webhooks(request: Request, who: Changer, form: Sent) -> Response:
    """Change which hosts of one's own network may be told."""
    return _change(request, who, "webhooks", {"private_hosts": _lines(_text(form, "private_hosts"))}, form)


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number(text: str) -> int | str:
    """A number; what is none stays as it is, to be refused by the setting's own check."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _change(request: Request, who: Principal, name: str, value: Mapping[str, Any], form: FormData) -> Response:
    service: Service = request.app.state.service
    edition = _number(_text(form, "edition"))
    edition = edition if isinstance(edition, int) else 0
    try:
        change_setting(service.preferences, name, value, edition=edition, actor=who.name, now=service.now())
    except FirstcontactError as error:
        wrong = wrongs(error, request)
        return _page(request, who, wrong=wrong, typed=Setting(name, dict(value), edition))
    return on("/settings", name)
