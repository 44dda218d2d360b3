"""The measures beside the headline: those with a figure, and those that these data cannot give."""

from __future__ import annotations

from dataclasses import dataclass, replace

from firstcontact.doors.report import words
from firstcontact.doors.report.figure import Figure, Refused
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.target import against
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import SIGNAL_ABSENT, Estimate, Refusal
from firstcontact.services.run import Run


@dataclass(frozen=True, slots=True)
class Companions:
    """Measures beside the headline.

    Attributes:
        known: (name, meaning, figure).
        refused: (names, why), those refused for one reason together.
    """

    known: list[tuple[str, str, Figure]]
    refused: list[tuple[str, Refused]]


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where the run holds nothing but its headline."""
    told = companions(run, writer)
    title = writer.say("Other measures of the same contacts")
    return [Section("companions", title, part="companions", data=told)] if told.known or told.refused else []


def companions(run: Run, writer: Writer) -> Companions:
    """Say what the run holds beside its headline, in the order of `words.MEASURES`."""
    rows = {row.measure: row for row in run.select(by="") if row.period_grain == "all"}
    known: list[tuple[str, str, Figure]] = []
    refused: dict[Refused, list[str]] = {}
    for measure, (name, _) in words.MEASURES.items():
        if measure not in rows or measure == run.headline_measure:
            continue
        told = writer.shown(rows[measure])
        if told.refused:
            refused.setdefault(_said(rows[measure].result, told.refused), []).append(writer.say(name))
            continue
        known.append((writer.say(name), meaning(measure, run, writer), told))
    return Companions(known, [(writer.notation.listed(names, long=True), why) for why, names in refused.items()])


def meaning(measure: str, run: Run, writer: Writer) -> str:
    """What a measure of `words.MEASURES` counts, with the goal or target where the policy sets one."""
    _, about = words.MEASURES[measure]
    if measure != "service_level":
        target, said = against(run, measure, writer), writer.say(about)
        return writer.notation.running((said + writer.notation.stop, target)) if target else said
    level = run.policy.service_level
    goal = writer.notation.percent(level.goal)
    return writer.say(about, seconds=writer.notation.count(level.seconds), goal=goal)


def _said(result: Estimate | Refusal, why: Refused) -> Refused:
    """Why there is none, without the title that the heading above it already says."""
    absent = isinstance(result, Refusal) and result.kind is SIGNAL_ABSENT
    return replace(why, title="") if absent else why
