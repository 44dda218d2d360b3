"""What a draft of the policy would change: every figure in force beside the same figure under the draft."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from firstcontact.doors.api.problem import ProblemError
from firstcontact.doors.api.routes import policies as api
from firstcontact.doors.report import words
from firstcontact.doors.report.difference import signed
from firstcontact.doors.report.figure import Figure, Refused
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.asked_words import about
from firstcontact.doors.web.contact_words import cause, measure_name
from firstcontact.doors.web.form import on
from firstcontact.doors.web.page import Stamp, page
from firstcontact.doors.web.pages.policy import PLACE, Drafter
from firstcontact.doors.web.place import N_
from firstcontact.doors.web.sections import links
from firstcontact.doors.web.snapshot import Snapshot, snapshot_of
from firstcontact.doors.web.viewer import viewer
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.access import Permission, Principal, Scope
from firstcontact.services.attribute import Cause, CauseKind
from firstcontact.services.compare_trial import Trial
from firstcontact.services.contact_question import Period, Question
from firstcontact.services.diff import Move
from firstcontact.services.measure_history import KeptRun
from firstcontact.services.record import key_of
from firstcontact.services.service import Service

router = APIRouter(include_in_schema=False, tags=["pages"])

KINDS: dict[CauseKind, str] = {
    "policy": N_("Policy"),
    "options": N_("Settings of the measurement"),
    "mapping": N_("How the data are understood"),
    "period": N_("Period"),
    "fit": N_("What was learned"),
    "version": N_("Version of firstcontact"),
}
"""Things that make a figure, as the page calls them; that the data differ stands at its head."""

PLACES: dict[str, str] = {"contacts": N_("All contacts"), "counted": N_("Counted")}
"""Places in the ledger that are no cause for leaving a contact out."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs.

    Attributes:
        id: Its id.
        number: Version of the policy; 0 where it is not known.
        stamp: What its figures rest on.
        contacts: How many contacts it knows, written.
    """

    id: str
    number: int
    stamp: Stamp
    contacts: str


@dataclass(frozen=True, slots=True)
class Moved:
    """One figure under two policies.

    Attributes:
        name: What it is a figure of.
        before: Under the policy in force; None where it does not stand there.
        after: Under the draft; likewise.
        change: The difference, with its sign; empty where there is none to tell.
        interval: Its interval; empty where the change is exact.
        clear: Whether it moved at all, or by more than chance.
    """

    name: str
    before: Figure | None
    after: Figure | None
    change: str
    interval: str
    clear: bool


@dataclass(frozen=True, slots=True)
class Stood:
    """Where contacts stand.

    Attributes:
        name: The place.
        before: How many stood there, and where they are listed.
        after: How many would.
        change: By how many it moved.
    """

    name: str
    before: tuple[str, str]
    after: tuple[str, str]
    change: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the page shows.

    Attributes:
        number: The draft.
        sides: What is in force, and the trial.
        past: Whether it is in force already; the other is then what was in force before.
        same: Whether both rest on the same contacts.
        exact: Whether no sampling error lies between them.
        again: Which of the two to measure again, where they rest on others: `trial`, `in force`, or both: `either`.
        may_measure: Whether the visitor may have the figures in force measured anew.
        whole: Whether the visitor may see the trial as a whole.
        moved: The measures of all contacts.
        refused: (names, why) of measures that neither side can give, those refused for one reason together.
        slices: The cells of the headline that move most.
        headline: What the headline is called.
        places: Where contacts stand for the headline.
        changes: What differs beside the data: (kind, what, before, after).
    """

    number: int
    sides: tuple[Side, Side]
    past: bool
    same: bool
    exact: bool
    again: str
    may_measure: bool
    whole: bool
    moved: tuple[Moved, ...]
    refused: tuple[tuple[str, Refused], ...]
    slices: tuple[Moved, ...]
    headline: str
    places: tuple[Stood, ...]
    changes: tuple[tuple[str, str, str, str], ...]


@router.get("/policy/{number}/comparison")
def comparison(request: Request, who: Drafter, number: api.Number) -> Response:
    """What a draft would change, beside the figures in force."""
    try:
        found = api.compared(request, number)
    except ProblemError:
        return on(f"/policy/{number}", "untried")
    service: Service = request.app.state.service
    language = viewer(request).language
    old, new = (snapshot_of(service, kept, language) for kept in (found.before, found.after))
    if old is None or new is None:
        return on(f"/policy/{number}", "untried")
    return page(request, "policy_comparison", place=PLACE, it=_compared(found, old, new, who, number))


def _compared(found: Trial, old: Snapshot, new: Snapshot, who: Principal, number: int) -> Comparison:
    linked = who.scope(Permission.READ_CONTACTS) is Scope.ALL
    told = found.difference
    pair = _Pair(old, new, linked)
    moved, refused = pair.measures(told.measures.shown)
    headline = told.headline.measure
    return Comparison(
        number,
        (_side(old, found.before), _side(new, found.after)),
        found.past,
        found.same_contacts,
        told.exact,
        "" if found.same_contacts else {"after": "trial", "before": "in force"}.get(found.behind, "either"),
        who.may(Permission.RUN_JOBS),
        who.may(Permission.READ_FIGURES),
        moved,
        refused,
        tuple(one for move in told.slices.shown if move.clear and (one := pair.slice(move)) is not None),
        measure_name(headline, new.writer),
        tuple(pair.stood(headline, *place) for place in told.places),
        tuple(line for one in told.attribution.causes for line in _changes(one, new.writer)),
    )


