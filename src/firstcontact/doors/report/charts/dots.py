"""Shares with their intervals, one a row, on one scale: to be cut into rows and set beside their names in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firstcontact.doors.report.charts.axis import ticks
from firstcontact.doors.report.charts.drawing import Drawing, Record, Sheet
from firstcontact.doors.report.theme import ROW_HEIGHT, paint

WIDTH = 300
_EDGE = 20


@dataclass(frozen=True, slots=True)
class Dot:
    """A share and its interval.

    Attributes:
        value: The share, 0 to 1.
        low: Lower end of its interval.
        high: Upper end of its interval.
        readings: The share when all open cases count against and for it; None where nothing is open.
        hollow: Whether more rows will still come in.
        strong: Whether it is the one that the others are compared with.
        odd: Whether it stands out; it is a diamond then.
    """

    value: float
    low: float
    high: float
    readings: tuple[float, float] | None = None
    hollow: bool = False
    strong: bool = False
    odd: bool = False


def dots(
    rows: Sequence[Dot | None],
    *,
    reference: float | None,
    label: Callable[[float], str],
    row: int = ROW_HEIGHT,
    scale: Sequence[float] | None = None,
) -> Drawing:
    """Draw the rows below a row that holds the scale, which grows from left to right in every language, as time does.

    Args:
        rows: What to draw; None leaves its row empty.
        reference: A share that a dashed line marks in every row.
        label: How a share of the scale is written.
        row: Height of a row.
        scale: Ticks, where the values are no shares; see `axis.marks`.

    Returns:
        A drawing of `len(rows) + 1` rows of equal height; the first holds the scale.
    """
    ends = [end for dot in rows if dot for end in (dot.low, dot.high, *(dot.readings or ()))]
    ends += [reference] if reference is not None else []
    if scale is None:
        scale = ticks(min(ends), max(ends)) if ends else [0.0, 0.5, 1.0]
    height = row * (len(rows) + 1)
    room = (_EDGE, WIDTH - _EDGE)
    sheet = Sheet(WIDTH, height, across=(scale[0], scale[-1]), room=room, row=row)
    places = [{"at": tick, "text": label(tick), "top": row - 6, "end": height} for tick in scale]
    sheet.add("rule", places, {"color": paint("grid")}, x="at", y="top", y2="end")
    words = {"color": paint("soft"), "baseline": "bottom", "fontSize": 11.5, "dy": -4}
    sheet.add("text", places, words, x="at", y="top", text="text")
    if reference is not None:
        line = [{"at": reference, "top": row - 6, "end": height}]
        sheet.add("rule", line, {"color": paint("neutral"), "strokeDash": [3, 3]}, x="at", y="top", y2="end")
    marks = [_record(dot, row * (index + 1.5)) for index, dot in enumerate(rows) if dot]
    sheet.add("rule", marks, {"color": paint("settled-band"), "strokeWidth": 10}, x="under", x2="over", y="y")
    sheet.add("rule", marks, {"color": paint("settled"), "strokeWidth": 2}, x="low", x2="high", y="y")
    ring = {"filled": False, "opacity": 1, "stroke": paint("settled"), "strokeWidth": 2}
    for shape in ("circle", "diamond"):
        alike = [mark for mark in marks if mark["shape"] == shape]
        sheet.add("point", alike, {**ring, "shape": shape}, x="value", y="y", fill="fill", size="size")
    return sheet.draw()


def _record(dot: Dot, middle: float) -> Record:
    under, over = dot.readings or (dot.value, dot.value)
    return {
        "value": dot.value,
        "low": dot.low,
        "high": dot.high,
        "under": under,
        "over": over,
        "y": middle,
        "fill": paint("paper" if dot.hollow else "settled"),
        "size": 110 if dot.strong or dot.odd else 64,
        "shape": "diamond" if dot.odd else "circle",
    }
