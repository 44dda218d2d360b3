"""The audit of linking and coding on the page of data quality: what it found, and the form for the next one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from fastapi import Request

from firstcontact.doors.report.figure import Figure
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.form import Wrong
from firstcontact.doors.web.place import N_
from firstcontact.doors.web.snapshot import Snapshot
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.audit.sample import DEFAULT_SIZE
from firstcontact.services.access import Permission, Principal, Scope
from firstcontact.services.draw_audit import SMALLEST
from firstcontact.services.linkage_audit import MOST_DRAWN, MOST_FORM, Filled, freed, kept_audit, linked_alike
from firstcontact.services.read_audit import Audit
from firstcontact.services.service import Service

MOST_SHOWN = 30
"""Faults of a form that are shown one by one."""

STRATUM_NAMES: dict[str, str] = {
    "linked": N_("A return is linked"),
    "other_reason": N_("The customer comes again, under another reason"),
    "other_record": N_("The same case goes on under another customer record"),
    "sign": N_("No return is seen, but the record says that it was not settled"),
    "quiet": N_("Nothing is seen"),
}
"""What each part of a draw holds (`measurement.audit.sample.STRATA`)."""


@dataclass(frozen=True, slots=True)
class Faulty:
    """What was wrong with what was asked for.

    Attributes:
        size: As it was typed.
        draw: What is wrong with it, in the visitor's language.
        form: What is wrong with the form that was brought.
    """

    size: str = ""
    draw: str = ""
    form: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What an audit found, in words.

    Attributes:
        strata: (what it holds, looked up, came back, missed).
        share: Share of returns that are linked, or why it cannot be said.
        measured: R-FCR as the run in force measures it; None without such a run.
        freed: The same, freed of the returns that are missed.
        alike: Whether run and audit were linked alike.
        said: (what, share) of what is known of the missed returns.
    """

    strata: tuple[tuple[str, str, str, str], ...]
    share: Figure
    measured: Figure | None
    freed: Figure | None
    alike: bool
    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AuditSection:
    """What the section shows.

    Attributes:
        found: What the audit in force found, or a form that was looked into; None where there is neither.
        kept: Whether measurements take it in.
        taken_at: Since when.
        draws: Whether the visitor may draw contacts.
        takes: Whether the visitor may bring a form.
        ready: Whether there are contacts to draw from.
        size: How many contacts the form asks for.
        least: How many may be drawn at least.
        most: At most.
        mib: Largest form, in MiB.
        faulty: What was wrong.
        more: Faults beyond those that are shown.
    """

    found: Found | None
    kept: bool
    taken_at: datetime | None
    draws: bool
    takes: bool
    ready: bool
    size: str
    least: int = SMALLEST
    most: int = MOST_DRAWN
    mib: int = MOST_FORM >> 20
    faulty: Faulty = field(default_factory=Faulty)
    more: int = 0


def audit_section(
    request: Request,
    who: Principal,
    shown: Snapshot | None,
    writer: Writer,
    *,
    faulty: Faulty | None = None,
    looked: Filled | None = None,
) -> AuditSection:
    """The section.

    Args:
        request: Whose page it is.
        who: Who looks.
        shown: The run that the page shows; None before the first.
        writer: Speaks the visitor's language.
        faulty: What was wrong with what was just asked for.
        looked: A form that was just brought, and is not kept.
    """
    service: Service = request.app.state.service
    kept = kept_audit(service.preferences) if looked is None else None
    audit = looked.audit if looked is not None else kept.audit if kept is not None else None
    wrong = faulty or Faulty()
    return AuditSection(
        _found(shown, writer, audit) if audit is not None else None,
        kept is not None,
        kept.taken_at if kept is not None else None,
        who.scope(Permission.READ_CONTACTS) is Scope.ALL,
        who.scope(Permission.MEND_QUARANTINE) is Scope.ALL,
        shown is not None and shown.kept.state == "current" and shown.rows_kept,
        wrong.size or str(DEFAULT_SIZE),
        faulty=replace(wrong, form=wrong.form[:MOST_SHOWN]),
        more=max(0, len(wrong.form) - MOST_SHOWN),
    )


def _found(shown: Snapshot | None, writer: Writer, audit: Audit) -> Found:
    number = writer.notation
    row = freed(shown.run, audit) if shown is not None and isinstance(audit.linked, Estimate) else None
    said = ((N_("A wrong reason"), audit.wrong_codes), (N_("Another customer record"), audit.other_records))
    return Found(
        tuple(
            (STRATUM_NAMES[one.name], number.count(one.answered), number.count(one.returns), number.count(one.missed))
            for one in audit.strata
        ),
        writer.figure(audit.linked),
        writer.figure(shown.run.figure("r_fcr")) if shown is not None and row is not None else None,
        writer.figure(row.result) if row is not None else None,
        shown is None or linked_alike(shown.run, audit),
        tuple((what, number.percent(share)) for what, share in said if share is not None),
    )