def headline_moved(found: Trial, old: Snapshot, new: Snapshot) -> Moved:
    """The headline on both sides of a trial, and what it moved by.

    Args:
        found: Both runs, and what moved.
        old: The one in force.
        new: The trial.
    """
    one = found.difference.headline
    return _Pair(old, new, linked=False).moved(one, measure_name(one.measure, new.writer))


def _side(shown: Snapshot, kept: KeptRun) -> Side:
    contacts = shown.writer.notation.count(shown.run.row_ledger.contacts)
    return Side(kept.id, kept.policy_number or 0, shown.stamp, contacts)


class _Pair:
    """The figures of both runs, in the visitor's words.

    Args:
        old: The run in force.
        new: The trial.
        linked: Whether the visitor may see contacts.
    """

    def __init__(self, old: Snapshot, new: Snapshot, linked: bool) -> None:
        self._shown = (old, new)
        self._links = tuple(links(one, linked=linked) for one in (old, new))
        self._rows: dict[tuple[str, str], tuple[dict[tuple[str, ...], ResultRow], ...]] = {}

    def measures(self, moves: tuple[Move, ...]) -> tuple[tuple[Moved, ...], tuple[tuple[str, Refused], ...]]:
        """The measures of all contacts, the headline first; and those that neither side can give."""
        writer = self._shown[1].writer
        known: list[Moved] = []
        refused: dict[Refused, list[str]] = {}
        by_measure = {move.measure: move for move in moves}
        asked = ("fcr_issue", "fcr_contact", *words.TRUTHS, *words.MEASURES)
        for measure in dict.fromkeys((self._shown[1].run.headline_measure, *asked)):
            move = by_measure.get(measure)
            if move is None:
                continue
            one = self.moved(move, measure_name(measure, writer))
            whys = [side.refused for side in (one.before, one.after) if side is not None]
            why = whys[-1]
            if why is not None and None not in whys:
                refused.setdefault(why, []).append(one.name)
            else:
                known.append(one)
        return tuple(known), tuple((writer.notation.listed(names, long=True), why) for why, names in refused.items())

    def slice(self, move: Move) -> Moved | None:
        """One cell; None where it cannot be told which."""
        row = next((one for one in reversed(self._both(move)) if one is not None), None)
        if row is None:
            return None
        shown = self._shown[1]
        period = (
            Period("month" if row.period_grain == "month" else "week", row.period_start) if row.period_start else None
        )
        return self.moved(move, " · ".join(about(Question(cell=row.cell, period=period), shown.run, shown.writer)))

    def moved(self, move: Move, name: str) -> Moved:
        """One figure on both sides, and what it moved by."""
        sides = [
            replace(shown.writer.figure(row.result), behind=lead.rows(row)) if row is not None else None
            for row, shown, lead in zip(self._both(move), self._shown, self._links, strict=True)
        ]
        writer = self._shown[1].writer
        if move.change is None:
            return Moved(name, sides[0], sides[1], "", "", clear=False)
        change = change_words(move.change, move.unit, writer)
        known = move.low is not None and move.high is not None
        ends = [change_words(end, move.unit, writer) for end in (move.low, move.high) if end is not None]
        interval = writer.notation.together(" … ".join(ends)) if known else ""
        return Moved(name, sides[0], sides[1], change, interval, move.clear)

    def stood(self, measure: str, place: str, before: int, after: int) -> Stood:
        """Where contacts stand for a measure."""
        writer = self._shown[1].writer
        name = writer.say(PLACES[place]) if place in PLACES else cause(place, writer)
        code = {"contacts": "all", "counted": ""}.get(place, place)
        sides = [
            (writer.notation.count(count), lead.ledger(measure, code) if count else "")
            for count, lead in zip((before, after), self._links, strict=True)
        ]
        return Stood(name, sides[0], sides[1], signed(after - before, writer.notation) if after != before else "")

    def _both(self, move: Move) -> tuple[ResultRow | None, ResultRow | None]:
        asked = (move.measure, move.by)
        if asked not in self._rows:
            self._rows[asked] = tuple(
                {key_of(row)[2]: row for row in one.run.select(move.measure, by=move.by)} for one in self._shown
            )
        old, new = self._rows[asked]
        return old.get(move.cell), new.get(move.cell)


def change_words(change: float, unit: str, writer: Writer) -> str:
    """A change with its sign, as its figure is written; of shares in percentage points.

    Args:
        change: How much, in the figure's unit.
        unit: What the figure is counted in.
        writer: Speaks the visitor's language.
    """
    number = writer.notation
    if unit in ("share", "score"):
        return signed(100 * change, number, 1 if abs(change) >= 0.0005 or not change else 2)
    if unit == "seconds" and abs(change) >= 1:
        return number.together(("−" if change < 0 else "+") + number.duration(abs(change)))
    return signed(change, number, 1 if unit in ("seconds", "days") else 0)


def _changes(one: Cause, writer: Writer) -> list[tuple[str, str, str, str]]:
    """What differs beside the data, and is no mere consequence."""
    if one.kind not in KINDS or one.follows:
        return []
    return [(writer.say(KINDS[one.kind]), change.what, change.before, change.after) for change in one.changes]
