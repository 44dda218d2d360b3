"""Amounts as bars, one a row: to be cut into rows and set beside their names in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firstcontact.doors.report.charts.drawing import Drawing, Sheet
from firstcontact.doors.report.theme import ROW_HEIGHT, paint


@dataclass(frozen=True, slots=True)
class Bar:
    """An amount between two places.

    Attributes:
        start: Where it begins; 0 but for the steps of a ledger.
        end: Where it ends.
        role: Its colour.
        interval: The ends of its interval, where it is an estimate.
    """

    start: float
    end: float
    role: str
    interval: tuple[float, float] | None = None


def bars(rows: Sequence[Bar | None], *, width: int, steps: bool = False, rtl: bool = False) -> Drawing:
    """Draw the rows.

    Args:
        rows: What to draw; None leaves its row empty.
        width: Of the drawing.
        steps: Whether each bar goes on where the one before it ended, so that thin lines join them.
        rtl: Whether bars grow from right to left.

    Returns:
        A drawing of `len(rows)` rows of equal height.
    """
    ends = [end for bar in rows if bar for end in (bar.start, bar.end, *(bar.interval or ()))]
    height = ROW_HEIGHT * max(len(rows), 1)
    room = (width - 1, 1) if rtl else (1, width - 1)
    sheet = Sheet(width, height, across=(0, max([*ends, 1e-9])), room=room, row=ROW_HEIGHT)
    thick = 7 if steps else 6
    boxes = [
        {
            "start": bar.start,
            "end": bar.end,
            "top": middle - thick,
            "bottom": middle + thick,
            "fill": paint(bar.role),
            "stroke": paint(bar.role.removesuffix("-band")),
        }
        for bar, middle in _placed(rows)
    ]
    look = {"strokeWidth": 1}
    sheet.add("rect", boxes, look, x="start", x2="end", y="top", y2="bottom", fill="fill", stroke="stroke")
    whiskers = [
        {"low": bar.interval[0], "high": bar.interval[1], "y": middle} for bar, middle in _placed(rows) if bar.interval
    ]
    sheet.add("rule", whiskers, {"color": paint("ink"), "strokeWidth": 1.5}, x="low", x2="high", y="y")
    base = [{"at": 0, "top": 0, "bottom": height}]
    sheet.add("rule", base, {"color": paint("neutral")}, x="at", y="top", y2="bottom")
    if steps:
        joints = [
            {"at": bar.start, "top": middle - ROW_HEIGHT + thick, "bottom": middle - thick}
            for bar, middle in _placed(rows)
            if middle > ROW_HEIGHT
        ]
        sheet.add("rule", joints, {"color": paint("neutral"), "opacity": 0.7}, x="at", y="top", y2="bottom")
    return sheet.draw()


def _placed(rows: Sequence[Bar | None]) -> list[tuple[Bar, float]]:
    return [(bar, ROW_HEIGHT * (index + 0.5)) for index, bar in enumerate(rows) if bar]
