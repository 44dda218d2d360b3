"""Amounts as bars, one a row: to be cut into rows and set beside their names in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firstcontact.doors.report.charts.drawing import Drawing, draw
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
    import altair as alt

    ends = [end for bar in rows if bar for end in (bar.start, bar.end, *(bar.interval or ()))]
    most = max([*ends, 1e-9])
    height = ROW_HEIGHT * max(len(rows), 1)
    x_scale = alt.Scale(domain=[0, most], range=[width - 1, 1] if rtl else [1, width - 1], nice=False)
    y_scale = alt.Scale(domain=[0, height], range=[0, height], nice=False)

    def x(field: str) -> alt.X:
        return alt.X(field, type="quantitative", scale=x_scale, axis=None)

    def y(field: str) -> alt.Y:
        return alt.Y(field, type="quantitative", scale=y_scale, axis=None)

    def chart(records: list[dict[str, float | str]]) -> alt.Chart:
        return alt.Chart(alt.InlineData(records))

    thick = 7 if steps else 6
    boxes: list[dict[str, float | str]] = [
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
    whiskers: list[dict[str, float | str]] = [
        {"low": bar.interval[0], "high": bar.interval[1], "y": middle} for bar, middle in _placed(rows) if bar.interval
    ]
    base: list[dict[str, float | str]] = [{"at": 0, "top": 0, "bottom": height}]
    layers = [
        chart(boxes)
        .mark_rect(strokeWidth=1)
        .encode(
            x("start"),
            y("top"),
            x2="end",
            y2="bottom",
            fill=alt.Fill("fill", type="nominal", scale=None),
            stroke=alt.Stroke("stroke", type="nominal", scale=None),
        ),
        chart(whiskers).mark_rule(color=paint("ink"), strokeWidth=1.5).encode(x("low"), y("y"), x2="high"),
        chart(base).mark_rule(color=paint("neutral")).encode(x("at"), y("top"), y2="bottom"),
    ]
    if steps:
        joints: list[dict[str, float | str]] = [
            {"at": bar.start, "top": middle - ROW_HEIGHT + thick, "bottom": middle - thick}
            for bar, middle in _placed(rows)
            if middle > ROW_HEIGHT
        ]
        layers.append(
            chart(joints).mark_rule(color=paint("neutral"), opacity=0.7).encode(x("at"), y("top"), y2="bottom")
        )
    return draw(alt.layer(*layers), width, height, ROW_HEIGHT)


def _placed(rows: Sequence[Bar | None]) -> list[tuple[Bar, float]]:
    return [(bar, ROW_HEIGHT * (index + 0.5)) for index, bar in enumerate(rows) if bar]
