"""How many returns the records miss: contacts are drawn to be looked up, the filled form is taken, R-FCR corrected."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from firstcontact.doors.api.moment import Moment
from firstcontact.doors.api.permit import Permit
from firstcontact.doors.api.problem import TOO_LARGE, ProblemError, not_there
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.kernel.sentence import clause
from firstcontact.measurement.audit.sample import DEFAULT_SIZE
from firstcontact.services.access import Permission, Principal
from firstcontact.services.find_contacts import CONTACTS_FILE
from firstcontact.services.linkage_audit import (
    MOST_FORM,
    Filled,
    KeptAudit,
    draw_form,
    drop_audit,
    freed,
    keep_audit,
    kept_audit,
    linked_alike,
    read_filled,
)
from firstcontact.services.read_audit import Audit
from firstcontact.services.read_run import read_run
from firstcontact.services.run import Run
from firstcontact.services.service import Service

router = APIRouter(prefix="/api/v1/linkage-audit", tags=["figures"])

CSV = "text/csv"

Drawer = Annotated[Principal, Depends(Permit(Permission.READ_CONTACTS, of_all=True))]
"""The form names contacts of all teams."""
Taker = Annotated[Principal, Depends(Permit(Permission.MEND_QUARANTINE, of_all=True))]
"""A filled form mends what figures rest on, as a corrected record does."""


class Share(BaseModel):
    """A share with its interval, all 0 to 1."""

    value: float
    low: float = Field(description="Lower end of the interval.")
    high: float = Field(description="Upper end of the interval.")


class Looked(BaseModel):
    """What was found in one stratum of the draw."""

    name: str
    drawn: int = Field(description="Contacts handed out.")
    answered: int = Field(description="Contacts that somebody looked up.")
    returns: int = Field(description="Of these, how many customers truly came back for the same issue.")
    missed: int = Field(description="Of these returns, how many the records do not link.")


class LinkageAudit(BaseModel):
    """What an audit found, and R-FCR of the run in force without what it found missing."""

    taken_at: Moment | None = Field(description="When its form was brought; null where measurements take none in.")
    run: str = Field(description="The run that its contacts were drawn from.")
    linked: Share | None = Field(description="Share of the returns that the records link; null where it is refused.")
    confirmed: float | None = Field(description="Share of the linked returns that people confirmed.")
    wrong_codes: float | None = Field(description="Of the missed returns, the share with a wrong reason.")
    other_records: float | None = Field(description="Of them, the share under another customer record.")
    strata: list[Looked]
    corrected: Share | None = Field(description="R-FCR of the run in force, freed of the returns that are missed.")
    same_policy: bool | None = Field(description="Whether audit and run in force were linked alike; null without run.")
    refusal_reason: str | None = Field(description="Why no share can be said.")
    would_help: str | None = Field(description="What would change that.")


@router.get("", dependencies=[Depends(Permit(Permission.READ_FIGURES, of_all=True))])
def get_linkage_audit(request: Request) -> LinkageAudit:
    """The audit that measurements take in."""
    service: Service = request.app.state.service
    kept = kept_audit(service.preferences)
    if kept is None:
        raise not_there("an audit that measurements take in")
    return _answer(service, kept.run, kept.audit, kept)


@router.get("/form", response_class=Response, responses={200: {"content": {CSV: {}}, "description": "The form."}})
def draw_linkage_form(
    request: Request,
    who: Drawer,
    size: Annotated[int, Query(description="How many contacts, about: 50 to 5,000.")] = DEFAULT_SIZE,
    seed: Annotated[int, Query(description="The same seed draws the same contacts of a run.")] = 0,
) -> Response:
    """Contacts of the run in force to look up, as a form to fill in: each drawn with a recorded probability, more of
    those where a missed return is likely. Nothing of it is kept here; the audit notes that it was handed out.
    """
    service: Service = request.app.state.service
    current = service.runs.current()
    if current is None:
        raise not_there("a run in force")
    place = service.runs.place(current)
    if not (place / CONTACTS_FILE).is_file():
        raise not_there("the contacts of this run")
    with service.kept_contacts.engine() as engine:
        text = draw_form(engine, place / CONTACTS_FILE, read_run(place), current.id, service.seal, size=size, seed=seed)
    detail = {"size": size, "seed": seed}
    service.audit.note(who.name, "linkage-audit.draw", object=current.id, detail=detail, now=service.now())
    headers = {"Content-Disposition": f'attachment; filename="linkage-audit-{current.id}.csv"'}
    return Response(text, media_type=f"{CSV}; charset=utf-8", headers=headers)


@router.post("")
def take_linkage_form(
    request: Request,
    who: Taker,
    data: Annotated[bytes, Body(media_type=CSV, description="The filled form, as CSV in UTF-8, at most 8 MiB.")],
    keep: Annotated[
        bool, Query(description="Whether measurements take it in from now on; otherwise it is looked into only.")
    ] = True,
) -> LinkageAudit:
    """Read a filled form: everything that is wrong with it at once, or what it says. Its counts and shares are kept,
    nothing about a contact. Where too few returns were looked up it is not kept, and says so.
    """
    service: Service = request.app.state.service
    filled = read_form(service, data)
    kept = None
    if keep and keep_audit(service.preferences, filled, actor=who.name, now=service.now()):
        kept = kept_audit(service.preferences)
    else:
        service.audit.note(who.name, "linkage-audit.look", object=filled.run, now=service.now())
    return _answer(service, filled.run, filled.audit, kept)


@router.delete("", status_code=204)
def drop_linkage_audit(request: Request, who: Taker) -> None:
    """Have measurements from now on take no audit in."""
    service: Service = request.app.state.service
    drop_audit(service.preferences, actor=who.name, now=service.now())


def read_form(service: Service, data: bytes) -> Filled:
    """A filled form, as far as it is no larger than any.

    Raises:
        FirstcontactError: It is too large (FC9304), or everything that is wrong with it.
    """
    if len(data) > MOST_FORM:
        fault = TOO_LARGE.fault(
            where="form.csv",
            saw="more",
            allowed=clause("at most {most:,} bytes", most=MOST_FORM),
            cure="bring the form as it was drawn",
        )
        raise ProblemError([fault])
    return read_filled(data, service.seal)


def _answer(service: Service, drawn_from: str, audit: Audit, kept: KeptAudit | None) -> LinkageAudit:
    run = _current(service)
    row = freed(run, audit) if run is not None else None
    refused = audit.linked if isinstance(audit.linked, Refusal) else None
    return LinkageAudit(
        taken_at=kept.taken_at if kept is not None else None,
        run=drawn_from,
        linked=_share(audit.linked),
        confirmed=audit.linkage.confirmed if audit.linkage else None,
        wrong_codes=audit.wrong_codes,
        other_records=audit.other_records,
        strata=[Looked(**{name: getattr(one, name) for name in Looked.model_fields}) for one in audit.strata],
        corrected=_share(row.result) if row is not None else None,
        same_policy=linked_alike(run, audit) if run is not None else None,
        refusal_reason=str(refused.reason) if refused else None,
        would_help=str(refused.would_help) if refused else None,
    )


def _current(service: Service) -> Run | None:
    current = service.runs.current()
    place = service.runs.place(current) if current is not None else None
    return read_run(place) if place is not None and (place / "results.parquet").is_file() else None


def _share(found: Estimate | Refusal) -> Share | None:
    return Share(value=found.value, low=found.low, high=found.high) if isinstance(found, Estimate) else None
