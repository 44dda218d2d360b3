"""What is said of a target: what it is, whether a figure reaches it, and how its weeks stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from firstcontact.doors.report.charts.trend import Aim
from firstcontact.doors.report.words import N_
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.policy.model import Target
from firstcontact.measurement.policy.target import say_target
from firstcontact.services.reach import Reach, State, reach_week, reach_whole
from firstcontact.services.run import Run

SENTENCES: dict[State, str] = {
    "better": N_("The target of %(target)s is more than reached: the whole interval lies beyond it."),
    "reached": N_("The target of %(target)s is reached: the whole interval lies at %(edge)s or better."),
    "missed": N_("The target of %(target)s is missed: the whole interval lies short of %(edge)s."),
    "open": N_(
        "Whether the target of %(target)s is reached cannot be told yet: %(edge)s, where that is decided, lies inside "
        "the interval."
    ),
    "young": N_("The target of %(target)s is compared with nothing yet: only %(closed)s of windows have closed."),
    "later": N_(
        "The target of %(target)s holds from %(day)s on. The figure covers time before it, so only the weeks since are "
        "compared."
    ),
    "none": N_("There is a target of %(target)s, and no figure to compare with it."),
}
"""What is said of a figure for each of its states."""

STATES: dict[State, str] = {
    "better": N_("more than reached"),
    "reached": N_("reached"),
    "missed": N_("missed"),
    "open": N_("cannot be told"),
    "young": N_("too early to compare"),
    "later": N_("holds for later weeks only"),
    "none": N_("no figure"),
}
"""The same in two or three words."""


def against(run: Run, measure: str, writer: Writer) -> str:
    """Whether the figure of a measure for all contacts reaches its target, in a sentence; empty where it has none.

    Args:
        run: What was measured.
        measure: Id of the measure.
        writer: Speaks the reader's language.
    """
    found = reach_whole(run, measure)
    return said(found, run, writer) if found is not None else ""


def said(found: Reach, run: Run, writer: Writer) -> str:
    """A figure against its target, in a sentence, and how large a sample would tell where that is known."""
    target, number = found.target, writer.notation
    result = run.figure(target.measure)
    text = writer.say(
        SENTENCES[found.state],
        target=writer.tell(say_target(target)),
        edge=percent(target.edge, writer),
        closed=number.closed(result.maturity),
        day=number.day(target.since) if target.since else "",
    )
    if found.enough is None or not isinstance(result, Estimate):
        return text
    more = writer.say(
        "If the figure stays as it is, a sample of about %(enough)s would tell; now it is %(n)s.",
        enough=number.count(found.enough),
        n=number.count(result.n),
    )
    return number.running((text, more))


def brief(run: Run, measure: str, writer: Writer) -> tuple[str, str]:
    """A target in a few words, and how the figure stands against it; both empty where the measure has none."""
    found = reach_whole(run, measure)
    if found is None:
        return "", ""
    target = writer.say("Target: %(target)s", target=writer.tell(say_target(found.target)))
    return target, writer.say(STATES[found.state])


def aim(target: Target | None, writer: Writer) -> Aim | None:
    """A target as a trend draws it; None where there is none."""
    if target is None:
        return None
    text = writer.say("target %(value)s", value=percent(target.share, writer))
    ends = (max(0.0, target.share - target.tolerance), min(1.0, target.share + target.tolerance))
    return Aim(target.share, *ends, target.since, text)


def drawn(target: Target | None, writer: Writer) -> str:
    """What of a trend is the target, in a sentence; empty where there is none."""
    if target is None:
        return ""
    if target.tolerance:
        return writer.say("The line of dashes and dots is the target, the grey band around it what is tolerated.")
    return writer.say("The line of dashes and dots is the target.")


def weeks(rows: Sequence[ResultRow], target: Target, writer: Writer) -> list[str]:
    """How each week stands against a target, in a word; empty for weeks that are not complete."""
    states = (reach_week(row, target) for row in rows)
    return [writer.say(STATES[state]) if state else "" for state in states]


def counted(rows: Iterable[ResultRow], target: Target, writer: Writer) -> str:
    """How many complete weeks reach a target, in a sentence; empty where there is none to compare."""
    found = Counter(state for row in rows if (state := reach_week(row, target)) is not None)
    if not found:
        return ""
    number = writer.notation.count
    return writer.say(
        "Complete weeks that reach it: %(reached)s. That miss it: %(missed)s. Of which it cannot be told: %(open)s.",
        reached=number(found["better"] + found["reached"]),
        missed=number(found["missed"]),
        open=number(found["open"]),
    )


def percent(share: float, writer: Writer) -> str:
    """A share that somebody typed, with the decimals they gave it."""
    places = next((places for places in range(3) if round(share, 2 + places) == round(share, 6)), 2)
    return writer.notation.percent(share, places)
