"""When customers come back: for each reason how late, until when, and how many of them would have come anyway."""

from __future__ import annotations

import bisect
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from firstcontact.doors.report.charts.axis import marks
from firstcontact.doors.report.charts.dots import Dot, dots
from firstcontact.doors.report.charts.line import Point, Series, line
from firstcontact.doors.report.section import Block, Chart, Line, Paragraph, Rows, Section, Table
from firstcontact.doors.report.theme import NARROW, WIDE
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.fit.model import HOURS, LAG_EDGES, ReturnModel
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.run import Run

WINDOW = "repeat_window_days"
LISTED = 25
"""Reasons with a window that are shown at once, those with the most caused returns."""
DRAWN = 8
"""Reasons whose curve is drawn, those with the most caused returns."""
OPEN = 1
"""Curves that are unfolded at first."""
UNLEARNED = 60
"""Reasons without a window that are listed."""
SHORT_DAYS = 12
"""Curves that end earlier are drawn by the hour in their first day."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One reason, folded.

    Attributes:
        name: The reason.
        summary: What one reads before unfolding it.
        open: Whether it is unfolded at first.
        blocks: What it holds.
    """

    name: str
    summary: str
    open: bool
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Returning:
    """The section.

    Attributes:
        before: What stands above the curves.
        curves: One reason each.
        after: What stands below them.
    """

    before: Sequence[Block]
    curves: Sequence[Curve]
    after: Sequence[Block]


def write(run: Run, writer: Writer) -> list[Section]:
    """The section; none where nothing was said about windows."""
    return _written(run, writer, DRAWN)


def brief(run: Run, writer: Writer) -> list[Section]:
    """The same without the curves, which stand on the pages of their reasons."""
    return _written(run, writer, 0)


def _written(run: Run, writer: Writer, drawn: int) -> list[Section]:
    rows = run.select(WINDOW)
    if not rows:
        return []
    models = {model.reason: model for model in run.fit.models}
    known = sorted(
        ((row, models[_reason(row)]) for row in rows if isinstance(row.result, Estimate) and _reason(row) in models),
        key=lambda pair: (-pair[1].caused_returns, pair[1].reason),
    )
    unknown = [row for row in rows if isinstance(row.result, Refusal)]
    before: list[Block] = []
    if known:
        before = [Paragraph(_takeaway(known, writer), "strong")]
        before.append(
            Paragraph(
                writer.say(
                    "Some returns are caused by the contact before, others would have come anyway. The caused ones "
                    "come early and then stop; a reason's window ends where %(share)s of them have come. One window "
                    "for all reasons cuts some short and blames others for coincidence.",
                    share=writer.notation.percent(0.95),
                )
            )
        )
        before.append(_windows(known[:LISTED], writer))
        if len(known) > LISTED:
            before.append(Paragraph(writer.more(len(known) - LISTED), "more"))
    else:
        before = [Paragraph(_nothing(unknown, writer), "strong")]
    level = run.policy.publish.level
    curves = [_curve(row, model, level, place < OPEN, writer) for place, (row, model) in enumerate(known[:drawn])]
    told = Returning(before, curves, _unlearned(unknown, bool(known), writer))
    return [Section("returning", writer.say("When customers come back"), part="returning", data=told)]


def of_reason(run: Run, writer: Writer, reason: str) -> list[Section]:
    """The same of one reason: its curve, or what it lacks; none where nothing was said about its window."""
    row = next((row for row in run.about("reason", reason) if row.measure == WINDOW and len(row.cell) == 1), None)
    if row is None:
        return []
    model = next((model for model in run.fit.models if model.reason == reason), None)
    blocks: list[Block] = []
    told = writer.figure(row.result)
    if told.refused:
        why, helps = (text + writer.notation.stop for text in (told.refused.reason, told.refused.helps))
        blocks = [
            Paragraph(writer.say("No window of its own: %(why)s", why=why), "strong"),
            Paragraph(writer.say("What would change it: %(helps)s", helps=helps)),
        ]
    elif model is not None:
        curve = _curve(row, model, run.policy.publish.level, True, writer)
        window = writer.say(
            "%(share)s of the caused returns have come after %(days)s (%(interval)s).",
            share=writer.notation.percent(0.95),
            days=told.value,
            interval=told.interval,
        )
        blocks = [Paragraph(window, "strong"), *curve.blocks]
    return [Section("returning", writer.say("When customers come back"), blocks)] if blocks else []


def _reason(row: ResultRow) -> str:
    return row.cell.get(row.by, "")


def _named(reason: str, writer: Writer) -> str:
    return writer.name(reason) if reason else writer.say("all contacts")


