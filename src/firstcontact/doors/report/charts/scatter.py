"""A funnel: units by size and share, between the limits that chance draws around the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firstcontact.doors.report.charts.drawing import Drawing
from firstcontact.doors.report.charts.frame import Frame, Tick
from firstcontact.doors.report.theme import paint


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit.

    Attributes:
        size: What it rests on.
        value: Its share.
        odd: Whether it lies outside the limits; it is a diamond then, with its mark beside it.
        mark: What names it beside its drawing, such as the number of its row in the table; never a name.
        title: The numbers in words, for whoever points at it.
    """

    size: float
    value: float
    odd: bool = False
    mark: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """The limits at one size.

    Attributes:
        size: The size.
        low: Lower limit.
        high: Upper limit.
    """

    size: float
    low: float
    high: float


def scatter(
    units: Sequence[Unit],
    limits: Sequence[Limit],
    *,
    middle: float,
    width: int,
    across: Sequence[Tick],
    up: Sequence[Tick],
) -> Drawing:
    """Draw the units between their limits.

    Args:
        units: The units.
        limits: In order of size.
        middle: The share around which the limits lie; a dashed line.
        width: Of the drawing: `theme.WIDE` or `theme.NARROW`.
        across: Ticks of size.
        up: Ticks of share.
    """
    frame = Frame(width, across, up)
    sheet = frame.sheet()
    first, last = up[0][0], up[-1][0]

    def inside(value: float) -> float:
        return frame.y(min(max(value, first), last))

    funnel = [{"x": frame.x(one.size), "low": inside(one.low), "high": inside(one.high)} for one in limits]
    sheet.add("area", funnel, {"color": paint("panel"), "opacity": 1}, x="x", y="low", y2="high")
    for edge in ("low", "high"):
        sheet.add("line", funnel, {"color": paint("neutral"), "strokeWidth": 1}, x="x", y=edge)
    line = [{"x": frame.x(across[0][0]), "end": frame.x(across[-1][0]), "y": frame.y(middle)}]
    sheet.add("rule", line, {"color": paint("neutral"), "strokeDash": [3, 3]}, x="x", x2="end", y="y")
    for odd in (False, True):
        points = [
            {"x": frame.x(unit.size), "y": inside(unit.value), "title": unit.title, "mark": unit.mark}
            for unit in units
            if unit.odd == odd
        ]
        look = {"filled": True, "opacity": 1, "stroke": paint("paper"), "strokeWidth": 1}
        kind = {"shape": "diamond" if odd else "circle", "size": 130 if odd else 60}
        colour = {"fill": paint("returned" if odd else "settled")}
        sheet.add("point", points, {**look, **kind, **colour}, x="x", y="y", description="title")
        if odd:
            words = {"color": paint("ink"), "align": "left", "dx": 9, "baseline": "middle", "fontSize": 11.5}
            sheet.add("text", points, words, x="x", y="y", text="mark")
    return sheet.draw()
