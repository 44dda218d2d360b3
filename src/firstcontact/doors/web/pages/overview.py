"""Overview: the answer in a sentence, how it went, what to do first, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from firstcontact.doors.api.permit import Permit
from firstcontact.doors.report import words
from firstcontact.doors.report.figure import Figure
from firstcontact.doors.report.sections import course, driver, first, opportunity, truth, unknown, young
from firstcontact.doors.web.contact_words import measure_name
from firstcontact.doors.web.job_words import step_words
from firstcontact.doors.web.page import page, sentences
from firstcontact.doors.web.place import ANSWERS, N_, Place
from firstcontact.doors.web.sections import head, links, sections
from firstcontact.doors.web.snapshot import Snapshot, snapshot, snapshot_of
from firstcontact.doors.web.tiles import Tiles, tiles
from firstcontact.doors.web.viewer import viewer
from firstcontact.kernel.result import Estimate
from firstcontact.services.access import Permission, Principal, Role, Scope
from firstcontact.services.list_contacts import Sought
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.queue import Job
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

PLACE = Place("/", N_("Overview"), ANSWERS, Permission.READ_SELF)


RULE_IS_NEWS = timedelta(days=60)
"""So long after a version of the policy came into force the page says what the figure was under the one before."""


@dataclass(frozen=True, slots=True)
class Rule:
    """That the policy changed, and with it what the figure means.

    Attributes:
        now: The version in force.
        since: The day on which it came into force.
        before: The version before it.
        measure: What the figure was called under that one.
        figure: What it was at last.
        href: Where the pages of that measurement are.
    """

    now: int
    since: str
    before: int
    measure: str
    figure: Figure
    href: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows.

    Attributes:
        head: The answer in a sentence; empty before the first measurement.
        change: What to do first, and what moved the figure last.
        tiles: All other measures; None where they may not be seen.
        more: How it went week by week, what could be saved, what was really resolved.
        unknown: What cannot be concluded, and what would change that.
        teams: Name and figure of the visitor's own teams, where they see no others; and where their rows are listed.
        next: What there is to do where nothing was measured yet: `import`, `measure` or nothing that one may.
        running: The measurement that goes on; None where none does.
        step: What it does at the moment.
        rule: What the figure was before the policy changed lately; None where it did not.
    """

    head: Markup
    change: Markup
    tiles: Tiles | None
    more: Markup
    unknown: Markup
    teams: tuple[tuple[str, Figure, str], ...]
    next: str
    running: Job | None
    step: str = ""
    rule: Rule | None = None


@router.get("/")
def overview(request: Request, who: Annotated[Principal, Depends(Permit(Permission.READ_SELF))]) -> Response:
    """The page, as far as its visitor may see it."""
    if who.role is Role.WALLBOARD:
        return RedirectResponse("/wall", status_code=HTTPStatus.SEE_OTHER)
    shown = snapshot(request) if who.may(Permission.READ_BOARD) else None
    if shown is None:
        return page(request, "overview", place=PLACE, it=_nothing(request, who))
    whole = who.scope(Permission.READ_FIGURES) is Scope.ALL
    linked = who.scope(Permission.READ_CONTACTS) is Scope.ALL
    measure = shown.run.headline_measure
    writes = _FURTHER if whole else (course.write,)
    beside = [row for row in shown.run.select(by="") if row.period_start is None] if whole else []
    it = Overview(
        head(shown, linked=linked),
        sections(shown, _CHANGE, linked=linked) if whole else Markup(""),
        tiles(shown, beside, linked=linked, leave=frozenset({measure, *words.TRUTHS})) if whole else None,
        sections(shown, writes, linked=linked),
        sections(shown, _UNKNOWN, linked=linked) if whole else Markup(""),
        () if whole else _teams(shown, who),
        "",
        None,
        rule=_rule(request.app.state.service, shown),
    )
    return page(request, "overview", place=PLACE, stamp=shown.stamp, it=it)


def draw(service: Service, language: str) -> None:
    """Make what stands on the page ready for whoever sees all of it, in a language.

    Args:
        service: Whose run in force it is of.
        language: A language tag.
    """
    kept = service.runs.current()
    shown = snapshot_of(service, kept, language) if kept is not None else None
    if shown is not None:
        head(shown, linked=True)
        sections(shown, _CHANGE + _FURTHER + _UNKNOWN, linked=True)


_CHANGE = (first.write, driver.brief)
_FURTHER = (course.write, young.write, opportunity.write, truth.write)
_UNKNOWN = (unknown.write,)


def _rule(service: Service, shown: Snapshot) -> Rule | None:
    """What the figure was before the policy changed lately."""
    kept = shown.kept
    if kept.state != "current" or kept.policy_number is None:
        return None
    since = service.policies.find(kept.policy_number).published_at
    if since is None or service.now() - since > RULE_IS_NEWS:
        return None
    earlier = service.runs.page(state="earlier", before=None, limit=50)
    last = next((run for run in earlier if run.policy_number not in (None, kept.policy_number)), None)
    told = last.summary.get("headline", {}) if last is not None else {}
    if last is None or last.policy_number is None or "value" not in told:
        return None
    was = Estimate(told["value"], told["low"], told["high"], told["level"], told["n"], "", maturity=told["maturity"])
    writer = shown.writer
    day, measure = writer.notation.day(since), measure_name(told["measure"], writer)
    return Rule(kept.policy_number, day, last.policy_number, measure, writer.figure(was), f"/?run={last.id}")


def _teams(shown: Snapshot, who: Principal) -> tuple[tuple[str, Figure, str], ...]:
    """The figures of one's own teams."""
    if not who.may(Permission.READ_FIGURES):
        return ()
    seen = who.visible_teams(Permission.READ_FIGURES) or frozenset()
    rows = [row for row in shown.run.slices(shown.run.headline_measure, "team") if row.cell.get("team") in seen]
    lead = links(shown, linked=who.may(Permission.READ_CONTACTS))
    return tuple(
        (
            shown.writer.name(row.cell["team"]),
            shown.writer.figure(row.result),
            lead.rows(row),
        )
        for row in rows
    )


def _nothing(request: Request, who: Principal) -> Overview:
    """What to do so that there is a figure."""
    service: Service = request.app.state.service
    running = None
    if who.may(Permission.READ_JOBS):
        running = next(
            (job for job in service.queue.page(state="running", before=None, limit=20) if job.kind == MEASURE), None
        )
    arrived = bool(service.contact_list.page(Sought(), None, before=None, limit=1))
    todo = ""
    if arrived and who.may(Permission.RUN_JOBS):
        todo = "measure"
    elif not arrived and who.may(Permission.IMPORT):
        todo = "import"
    step = step_words(running.step, sentences(viewer(request).language).gettext) if running is not None else ""
    return Overview(Markup(""), Markup(""), None, Markup(""), Markup(""), (), todo, running, step)