def _days(days: float, writer: Writer) -> str:
    return writer.notation.decimal(days, 1 if days < SHORT_DAYS and days != int(days) else 0)


def _takeaway(known: Sequence[tuple[ResultRow, ReturnModel]], writer: Writer) -> str:
    timed = [(row, row.result) for row, _ in known if isinstance(row.result, Estimate)]
    first, last = (pick(timed, key=lambda pair: pair[1].value) for pick in (min, max))
    days = [writer.figure(result).value for _, result in (first, last)]
    if days[0] == days[1]:
        return writer.say("Returns that were caused have come after %(days)s.", days=days[0])
    return writer.say(
        "No one window fits all: caused returns have come after %(first_days)s for %(first)s, but only after "
        "%(last_days)s for %(last)s.",
        first_days=days[0],
        first=writer.notation.apart(_named(_reason(first[0]), writer)),
        last_days=days[1],
        last=writer.notation.apart(_named(_reason(last[0]), writer)),
    )


def _nothing(unknown: list[ResultRow], writer: Writer) -> str:
    """That no reason was learned, and what most of them lack."""
    lacked = Counter((row.result.reason, row.result.would_help) for row in unknown if isinstance(row.result, Refusal))
    texts = {str(text): text for row in unknown if isinstance(row.result, Refusal)
             for text in (row.result.reason, row.result.would_help)}  # fmt: skip
    (why, helps), count = lacked.most_common(1)[0]
    if count == len(unknown):
        return writer.say(
            "For none of the reasons can caused returns be told from coincidence: %(why)s What would change it: "
            "%(helps)s",
            why=writer.tell(texts[why]),
            helps=writer.tell(texts[helps]),
        )
    return writer.say(
        "For none of the reasons can caused returns be told from coincidence; the table says what each lacks."
    )


def _windows(known: Sequence[tuple[ResultRow, ReturnModel]], writer: Writer) -> Rows:
    number = writer.notation
    lines, places = [], []
    for row, model in known:
        if not isinstance(row.result, Estimate):
            continue
        told = writer.figure(row.result)
        days = _days(model.tau_days, writer)
        note = writer.say("no return within %(days)s days", days=days)
        if model.returns_until_tau:
            note = writer.say(
                "%(caused)s of %(returns)s returns within %(days)s days were caused (%(share)s)",
                caused=number.count(model.caused_returns),
                returns=number.count(model.returns_until_tau),
                days=days,
                share=number.percent(model.caused_returns / model.returns_until_tau),
            )
        href = writer.links.reason(model.reason) if model.reason else ""
        lines.append(Line(_named(model.reason, writer), told.value, told.interval, note, href=href))
        places.append(Dot(row.result.value, row.result.low, row.result.high))
    scale = marks(0, max(dot.high for dot in places))
    drawing = dots(places, reference=None, label=number.count, scale=scale)
    headings = (writer.say("Reason"), writer.say("window"), writer.say("returns that were caused"))
    return Rows("windows", headings, lines, drawing, True, writer.say("The window of each reason"))


def _curve(row: ResultRow, model: ReturnModel, level: float, is_open: bool, writer: Writer) -> Curve:
    name, told = _named(model.reason, writer), writer.figure(row.result)
    summary = writer.say("window of %(days)s (%(interval)s)", days=told.value, interval=told.interval)
    return Curve(name, summary, is_open, [Paragraph(_split(model, level, writer)), _chart(model, level, name, writer)])


def _split(model: ReturnModel, level: float, writer: Writer) -> str:
    number = writer.notation
    said = [
        writer.say(
            "Of %(openers)s issues, %(returns)s came back within %(days)s days; about %(caused)s of these returns were "
            "caused, the other %(others)s would have come anyway.",
            openers=number.count(model.openers),
            returns=number.count(model.returns_until_tau),
            days=_days(model.tau_days, writer),
            caused=number.count(model.caused_returns),
            others=number.count(model.returns_until_tau - round(model.caused_returns)),
        )
    ]
    if model.r_fcr is not None and model.r_low is not None and model.r_high is not None:
        result = Estimate(model.r_fcr, model.r_low, model.r_high, level, model.openers, "")
        told = writer.figure(result)
        said.append(writer.say("R-FCR: %(value)s (%(interval)s).", value=told.value, interval=told.interval))
    if model.cycle_days is not None:
        said.append(
            writer.say(
                "Coincidental returns bunch every %(days)s days, as bills do; that is taken into account.",
                days=_days(model.cycle_days, writer),
            )
        )
    if model.family:
        said.append(
            writer.say(
                "Too rare to be timed alone: how late its returns come is taken from its family, %(family)s.",
                family=number.apart(writer.name(model.family)),
            )
        )
    return number.running(said)


