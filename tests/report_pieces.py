"""A section of the report that uses every piece a section can be made of, with invented numbers."""

from __future__ import annotations

import math

from firstcontact.doors.report.charts.axis import marks, ticks
from firstcontact.doors.report.charts.bars import Bar, bars
from firstcontact.doors.report.charts.dots import Dot, dots
from firstcontact.doors.report.charts.line import Point, Series, line
from firstcontact.doors.report.charts.matrix import steps
from firstcontact.doors.report.charts.scatter import Limit, Unit, scatter
from firstcontact.doors.report.section import Cell, Chart, Line, Matrix, Paragraph, Rows, Section, Table
from firstcontact.doors.report.theme import NARROW, WIDE
from firstcontact.doors.report.writer import Writer
from firstcontact.services.run import Run

NAMES = ("billing", "delivery", "a reason with a rather long name > and a second level", "password", "שאלה", "setup")


def write(run: Run, writer: Writer) -> list[Section]:
    """The section."""
    number = writer.notation
    return [
        Section(
            "pieces",
            "Pieces",
            [
                Paragraph("What a section can be made of."),
                _curve(writer),
                Rows(
                    "shares",
                    ("Reason", "share", "judged"),
                    [Line(name, number.percent(0.6 + k / 30), "55–70", number.count(100 * k)) for k, name in _named()],
                    dots([Dot(0.6 + k / 30, 0.55, 0.85, odd=k == 2) for k, _ in _named()], reference=0.7,
                         label=number.percent),
                    scale=True,
                    label="Shares",
                ),
                Rows(
                    "amounts",
                    ("Reason", "contacts a month", "rests on"),
                    [Line(name, number.count(90 - 9 * k), "80–95", "n", "above the rest") for k, name in _named()],
                    bars([Bar(0, 90 - 9 * k, "returned-band", (60 - 9 * k, 99 - 9 * k)) for k, _ in _named()],
                         width=300, rtl=writer.rtl),
                    scale=False,
                    label="Amounts",
                ),
                _matrix(writer),
                _funnel(writer),
                Paragraph("What is not shown.", "more"),
            ],
        )
    ]  # fmt: skip


def _named() -> list[tuple[int, str]]:
    return list(enumerate(NAMES))


def _curve(writer: Writer) -> Chart:
    number = writer.notation
    days = range(0, 43, 2)
    seen = [Point(day, 1 - math.exp(-day / 12), 0.95 - math.exp(-day / 12), 1 - 0.9 * math.exp(-day / 12), f"day {day}")
            for day in days]  # fmt: skip
    fit = [Point(day, value := 0.9 - 0.9 * math.exp(-day / 10), value, value) for day in days]
    across = [(day, number.count(day)) for day in marks(0, 42, 8)]
    up = [(share, number.percent(share)) for share in ticks(0, 1)]
    both = [Series(seen[:1] + seen[1:], steps=True), Series(fit, "returned", dashed=True)]
    wide, narrow = (line(both, width=width, across=across, up=up) for width in (WIDE, NARROW))
    rows = [(number.count(point.x), number.percent(point.value)) for point in seen]
    keys = (("line", "seen"), ("band", "its interval"), ("dashed returned", "fit"))
    return Chart((wide, narrow), "Time to the return", "It rises and levels off.",
                 Table(("Days", "Share"), rows, "The curve as a table"), keys)  # fmt: skip


def _matrix(writer: Writer) -> Matrix:
    amounts = [[None if row == column else abs(row * 7 - column * 5) for column in range(6)] for row in range(6)]
    shades = steps(amounts)
    rows = [
        (name, [Cell("" if amount is None else writer.notation.count(amount), shade, flag=amount == 28)
                for amount, shade in zip(amounts[k], shades[k], strict=True)])
        for k, name in _named()
    ]  # fmt: skip
    return Matrix("first", "then", NAMES, rows, "What follows what")


def _funnel(writer: Writer) -> Chart:
    number = writer.notation
    units = [Unit(60 + 90 * k, 0.75 + 0.11 * math.sin(3 * k), k == 2, str(k + 1), f"row {k + 1}") for k in range(9)]
    limits = [Limit(n, 0.75 - 1.3 / math.sqrt(n), 0.75 + 1.3 / math.sqrt(n)) for n in range(40, 900, 20)]
    across = [(n, number.count(n)) for n in marks(0, 860)]
    up = [(share, number.percent(share)) for share in ticks(0.55, 0.95)]
    wide, narrow = (scatter(units, limits, middle=0.75, width=width, across=across, up=up) for width in (WIDE, NARROW))
    rows = [(f"{k + 1}. team", number.count(unit.size), number.percent(unit.value)) for k, unit in enumerate(units)]
    table = Table(("Team", "judged", "share"), rows, "The teams as a table")
    return Chart((wide, narrow), "Teams by size", "One lies outside.", table, (("dot", "a team"), ("odd", "outside")))
