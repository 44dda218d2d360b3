"""Charts are sound Vega-Lite, colours are legible, and every sentence can be translated."""

from __future__ import annotations

import dataclasses
import itertools
import re
from datetime import date, timedelta

import pytest
from babel.messages.catalog import Catalog

from firstcontact.doors.report import theme, translation
from firstcontact.doors.report.build import render
from firstcontact.doors.report.charts import drawing
from firstcontact.doors.report.charts.axis import marks, ticks
from firstcontact.doors.report.charts.dots import Dot, dots
from firstcontact.doors.report.charts.hundred import parts
from firstcontact.doors.report.charts.line import Point, Series, line
from firstcontact.doors.report.charts.scatter import Limit, Unit, scatter
from firstcontact.doors.report.charts.trend import Week, trend
from firstcontact.doors.report.notation import shown
from firstcontact.doors.report.sections import catalog
from firstcontact.doors.report.writer import Writer
from tests import report_pieces, run_factory


def luminance(colour: str) -> float:
    """WCAG 2 relative luminance."""
    linear = []
    for start in (1, 3, 5):
        part = int(colour[start : start + 2], 16) / 255
        linear.append(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_text_and_marks_can_be_read_and_seen(tokens: dict[str, str]) -> None:
    """Text reaches 4.5 to 1 and marks 3 to 1 on their ground, in light and in dark (WCAG AA)."""
    assert [pair for pair in theme.TEXT_PAIRS if contrast(tokens[pair[0]], tokens[pair[1]]) < 4.5] == []
    assert [pair for pair in theme.MARK_PAIRS if contrast(tokens[pair[0]], tokens[pair[1]]) < 3] == []


def test_light_and_dark_name_the_same_roles() -> None:
    """A role without a colour in the dark would be invisible there."""
    assert theme.LIGHT.keys() == theme.DARK.keys()
    with pytest.raises(KeyError):
        theme.paint("magenta")


def test_charts_are_valid_vega_lite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chart of a report holds against Vega-Lite's schema."""
    import altair as alt

    specs = []
    draw = drawing.Sheet.draw

    def keep(sheet: drawing.Sheet) -> drawing.Drawing:
        specs.append(sheet.spec)
        return draw(sheet)

    monkeypatch.setattr(drawing.Sheet, "draw", keep)
    render(run_factory.servicenow_like())
    assert len(specs) == 10
    report_pieces.write(run_factory.centre(), Writer.of("he", "UTC"))
    assert len(specs) == 10 + 6
    for spec in specs:
        alt.Chart.from_dict(spec, validate=True)


def test_a_chart_holds_no_name_from_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names stand in the page's text, where they are escaped; drawings know only numbers and dates."""
    contents = []
    draw = drawing.Sheet.draw
    monkeypatch.setattr(drawing.Sheet, "draw", lambda sheet: contents.append(draw(sheet)) or contents[-1])
    render(run_factory.hostile())
    assert contents
    assert [name for name in run_factory.HOSTILE for it in contents if name.strip() and name[:20] in it.content] == []


def test_a_gap_or_an_open_week_breaks_the_line() -> None:
    """A line joins only complete weeks that follow one another."""
    start = date(2016, 1, 4)

    def week(index: int, value: float | None = 0.7, maturity: float = 1.0) -> Week:
        return Week(start + timedelta(weeks=index), value, 0.6, 0.8, maturity, maturity < 1, f"week {index}")

    weeks = [week(0), week(1), week(3), week(4), week(5, None), week(6), week(7), week(8, 0.7, 0.5)]
    drawn = trend(weeks, width=1040, reference=None, percent=str, day=str)
    lines = [part for part in drawn.content.split("<path") if 'fill="none"' in part or "stroke-linejoin" in part]
    joined = [part for part in lines if 'stroke-width="2.5"' in part]
    assert len(joined) == 3
    assert drawn.content.count("url(#hatch)") == 1
    assert all(f"<title>week {index}</title>" in drawn.content for index in (0, 5, 8))


def test_a_nowcast_goes_on_from_the_last_complete_week() -> None:
    """Where an open week has a nowcast, a dashed line in a paler band leads to it from the last complete week; without
    one nothing does."""
    start = date(2016, 1, 4)
    weeks = [Week(start + timedelta(weeks=k), 0.7, 0.6, 0.8, 1.0, False, f"week {k}") for k in range(5)]
    weeks += [Week(start + timedelta(weeks=5), None, 0, 0, 0.2, True, "open", (0.72, 0.5, 0.9))]
    drawn = trend(weeks, width=1040, reference=None, percent=str, day=str).content
    assert drawn.count('stroke-dasharray="6,4"') == 1
    assert "0.5</text>" in drawn
    plain = trend([*weeks[:5], dataclasses.replace(weeks[5], nowcast=None)], width=1040, reference=None, percent=str,
                  day=str).content  # fmt: skip
    assert 'stroke-dasharray="6,4"' not in plain


def test_lines_stand_before_bands_and_inside_the_scale() -> None:
    """No band hides a line, a fit is dashed, and an interval that leaves the scale ends at its edge."""
    ticks_across, ticks_up = [(0.0, "0"), (10.0, "10")], [(0.0, "0%"), (1.0, "100%")]
    seen = Series([Point(0, 0.1, -0.5, 0.4, "day 0"), Point(10, 0.9, 0.6, 1.5, "day 10")])
    fit = Series([Point(0, 0.2, 0.2, 0.2), Point(10, 0.8, 0.8, 0.8)], "returned", dashed=True)
    drawn = line([seen, fit], width=350, across=ticks_across, up=ticks_up).content
    assert drawn.index("var(--settled-band)") < drawn.index("var(--returned)") < drawn.index('"var(--settled)"')
    assert drawn.count("var(--returned-band)") == 0
    assert drawn.count('stroke-dasharray="6,4"') == 1
    heights = [float(y) for y in re.findall(r"[ML][\d.]+,(-?[\d.]+)", drawn)]
    assert min(heights) >= 0
    assert max(heights) <= 240
    assert all(f"<title>day {day}</title>" in drawn for day in (0, 10))


def test_what_lies_outside_a_funnel_is_a_diamond_with_its_mark() -> None:
    """Form and mark say what colour says; units inside have neither."""
    ticks_across, ticks_up = [(0.0, "0"), (100.0, "100")], [(0.5, "50%"), (1.0, "100%")]
    limits = [Limit(10, 0.2, 1.0), Limit(100, 0.7, 0.8)]
    inside, odd = Unit(50, 0.75, mark="1", title="one"), Unit(90, 0.6, odd=True, mark="2", title="two")
    drawn = scatter([inside, odd], limits, middle=0.75, width=350, across=ticks_across, up=ticks_up).content
    assert ">2</text>" in drawn
    assert ">1</text>" not in drawn
    assert "<title>one</title>" in drawn
    assert "<title>two</title>" in drawn
    assert drawn.count('fill="var(--returned)"') == 1
    only = scatter([inside], limits, middle=0.75, width=350, across=ticks_across, up=ticks_up).content
    assert 'fill="var(--returned)"' not in only


def test_a_flagged_dot_has_another_form() -> None:
    """A diamond among circles, whatever its colour."""
    plain = [Dot(0.7, 0.6, 0.8), Dot(0.5, 0.4, 0.6)]
    odd = [plain[0], dataclasses.replace(plain[1], odd=True)]
    one, other = (dots(rows, reference=0.7, label=str).content for rows in (plain, odd))
    assert one.count("A") > other.count("A")  # a circle is drawn with arcs


def test_numbers_on_a_scale_are_round_and_hold_the_data() -> None:
    """Few, evenly apart, one, two or five times a power of ten, on both sides of the data, of any size."""
    for low, high in ((0, 1), (0, 87), (3, 3), (-7, 12), (0, 0), (1e-6, 4e-6), (12_000, 94_321), (0, 42)):
        found = marks(low, high)
        steps_ = {round(after - before, 12) for before, after in itertools.pairwise(found)}
        assert found[0] <= low + 1e-9
        assert found[-1] >= high - 1e-9
        assert 2 <= len(found) <= 7
        assert max(steps_) - min(steps_) < 1e-9 * max(1, abs(high))


def test_every_piece_of_a_section_has_its_numbers_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chart has a table behind it, drawn rows and matrices are tables, and the page is sound with all of them."""
    monkeypatch.setattr(catalog, "SECTIONS", (report_pieces.write,))
    for language in ("en", "he"):
        html = render(run_factory.centre(), language)
        assert html.count('<figure class="trend">') == html.count("<details>") == 2
        assert html.count('class="matrix"') == 1
        assert html.count('role="table"') == 2
        assert html.count("<svg") == html.count("</svg>")
        for number in ("28", "97%", "780"):
            assert number in html


def test_a_hundred_squares_are_a_hundred() -> None:
    """Settled, uncertain and returned squares add up, whatever the interval."""
    for low, high in itertools.combinations_with_replacement((0.0, 0.004, 0.335, 0.745, 0.995, 1.0), 2):
        assert sum(parts(low, high)) == 100
        assert min(parts(low, high)) >= 0


def test_the_scale_holds_what_is_drawn_on_it() -> None:
    """Ticks are in order, inside 0 to 1, and enclose the data."""
    ends = (0.0, 0.0001, 0.333, 0.7421, 0.7429, 0.999, 1.0)
    for low, high in itertools.combinations_with_replacement(ends, 2):
        found = ticks(low, high)
        assert found == sorted(set(found))
        assert len(found) >= 2
        assert found[0] <= low + 1e-9
        assert found[-1] >= high - 1e-9
        assert found[0] >= 0
        assert found[-1] <= 1


def test_a_shown_name_is_short_and_never_turns_the_text_around() -> None:
    """What stands on the page is bounded and free of overrides; ordinary right-to-left names are whole."""
    assert shown("שאלה על חשבון") == "שאלה על חשבון"
    for name in run_factory.HOSTILE:
        assert len(shown(name)) <= 72
        assert not set(shown(name)) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b")


def _ids(catalog: Catalog) -> set[object]:
    return {tuple(m.id) if isinstance(m.id, (list, tuple)) else m.id for m in catalog if m.id}


def test_every_sentence_is_collected_and_translated() -> None:
    """Template and translations are as the code says, and each language that is offered is complete."""
    wanted = translation.collect()
    with translation.TEMPLATE.open("rb") as file:
        from babel.messages.pofile import read_po

        template = read_po(file)
    assert _ids(template) == _ids(wanted), "run python -m firstcontact.doors.report.translation"
    for language in translation.languages()[1:]:
        catalog = translation.read(language)
        assert _ids(catalog) == _ids(wanted)
        assert [message.id for message in catalog if message.id and not _whole(message.string)] == []


def _whole(string: object) -> bool:
    return all(string) if isinstance(string, (list, tuple)) else bool(string)
