"""From when to when the data can be trusted: given by the user, or found from the volume of contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
from ibis import _

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.period import local_day
from firstcontact.measurement.linking.portable import microseconds
from firstcontact.statistics.volume import Step, collapse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir

    from firstcontact.contacts.loaded import SourceKind
    from firstcontact.kernel.engine import Engine

_EPOCH = date(1970, 1, 1)
_START_RATIO = 0.1


@dataclass(frozen=True, slots=True)
class Found:
    """The frame of a run, and what was found on the way."""

    frame: Frame
    findings: tuple[Finding, ...]


def find_frame(
    engine: Engine,
    contacts: ir.Table,
    zone: str,
    source_kind: SourceKind,
    *,
    cutoff: datetime | None = None,
    since: datetime | None = None,
) -> Found:
    """The period of a run.

    Args:
        engine: Where it runs.
        contacts: Canonical contacts, at least one.
        zone: The business zone, in which days begin.
        source_kind: What one row of the source is.
        cutoff: Given by the user, UTC; found from the data where None.
        since: Given by the user, UTC; the beginning of the data where None.

    Returns:
        The frame, and findings about where the volume collapses and what that does; a warning where a given cut-off
        lies beyond the data.
    """
    extent = engine.execute(contacts.aggregate(first=_.started_at.min(), last=_.started_at.max()))
    first, last = extent["first"][0].as_py(), extent["last"][0].as_py()
    daily, first_day = _daily(engine, contacts, zone, first, last)
    findings: list[Finding] = []
    step = collapse(daily)
    fall = _fall(step, first_day) if step is not None else ""
    complete = last + timedelta(microseconds=1)
    if step is not None:
        complete = _midnight(first_day + timedelta(days=step.day), zone)
    end = complete if cutoff is None else cutoff
    if cutoff is not None:
        findings += _beyond(cutoff, last, complete, fall, zone)
    elif step is not None:
        late = int(daily[step.day :].sum())
        findings.append(
            Finding(
                "cut-off",
                Sentence(
                    "cut-off.collapse",
                    "{fall} The data are taken to be complete until then; the {late:,} contacts that start later are "
                    "not judged, and a window that reaches beyond that day is not closed. Counting them as if the data "
                    "were complete would show returns that never arrived as successes.",
                    "{fall} The data are taken to be complete until then; the one contact that starts "
                    "later is not judged, and a window that reaches beyond that day is not closed. "
                    "Counting them as if the data were complete would show returns that never arrived "
                    "as successes.",
                    "late",
                    fall=fall,
                    late=late,
                ),
                Sentence(
                    "cut-off.collapse.rests",
                    "{thin} calendar days of thin volume after {full} of full volume",
                    "{thin} calendar day of thin volume after {full} of full volume",
                    "thin",
                    thin=step.days,
                    full=step.day,
                ),
                "warning",
                "--cutoff DATE",
            )
        )
    else:
        findings.append(
            Finding(
                "cut-off",
                Sentence("cut-off.end", "The data end at {moment}.", moment=_local(end, zone)),
                Sentence("cut-off.end.rests", "the last contact's start"),
                "info",
                "--cutoff DATE",
            )
        )
    start = first
    backwards = collapse(daily[::-1].copy(), ratio=_START_RATIO)
    if backwards is not None and since is None:
        opened = len(daily) - backwards.day
        start = _midnight(first_day + timedelta(days=opened), zone)
        early = int(daily[:opened].sum())
        findings.append(
            Finding(
                "since",
                Sentence(
                    "since.thin",
                    "Before {day} the data are thin: {thin:,.1f} contacts a day against {full:,.0f} afterwards. The "
                    "{early:,} earlier contacts serve as history, and are not judged.",
                    "Before {day} the data are thin: {thin:,.1f} contacts a day against {full:,.0f} "
                    "afterwards. The one earlier contact serves as history, and is not judged.",
                    "early",
                    day=first_day + timedelta(days=opened),
                    thin=backwards.thin,
                    full=backwards.full,
                    early=early,
                ),
                Sentence(
                    "since.thin.rests",
                    "{days} days of thin volume at the beginning",
                    "{days} day of thin volume at the beginning",
                    "days",
                    days=backwards.days,
                ),
                "warning",
                "--since DATE",
            )
        )
    return Found(Frame(start, since or start, end, source_kind), tuple(findings))


def _fall(step: Step, first_day: date) -> str:
    return Sentence(
        "cut-off.fall",
        "The volume of contacts collapses after {day}: from {full:,.0f} a day to {thin:,.1f} a day.",
        day=first_day + timedelta(days=step.day - 1),
        full=step.full,
        thin=step.thin,
    )


def _beyond(cutoff: datetime, last: datetime, complete: datetime, fall: str, zone: str) -> Iterator[Finding]:
    """A given cut-off stands, but where no contact could be seen a window cannot have closed.

    The midnight that ends the day of the last contact is no later than the data.
    """
    local = last.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
    if cutoff <= (complete if fall else _midnight(local + timedelta(days=1), zone)):
        return
    lead = fall or Sentence("cut-off.end", "The data end at {moment}.", moment=_local(last, zone))
    yield Finding(
        "cut-off",
        Sentence(
            "cut-off.beyond",
            "{lead} The cut-off was given as {moment}, {days:,.1f} days later: windows that end after the data do are "
            "taken as closed although no contact could be seen, so returns that never arrived count as successes.",
            lead=lead,
            moment=_local(cutoff, zone),
            days=(cutoff - complete) / timedelta(days=1),
        ),
        Sentence("cut-off.volume.rests", "the volume of contacts a day")
        if fall
        else Sentence("cut-off.end.rests", "the last contact's start"),
        "warning",
        Sentence("cut-off.beyond.cure", "{option}, or leave it out", option=f"--cutoff {_local(complete, zone)[:10]}"),
    )


def _daily(
    engine: Engine, contacts: ir.Table, zone: str, first: datetime, last: datetime
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], date]:
    days = contacts.select(day=local_day(microseconds(contacts.started_at), zone, first, last))
    counted = engine.execute(days.group_by("day").aggregate(n=_.count()))
    numbers = counted["day"].to_numpy()
    daily = np.zeros(int(numbers.max() - numbers.min()) + 1)
    daily[numbers - numbers.min()] = counted["n"].to_numpy()
    return daily, _EPOCH + timedelta(days=int(numbers.min()))


def _midnight(day: date, zone: str) -> datetime:
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC).replace(tzinfo=None)


def _local(moment: datetime, zone: str) -> str:
    return f"{moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"
