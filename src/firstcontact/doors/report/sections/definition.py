"""The same contacts under every published definition, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

from firstcontact.doors.report.charts.dots import dots
from firstcontact.doors.report.charts.drawing import Drawing
from firstcontact.doors.report.figure import Figure, dot
from firstcontact.doors.report.notation import shown
from firstcontact.doors.report.section import Section
from firstcontact.doors.report.telling import shown_text
from firstcontact.doors.report.theme import DEFINITION_ROW
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate
from firstcontact.measurement.measures.row import DefinitionRow
from firstcontact.services.run import Run


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition.

    Attributes:
        preset: Name of the preset.
        title: What it counts.
        source: Where it was published.
        figure: In words.
        readings: The figure under both readings of its open cases; empty where there are none.
        unsettled: How many open cases, markup where they lead to them; empty where there are none.
        only_here: Contacts that it counts as settled and the run's policy does not; markup where it leads to them.
        only_ours: The other way round.
        differ: Both together; empty for the run's own, and where it may not be shown.
        ours: Whether it is the run's own policy.
        differing: Where the contacts are listed on which the two differ; empty where they are not.
    """

    preset: str
    title: str
    source: str
    figure: Figure
    readings: str
    unsettled: str
    only_here: str
    only_ours: str
    differ: str
    ours: bool
    differing: str = ""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """All definitions.

    Attributes:
        supported: Those with a figure, from the highest to the lowest, the run's own first.
        dots: Their drawing.
        unsupported: Those that the data cannot support.
        spread: How far apart the lowest and the highest stand.
    """

    supported: list[Definition]
    dots: Drawing
    unsupported: list[Definition]
    spread: str


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where the run compares no definitions."""
    told = side_by_side(run, writer)
    title = writer.say("The same contacts under other definitions")
    return [Section("definitions", title, part="definitions", data=told)] if told else []


def side_by_side(run: Run, writer: Writer) -> SideBySide | None:
    """Set the definitions beside one another; None where there are none."""
    if not run.definitions:
        return None
    known = [(row, row.result) for row in run.definitions if isinstance(row.result, Estimate)]
    known.sort(key=lambda pair: (pair[0].preset != run.policy.name, -pair[1].value, pair[0].preset))
    ours = run.headline.value if isinstance(run.headline, Estimate) else None
    marks = [
        dot(
            result,
            strong=row.preset == run.policy.name,
            readings=None
            if row.reading_low is None or row.reading_high is None
            else (row.reading_low, row.reading_high),
        )
        for row, result in known
    ]
    values = [result.value for _, result in known]
    number = writer.notation
    spread = ""
    if len(values) > 1:
        spread = writer.say(
            "On these same contacts the definitions range from %(low)s to %(high)s.",
            low=number.percent(min(values)),
            high=number.percent(max(values)),
        )
    return SideBySide(
        [_told(row, run, writer) for row, _ in known],
        dots(marks, reference=ours, label=number.percent, row=DEFINITION_ROW),
        [_told(row, run, writer) for row in run.definitions if not isinstance(row.result, Estimate)],
        spread,
    )


def _told(row: DefinitionRow, run: Run, writer: Writer) -> Definition:
    number = writer.notation
    readings = ""
    if row.reading_low is not None and row.reading_high is not None and row.unsettled:
        readings = number.span(number.decimal(row.reading_low * 100), number.percent(row.reading_high))
    ours = row.preset == run.policy.name
    yes, no = row.differs or (0, 0)

    def only(count: int, which: str) -> str:
        return writer.linked(number.count(count), writer.links.definition(row.preset, which) if count else "")

    return Definition(
        shown(row.preset),
        writer.tell(row.title).removesuffix(writer.notation.stop),
        "" if row.source == row.preset else shown_text(row.source),
        replace(
            writer.figure(row.result), behind=writer.links.definition(row.preset, "counted") if row.counted else ""
        ),
        readings,
        writer.linked(number.count(row.unsettled), writer.links.definition(row.preset, "open"))
        if row.unsettled
        else "",
        only(yes, "only here"),
        only(no, "only ours"),
        "" if ours or row.differs is None else number.count(yes + no),
        ours,
        writer.links.definition(row.preset, "differ") if row.differs and yes + no and not ours else "",
    )