def _chart(model: ReturnModel, level: float, name: str, writer: Writer) -> Chart:
    number = writer.notation
    last = max(model.tau_days, model.window_high or 0.0, 2.0)
    across = [(day, number.count(day)) for day in marks(0, math.ceil(last), 8)]
    up = [(share, number.percent(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    end = across[-1][0]
    wide_by = NormalDist().inv_cdf(0.5 + level / 2)
    come = Series([_come(model, place, wide_by, writer) for place in _places(end, HOURS if end > SHORT_DAYS else 1)])
    caused = Series(_caused(model, end), "returned", dashed=True)
    both = (come, caused)
    wide, narrow = (line(both, width=width, across=across, up=up) for width in (WIDE, NARROW))
    days = [day for day in (1, 2, 3, 5, 7, 10, 14, 21, 28, 35, 42, 60, 90, 120) if day <= end]
    rows = []
    for day in days:
        place = bisect.bisect_left(LAG_EDGES, float(day))
        low, high = _band(model, place, wide_by)
        rows.append(
            (
                number.count(day),
                number.percent(model.latency[place]),
                number.span(number.count(100 * low), number.count(100 * high)),
                number.percent(model.caused[min(place, len(model.caused) - 1)]),
            )
        )
    columns = [
        writer.say("Days after the contact"),
        writer.say("caused returns that have come"),
        writer.say("interval"),
        writer.say("chance that a return on that day was caused"),
    ]
    alternative = writer.say(
        "By day %(days)s, %(share)s of the caused returns have come; the chance that a return was caused falls to 0.",
        share=number.percent(0.95),
        days=_days(model.window_days or 0.0, writer),
    )
    keys = (
        ("line", writer.say("caused returns that have come, by days after the contact")),
        ("band", writer.say("its interval")),
        ("dashed returned", writer.say("chance that a return on that day was caused")),
    )
    table = Table(columns, rows, writer.say("The curve as a table"))
    title = writer.say("How late customers come back: %(reason)s", reason=number.apart(name))
    return Chart((wide, narrow), title, alternative, table, keys)


def _places(end: float, hours: int) -> list[int]:
    """Places of the lag grid up to a day: hours of the first day only where the whole curve is short."""
    return [place for place, lag in enumerate(LAG_EDGES) if lag <= end and (lag >= 1 or place % hours == 0)]


def _band(model: ReturnModel, place: int, wide_by: float) -> tuple[float, float]:
    half = wide_by * model.latency_se[place]
    return max(0.0, model.latency[place] - half), min(1.0, model.latency[place] + half)


def _come(model: ReturnModel, place: int, wide_by: float, writer: Writer) -> Point:
    lag, value = LAG_EDGES[place], model.latency[place]
    title = ""
    if lag >= 1:
        title = writer.say(
            "After %(days)s days %(share)s of the caused returns have come",
            days=_days(lag, writer),
            share=writer.notation.percent(value),
        )
    return Point(lag, value, *_band(model, place, wide_by), title)


def _caused(model: ReturnModel, end: float) -> list[Point]:
    """By the day: the middle of each day stands for it."""
    found = []
    for place, chance in enumerate(model.caused):
        lag, following = LAG_EDGES[place], LAG_EDGES[place + 1]
        middle = (lag + following) / 2
        if middle <= end and (lag >= 1 or end <= SHORT_DAYS):
            found.append(Point(middle, chance, chance, chance))
    return found


def _unlearned(unknown: list[ResultRow], beside: bool, writer: Writer) -> list[Block]:
    """Reasons without a window: why, and what would change it."""
    if not unknown:
        return []
    number = writer.notation
    unknown = sorted(unknown, key=lambda row: (-row.result.n, _reason(row)))
    rows = []
    for row in unknown[:UNLEARNED]:
        told = writer.figure(row.result)
        if told.refused:
            why, helps = told.refused.reason + number.stop, told.refused.helps + number.stop
            rows.append((writer.reason(_reason(row)) if _reason(row) else _named("", writer), told.n, why, helps))
    caption = writer.say_many(
        "%(number)s reason without a learned window, and what would change it",
        "%(number)s reasons without a learned window, and what would change it",
        len(unknown),
    )
    columns = [writer.say("Reason"), writer.say("issues"), writer.say("Why"), writer.say("What would change it")]
    blocks: list[Block] = [Table(columns, rows, caption, folded=True, words=(2, 3))]
    if not beside:
        blocks.insert(
            0,
            Paragraph(
                writer.say(
                    "Until then every reason is judged by the window that the policy declares, and coincidental "
                    "returns count against it."
                )
            ),
        )
    if len(unknown) > UNLEARNED:
        blocks.append(Paragraph(writer.more(len(unknown) - UNLEARNED), "more"))
    return blocks
