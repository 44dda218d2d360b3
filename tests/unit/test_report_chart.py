"""Charts are sound Vega-Lite, colours are legible, and every sentence can be translated."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from babel.messages.catalog import Catalog

from firstcontact.doors.report import theme, translation
from firstcontact.doors.report.build import render
from firstcontact.doors.report.charts import drawing
from firstcontact.doors.report.charts.axis import ticks
from firstcontact.doors.report.charts.hundred import parts
from firstcontact.doors.report.charts.trend import Week, trend
from firstcontact.doors.report.notation import shown
from tests import run_factory


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
    """Template and translations are as the code says, and Hebrew is complete with every part in place."""
    wanted = translation.collect()
    with translation.TEMPLATE.open("rb") as file:
        from babel.messages.pofile import read_po

        template = read_po(file)
    assert _ids(template) == _ids(wanted), "run python -m firstcontact.doors.report.translation"
    for language in translation.languages()[1:]:
        catalog = translation.read(language)
        assert _ids(catalog) == _ids(wanted)
        assert [message.id for message in catalog if message.id and not _whole(message.string)] == []
        assert [message.id for message in catalog if message.id and list(message.check(catalog))] == []


def _whole(string: object) -> bool:
    return all(string) if isinstance(string, (list, tuple)) else bool(string)
