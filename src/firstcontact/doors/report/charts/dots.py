"""Shares with their intervals, one a row, on one scale: to be cut into rows and set beside their names in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firstcontact.doors.report.charts.axis import ticks
from firstcontact.doors.report.charts.drawing import Drawing, draw
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
    """

    value: float
    low: float
    high: float
    readings: tuple[float, float] | None = None
    hollow: bool = False
    strong: bool = False


def dots(
    rows: Sequence[Dot | None],
    *,
    reference: float | None,
    label: Callable[[float], str],
    rtl: bool = False,
    row: int = ROW_HEIGHT,
) -> Drawing:
    """Draw the rows below a row that holds the scale.

    Args:
        rows: What to draw; None leaves its row empty.
        reference: A share that a dashed line marks in every row.
        label: How a share of the scale is written.
        rtl: Whether the scale runs from right to left.
        row: Height of a row.

    Returns:
        A drawing of `len(rows) + 1` rows of equal height; the first holds the scale.
    """
    import altair as alt

    ends = [end for dot in rows if dot for end in (dot.low, dot.high, *(dot.readings or ()))]
    ends += [reference] if reference is not None else []
    scale = ticks(min(ends), max(ends)) if ends else [0.0, 0.5, 1.0]
    height = row * (len(rows) + 1)
    x_scale = alt.Scale(
        domain=[scale[0], scale[-1]], range=[WIDTH - _EDGE, _EDGE] if rtl else [_EDGE, WIDTH - _EDGE], nice=False
    )
    y_scale = alt.Scale(domain=[0, height], range=[0, height], nice=False)

    def x(field: str) -> alt.X:
        return alt.X(field, type="quantitative", scale=x_scale, axis=None)

    def y(field: str) -> alt.Y:
        return alt.Y(field, type="quantitative", scale=y_scale, axis=None)

    places = [{"at": tick, "text": label(tick), "top": row - 6, "end": height} for tick in scale]
    spans = [
        {
            "value": dot.value,
            "low": dot.low,
            "high": dot.high,
            "under": (dot.readings or (dot.value, dot.value))[0],
            "over": (dot.readings or (dot.value, dot.value))[1],
            "y": row * (index + 1.5),
            "fill": paint("paper" if dot.hollow else "settled"),
            "size": 110 if dot.strong else 64,
        }
        for index, dot in enumerate(rows)
        if dot
    ]
    scale_data = alt.Chart(alt.InlineData(places))
    span_data = alt.Chart(alt.InlineData(spans))
    layers = [
        scale_data.mark_rule(color=paint("grid")).encode(x("at"), y("top"), y2="end"),
        scale_data.mark_text(color=paint("soft"), baseline="bottom", fontSize=11.5, dy=-4).encode(
            x("at"), y("top"), text="text:N"
        ),
    ]
    if reference is not None:
        line = alt.Chart(alt.InlineData([{"at": reference, "top": row - 6, "end": height}]))
        layers.append(line.mark_rule(color=paint("neutral"), strokeDash=[3, 3]).encode(x("at"), y("top"), y2="end"))
    layers += [
        span_data.mark_rule(color=paint("settled-band"), strokeWidth=10).encode(x("under"), y("y"), x2="over"),
        span_data.mark_rule(color=paint("settled"), strokeWidth=2).encode(x("low"), y("y"), x2="high"),
        span_data.mark_point(filled=False, opacity=1, stroke=paint("settled"), strokeWidth=2).encode(
            x("value"),
            y("y"),
            fill=alt.Fill("fill", type="nominal", scale=None),
            size=alt.Size("size", type="quantitative", scale=None),
        ),
    ]
    return draw(alt.layer(*layers), WIDTH, height, row)
