"""The share over time: a line and its interval where every window has closed, and plainly something else where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from firstcontact.doors.report.charts.axis import ticks
from firstcontact.doors.report.charts.drawing import Drawing, Record, Sheet
from firstcontact.doors.report.theme import NARROW, paint

_LEFT, _RIGHT, _TOP = 44, 8, 10
_STRIP, _FOOT = 18, 24
_HATCHED = 45
"""So much nearer to a line, words are still read better than on hatching."""


@dataclass(frozen=True, slots=True)
class Week:
    """One period of the trend.

    Attributes:
        start: Its first day.
        value: The share, with `low` and `high` its interval; None where there is no figure.
        low: Lower end of the interval.
        high: Upper end of the interval.
        maturity: Share of its issues whose window has closed, 0 to 1.
        open: Whether windows of it are still open, so that it is not complete.
        title: Its figures in words.
        nowcast: (value, low, high) that its figure is expected to reach; None where it is complete or nobody can say.
    """

    start: date
    value: float | None
    low: float
    high: float
    maturity: float
    open: bool
    title: str
    nowcast: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """A target.

    Attributes:
        value: The share aimed at.
        low: Lower end of what is tolerated; the value where nothing is.
        high: Upper end.
        since: It holds from this day on; None for all weeks.
        text: What its line is called.
    """

    value: float
    low: float
    high: float
    since: date | None
    text: str


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

    def middle(self, day: date) -> float:
        """The middle of the week."""
        return self.x(day) + self.step / 2


def trend(
    weeks: Sequence[Week],
    *,
    width: int,
    reference: float | None,
    percent: Callable[[float], str],
    day: Callable[[date], str],
    aim: Aim | None = None,
) -> Drawing:
    """Draw the weeks. Time runs from left to right in every language.

    Args:
        weeks: In order of time; a missing one leaves a gap.
        width: Of the drawing.
        reference: The figure of the whole period, drawn as a dashed line.
        percent: How a share of the scale is written.
        day: How a day of the scale is written.
        aim: The target; None where there is none.

    Returns:
        The drawing. Hatched weeks are those whose windows have not all closed; the strip at the foot says how many.
    """
    height = 250 if width <= NARROW else 300
    first = weeks[0].start.toordinal()
    place = _Place(width, height, first, (weeks[-1].start.toordinal() - first) // 7 + 1)
    ends = [end for week in weeks if week.value is not None for end in (week.low, week.high)]
    ends += [end for week in weeks for end in week.nowcast or ()]
    ends += [reference] if reference is not None else []
    ends += [aim.low, aim.high] if aim is not None else []
    scale = ticks(min(ends), max(ends)) if ends else [0.0, 0.5, 1.0]
    tall = place.bottom - _TOP

    def up(share: float) -> float:
        return place.bottom - tall * (share - scale[0]) / (scale[-1] - scale[0])

    sheet = Sheet(width, height)
    columns = _columns(weeks, place)
    sheet.add("rect", columns, {"strokeWidth": 0}, x="x", x2="end", y="top", y2="bottom", fill="fill")
    shares = [{"x": _LEFT, "end": width - _RIGHT, "y": up(tick), "text": percent(tick)} for tick in scale]
    sheet.add("rule", shares, {"color": paint("grid")}, x="x", x2="end", y="y")
    words = {"color": paint("soft"), "align": "right", "dx": -8, "baseline": "middle"}
    sheet.add("text", shares, words, x="x", y="y", text="text")
    for role, top in (("grid", "open"), ("neutral", "closed")):
        look = {"fill": paint(role), "stroke": paint("paper"), "strokeWidth": 0.5}
        sheet.add("rect", columns, look, x="x", x2="end", y=top, y2="full")
    span = _span(aim, weeks, place)
    if aim is not None and span and aim.low < aim.high:
        band = [{"x": span[0], "end": span[1], "y": up(aim.low), "top": up(aim.high)}]
        sheet.add("rect", band, {"color": paint("neutral"), "opacity": 0.16}, x="x", x2="end", y="y", y2="top")
    _add_shares(sheet, weeks, place, up)
    if reference is not None:
        line = [{"x": _LEFT, "end": width - _RIGHT, "y": up(reference)}]
        sheet.add("rule", line, {"color": paint("neutral"), "strokeDash": [3, 3]}, x="x", x2="end", y="y")
    if aim is not None and span:
        _add_aim(sheet, aim, span, weeks, place, up)
    days = [{"x": place.middle(week.start), "y": height - 6, "text": day(week.start)} for week in _named(weeks, width)]
    words = {"color": paint("soft"), "baseline": "bottom", "fontSize": 11.5}
    sheet.add("text", days, words, x="x", y="y", text="text")
    look = {"fill": "transparent", "strokeWidth": 0}
    sheet.add("rect", columns, look, x="x", x2="end", y="top", y2="full", description="title")
    return sheet.draw()


def _span(aim: Aim | None, weeks: Sequence[Week], place: _Place) -> tuple[float, float] | None:
    """From where to where a target is drawn; None where it holds for none of the weeks."""
    if aim is None:
        return None
    held = [week.start for week in weeks if aim.since is None or week.start >= aim.since]
    return (place.x(held[0]), place.width - _RIGHT) if held else None


def _add_aim(
    sheet: Sheet,
    aim: Aim,
    span: tuple[float, float],
    weeks: Sequence[Week],
    place: _Place,
    up: Callable[[float], float],
) -> None:
    """The line of a target and its name, which stands at whichever end of it the weeks leave more room."""
    if aim.low < aim.high:
        edges = [{"x": span[0], "end": span[1], "y": up(end)} for end in (aim.low, aim.high)]
        sheet.add(
            "rule", edges, {"color": paint("neutral"), "strokeWidth": 0.8, "opacity": 0.7}, x="x", x2="end", y="y"
        )
    line = [{"x": span[0], "end": span[1], "y": up(aim.value)}]
    look = {"color": paint("soft"), "strokeWidth": 1.5, "strokeDash": [9, 3, 2, 3]}
    sheet.add("rule", line, look, x="x", x2="end", y="y")
    long = 7.0 * len(aim.text) + 8
    places = []
    for left in (False, True):
        begin = span[0] if left else span[1] - long
        near = [week for week in weeks if begin - place.step < place.middle(week.start) < begin + long + place.step]
        hatched = any(week.open for week in near)
        for y in (up(aim.high) - 8, up(aim.low) + 9):
            if _TOP + 6 <= y <= place.bottom - 6:
                places.append((_room(near, y, up) - _HATCHED * hatched, left, y))
    if span[1] - span[0] < long or not places:
        return
    _, left, y = max(places, key=lambda one: one[0])
    words = {"color": paint("soft"), "align": "left" if left else "right", "baseline": "middle", "fontSize": 11.5}
    at = span[0] + 4 if left else span[1] - 4
    sheet.add("text", [{"x": at, "y": y, "text": aim.text}], words, x="x", y="y", text="text")


def _room(weeks: Sequence[Week], y: float, up: Callable[[float], float]) -> float:
    """How far the lines of some weeks stay away from a height."""
    seen = [week.nowcast or (week.value, week.low, week.high) for week in weeks]
    return min((abs(up(value) - y) for value, _, _ in seen if value is not None), default=1e9)


def _columns(weeks: Sequence[Week], place: _Place) -> list[Record]:
    """The ground of each week, and the strip that fills as its windows close."""
    foot = place.height - _FOOT
    return [
        {
            "x": place.x(week.start),
            "end": place.x(week.start) + place.step,
            "top": _TOP,
            "bottom": place.bottom,
            "full": foot,
            "closed": foot - (_STRIP - 6) * week.maturity,
            "open": foot - (_STRIP - 6),
            "title": week.title,
            "fill": "url(#hatch)" if week.open else "transparent",
        }
        for week in weeks
    ]


def _add_shares(sheet: Sheet, weeks: Sequence[Week], place: _Place, up: Callable[[float], float]) -> None:
    """Line and band for complete weeks, a ring and its interval for the others."""
    points = [
        {
            "x": place.middle(week.start),
            "y": up(week.value),
            "low": up(week.low),
            "high": up(week.high),
            "run": run,
            "whole": not week.open,
        }
        for week, run in zip(weeks, _runs(weeks), strict=True)
        if week.value is not None
    ]
    whole = [point for point in points if point["whole"]]
    partly = [point for point in points if not point["whole"]]
    in_run = Counter(point["run"] for point in whole)
    alone = [point for point in whole if in_run[point["run"]] == 1]
    size = 40 if place.step > 14 else 18
    solid = {"filled": False, "fill": paint("settled"), "stroke": paint("paper"), "strokeWidth": 1}
    ring = {"filled": False, "fill": paint("paper"), "stroke": paint("settled"), "strokeWidth": 1.8}
    dot = {"opacity": 1, "size": size}
    stroke = {"color": paint("settled"), "strokeWidth": 2.5, "strokeJoin": "round"}
    sheet.add("area", whole, {"color": paint("settled-band"), "opacity": 1}, x="x", y="low", y2="high", detail="run")
    _add_nowcast(sheet, weeks, place, up)
    sheet.add("rule", [*partly, *alone], {"color": paint("settled"), "strokeWidth": 1.5}, x="x", y="low", y2="high")
    sheet.add("line", whole, stroke, x="x", y="y", detail="run")
    sheet.add("point", whole if place.step > 9 else alone, {**solid, **dot}, x="x", y="y")
    sheet.add("point", partly, {**ring, **dot}, x="x", y="y")


def _add_nowcast(sheet: Sheet, weeks: Sequence[Week], place: _Place, up: Callable[[float], float]) -> None:
    """Where the line is expected to go: dashed, in a paler band, from the last complete week on."""
    expected = [
        {"x": place.middle(week.start), "y": up(value), "low": up(low), "high": up(high)}
        for week in weeks
        if week.nowcast
        for value, low, high in (week.nowcast,)
    ]
    if not expected:
        return
    complete = [week for week in weeks if week.value is not None and not week.open]
    if complete and complete[-1].value is not None:
        last = complete[-1]
        at = {"x": place.middle(last.start), "y": up(last.value or 0.0), "low": up(last.low), "high": up(last.high)}
        expected = [at, *expected]
    sheet.add("area", expected, {"color": paint("settled-band"), "opacity": 0.6}, x="x", y="low", y2="high")
    look = {"color": paint("settled"), "strokeWidth": 2, "strokeDash": [6, 4]}
    sheet.add("line", expected, look, x="x", y="y")


def _runs(weeks: Sequence[Week]) -> list[int]:
    """A number for each week that changes where the line must break."""
    runs, current, before = [], 0, None
    for week in weeks:
        unbroken = (
            before is not None
            and week.value is not None
            and not week.open
            and before.value is not None
            and not before.open
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
