"""One or several lines, each with its band: a curve over days, a share over time, a fit beside what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firstcontact.doors.report.charts.drawing import Drawing, Record
from firstcontact.doors.report.charts.frame import Frame, Tick
from firstcontact.doors.report.theme import paint


@dataclass(frozen=True, slots=True)
class Point:
    """A place on a line.

    Attributes:
        x: Where it stands on the horizontal scale.
        value: Its height.
        low: Lower end of its interval; the value where there is none.
        high: Upper end of its interval.
        title: The numbers in words, for whoever points at it; empty for none.
    """

    x: float
    value: float
    low: float
    high: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """A line.

    Attributes:
        points: In order of `x`.
        role: Its colour; a band has the colour `<role>-band`.
        dashed: Whether it is dashed: a fit, a nowcast, what would be expected.
        steps: Whether it goes up in steps, as what is counted does.
    """

    points: Sequence[Point]
    role: str = "settled"
    dashed: bool = False
    steps: bool = False


def line(series: Sequence[Series], *, width: int, across: Sequence[Tick], up: Sequence[Tick]) -> Drawing:
    """Draw lines with their bands, the first on top.

    Args:
        series: The lines.
        width: Of the drawing: `theme.WIDE` or `theme.NARROW`.
        across: Ticks of the horizontal scale.
        up: Ticks of the vertical scale.
    """
    frame = Frame(width, across, up)
    sheet = frame.sheet()
    placed = [(one, _places(one, frame)) for one in reversed(series)]
    for one, points in placed:
        if any(point.low < point.high for point in one.points):
            band = {"color": paint(f"{one.role}-band"), "opacity": 0.6 if one.dashed else 1, **_shape(one)}
            sheet.add("area", points, band, x="x", y="low", y2="high")
    for one, points in placed:
        stroke = {"color": paint(one.role), "strokeWidth": 2.5, "strokeJoin": "round", **_shape(one)}
        sheet.add("line", points, {**stroke, **({"strokeDash": [6, 4]} if one.dashed else {})}, x="x", y="y")
    told = [point for _, points in placed for point in points if point["title"]]
    hit = {"filled": True, "fill": "transparent", "strokeWidth": 0, "opacity": 1, "size": 300}
    sheet.add("point", told, hit, x="x", y="y", description="title")
    return sheet.draw()


def _shape(series: Series) -> Record:
    return {"interpolate": "step-after"} if series.steps else {}


def _places(series: Series, frame: Frame) -> list[Record]:
    """Where the points of a line stand; what lies beyond the scale stands at its end."""
    lowest, highest = frame.up[0][0], frame.up[-1][0]

    def up(value: float) -> float:
        return frame.y(min(max(value, lowest), highest))

    return [
        {"x": frame.x(one.x), "y": up(one.value), "low": up(one.low), "high": up(one.high), "title": one.title}
        for one in series.points
    ]
