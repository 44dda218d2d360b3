"""The share over time: a line and its interval where every window has closed, and plainly something else where not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from firstcontact.doors.report.charts.axis import ticks
from firstcontact.doors.report.charts.drawing import Drawing, draw
from firstcontact.doors.report.theme import NARROW, paint

_LEFT, _RIGHT, _TOP = 44, 8, 10
_STRIP, _FOOT = 18, 24


@dataclass(frozen=True, slots=True)
class Week:
    """One period of the trend.

    Attributes:
        start: Its first day.
        value: The share, with `low` and `high` its interval; None where there is no figure.
        low: Lower end of the interval.
        high: Upper end of the interval.
        maturity: Share of its issues whose window has closed, 0 to 1.
        title: Its figures in words.
    """

    start: date
    value: float | None
    low: float
    high: float
    maturity: float
    title: str

    @property
    def complete(self) -> bool:
        return self.maturity >= 1


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the parts of the chart stand, in units of the drawing."""

    width: int
    height: int
    first: int
    weeks: int

    @property
    def bottom(self) -> float:
        return self.height - _FOOT - _STRIP

    @property
    def step(self) -> float:
        return (self.width - _LEFT - _RIGHT) / max(self.weeks, 1)

    def x(self, day: date) -> float:
        """The left edge of the week."""
        return _LEFT + (day.toordinal() - self.first) / 7 * self.step


def trend(
    weeks: Sequence[Week],
    *,
    width: int,
    reference: float | None,
    percent: Callable[[float], str],
    day: Callable[[date], str],
) -> Drawing:
    """Draw the weeks. Time runs from left to right in every language.

    Args:
        weeks: In order of time; a missing one leaves a gap.
        width: Of the drawing.
        reference: The figure of the whole period, drawn as a dashed line.
        percent: How a share of the scale is written.
        day: How a day of the scale is written.

    Returns:
        The drawing. Hatched weeks are those whose windows have not all closed; the strip at the foot says how many.
    """
    import altair as alt

    height = 250 if width <= NARROW else 300
    first = weeks[0].start.toordinal()
    place = _Place(width, height, first, (weeks[-1].start.toordinal() - first) // 7 + 1)
    ends = [end for week in weeks if week.value is not None for end in (week.low, week.high)]
    ends += [reference] if reference is not None else []
    scale = ticks(min(ends), max(ends)) if ends else [0.0, 0.5, 1.0]
    tall = place.bottom - _TOP

    def up(share: float) -> float:
        return place.bottom - tall * (share - scale[0]) / (scale[-1] - scale[0])

    x_scale = alt.Scale(domain=[0, width], range=[0, width], nice=False)
    y_scale = alt.Scale(domain=[0, height], range=[0, height], nice=False)

    def x(field: str) -> Any:
        return alt.X(field, type="quantitative", scale=x_scale, axis=None)

    def y(field: str) -> Any:
        return alt.Y(field, type="quantitative", scale=y_scale, axis=None)

    def chart(records: list[dict[str, Any]]) -> Any:
        return alt.Chart(alt.InlineData(records))

    shares = [{"x": _LEFT, "end": width - _RIGHT, "y": up(tick), "text": percent(tick)} for tick in scale]
    days = [
        {"x": place.x(week.start) + place.step / 2, "y": height - 6, "text": day(week.start)}
        for week in _named(weeks, width)
    ]
    columns = [
        {
            "x": place.x(week.start),
            "end": place.x(week.start) + place.step,
            "top": _TOP,
            "bottom": place.bottom,
            "full": height - _FOOT,
            "closed": height - _FOOT - (_STRIP - 6) * week.maturity,
            "open": height - _FOOT - (_STRIP - 6),
            "title": week.title,
            "fill": "transparent" if week.complete else "url(#hatch)",
        }
        for week in weeks
    ]
    points = [
        {
            "x": place.x(week.start) + place.step / 2,
            "y": up(week.value),
            "low": up(week.low),
            "high": up(week.high),
            "run": run,
            "whole": week.complete,
        }
        for week, run in zip(weeks, _runs(weeks), strict=True)
        if week.value is not None
    ]
    whole = [point for point in points if point["whole"]]
    partly = [point for point in points if not point["whole"]]
    alone = [point for point in whole if sum(other["run"] == point["run"] for other in whole) == 1]
    layers = [
        chart(columns)
        .mark_rect(stroke=None)
        .encode(x("x"), y("top"), x2="end", y2="bottom", fill=alt.Fill("fill", type="nominal", scale=None)),
        chart(shares).mark_rule(color=paint("grid")).encode(x("x"), y("y"), x2="end"),
        chart(shares)
        .mark_text(color=paint("soft"), align="right", dx=-8, baseline="middle")
        .encode(x("x"), y("y"), text="text:N"),
        chart(columns)
        .mark_rect(fill=paint("grid"), stroke=paint("paper"), strokeWidth=0.5)
        .encode(x("x"), y("open"), x2="end", y2="full"),
        chart(columns)
        .mark_rect(fill=paint("neutral"), stroke=paint("paper"), strokeWidth=0.5)
        .encode(x("x"), y("closed"), x2="end", y2="full"),
        chart(whole)
        .mark_area(color=paint("settled-band"), opacity=1)
        .encode(x("x"), y("low"), y2="high", detail="run:N"),
    ]
    if reference is not None:
        line = chart([{"x": _LEFT, "end": width - _RIGHT, "y": up(reference)}])
        layers.append(line.mark_rule(color=paint("neutral"), strokeDash=[3, 3]).encode(x("x"), y("y"), x2="end"))
    size = 40 if place.step > 14 else 18
    layers += [
        chart([*partly, *alone]).mark_rule(color=paint("settled"), strokeWidth=1.5).encode(x("x"), y("low"), y2="high"),
        chart(whole)
        .mark_line(color=paint("settled"), strokeWidth=2.5, strokeJoin="round")
        .encode(x("x"), y("y"), detail="run:N"),
        chart(whole if place.step > 9 else alone)
        .mark_point(filled=False, fill=paint("settled"), stroke=paint("paper"), opacity=1, size=size, strokeWidth=1)
        .encode(x("x"), y("y")),
        chart(partly)
        .mark_point(filled=False, fill=paint("paper"), stroke=paint("settled"), opacity=1, size=size, strokeWidth=1.8)
        .encode(x("x"), y("y")),
        chart(days)
        .mark_text(color=paint("soft"), baseline="bottom", fontSize=11.5)
        .encode(x("x"), y("y"), text="text:N"),
        chart(columns)
        .mark_rect(fill="transparent", stroke=None)
        .encode(x("x"), y("top"), x2="end", y2="full", description="title:N"),
    ]
    return draw(alt.layer(*layers), width, height)


def _runs(weeks: Sequence[Week]) -> list[int]:
    """A number for each week that changes where the line must break."""
    runs, current, before = [], 0, None
    for week in weeks:
        unbroken = (
            before is not None
            and week.value is not None
            and week.complete
            and before.value is not None
            and before.complete
            and week.start - before.start == timedelta(days=7)
        )
        current += 0 if unbroken else 1
        runs.append(current)
        before = week
    return runs


def _named(weeks: Sequence[Week], width: int) -> list[Week]:
    """The weeks whose first day is written, so that the words do not touch."""
    room = max(2, (width - _LEFT) // 110)
    every = -(-len(weeks) // room)
    return list(weeks)[every // 2 :: every] if len(weeks) > 1 else list(weeks)
