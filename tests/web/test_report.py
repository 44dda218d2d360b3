"""The report in a real browser: on a desk, on a phone, in the dark, from right to left, and on paper."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firstcontact.doors.report.build import render
from firstcontact.doors.report.sections import catalog
from tests import report_pieces, run_factory, told_runs

CHROMIUM = (
    os.environ.get("FIRSTCONTACT_CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
)

if CHROMIUM is None:
    pytest.skip("no Chromium on this machine (set FIRSTCONTACT_CHROMIUM to one)", allow_module_level=True)

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PAGES = {
    "incidents": (run_factory.servicenow_like, "en"),
    "hebrew": (run_factory.centre, "he"),
    "immature": (run_factory.all_immature, "en"),
    "hostile": (run_factory.hostile, "en"),
    "story": (told_runs.told, "en"),
    "story-he": (told_runs.told, "he"),
    "untold": (told_runs.untold, "en"),
}

WIDTHS = (1280, 900, 390, 320)
"""Pixels: a desk, a tablet, a telephone, a small one."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium of the system."""
    with playwright.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every page, written as a file."""
    folder = tmp_path_factory.mktemp("reports")
    addresses = {}
    for name, (run, language) in PAGES.items():
        path = folder / f"{name}.html"
        path.write_text(render(run(), language), encoding="utf-8")
        addresses[name] = path.as_uri()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "SECTIONS", (report_pieces.write,))
        for language in ("en", "he"):
            path = folder / f"pieces-{language}.html"
            path.write_text(render(run_factory.centre(), language), encoding="utf-8")
            addresses[f"pieces-{language}"] = path.as_uri()
    return addresses


def opened(browser: Any, address: str, width: int = 1280, **options: Any) -> Any:
    """A page of a width, with what it asked for and said on the console."""
    page = browser.new_context(viewport={"width": width, "height": 900}, **options).new_page()
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(address)
    return page


@pytest.mark.parametrize("name", PAGES)
def test_a_report_asks_for_nothing_and_says_nothing(browser: Any, files: dict[str, str], name: str) -> None:
    """Opening it makes no request but for the file, and leaves the console empty."""
    page = opened(browser, files[name])
    assert page.asked == [files[name]]
    assert page.said == []
    page.context.close()


@pytest.mark.parametrize("name", [*PAGES, "pieces-en", "pieces-he"])
def test_nothing_stands_outside_the_page(browser: Any, files: dict[str, str], name: str) -> None:
    """No width makes the page scroll sideways, with every table unfolded."""
    page = opened(browser, files[name], WIDTHS[0])
    page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        sizes = "[innerWidth, document.documentElement.scrollWidth - document.documentElement.clientWidth]"
        assert page.evaluate(sizes) == [width, 0]
    page.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_scale_stands_over_the_marks_it_measures(browser: Any, files: dict[str, str], width: int) -> None:
    """The head of a drawn table begins and ends where the drawings of its rows do, on every width."""
    page = opened(browser, files["incidents"], width)
    tables = page.evaluate(
        """() => [...document.querySelectorAll('.cut, .ranked, .defs')].map(table =>
            [...table.querySelectorAll('.graph:not(.bar) .slice')].map(it => {
                const box = it.getBoundingClientRect(); return [box.left, box.width]}))"""
    )
    assert len(tables) == 4
    for boxes in tables:
        assert len(boxes) > 2
        for left, wide in boxes:
            assert (left, wide) == pytest.approx(boxes[0], abs=0.6)
    page.context.close()


def test_hebrew_runs_from_right_to_left(browser: Any, files: dict[str, str]) -> None:
    """The page, its tables and its bars begin at the right; numbers keep their own order."""
    page = opened(browser, files["hebrew"])
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    boxes = page.evaluate(
        """() => { const row = document.querySelector('.ranked .tr:not(.head)');
        return ['.name', '.graph', '.returns', '.figure', '.n'].map(
            it => row.querySelector(it).getBoundingClientRect().x) }"""
    )
    assert boxes == sorted(boxes, reverse=True)
    page.context.close()


def test_every_drawing_has_a_name_and_its_numbers_in_a_table(browser: Any, files: dict[str, str]) -> None:
    """A drawing's title holds the value that stands in its own row; the trend's weeks are those of its table."""
    page = opened(browser, files["incidents"])
    rows = page.evaluate(
        """() => [...document.querySelectorAll('.tr:not(.head)')].map(row => ({
            titles: [...row.querySelectorAll('svg.slice[role=img]')].map(it => it.getAttribute('aria-label')),
            values: [...row.querySelectorAll('.value')].map(it => it.textContent)}))"""
    )
    assert len(rows) > 40
    for row in rows:
        for title in row["titles"]:
            assert any(value in title for value in row["values"]), row
    weeks = page.evaluate(
        """() => [...document.querySelectorAll('#weeks tbody tr')].map(row =>
            [...row.cells].map(cell => cell.textContent))"""
    )
    titles = page.evaluate("[...document.querySelectorAll('.chart.wide title')].slice(1).map(it => it.textContent)")
    assert len(titles) == len(weeks) == 14
    for week, title in zip(weeks, titles, strict=True):
        told = week[:3] if week[1][0].isdigit() else week[:2]
        assert all(cell in title for cell in told), (week, title)
    unnamed = page.evaluate(
        "[...document.querySelectorAll('svg')].filter(it => it.getAttribute('aria-hidden') != 'true'"
        " && !(it.getAttribute('role') == 'img' && it.getAttribute('aria-label'))).length"
    )
    assert unnamed == 0
    page.context.close()


def test_words_of_a_chart_do_not_touch(browser: Any, files: dict[str, str]) -> None:
    """Whatever fonts a machine has, no two words of the trend overlap, on a desk or on a phone."""
    for width, kind in ((1280, "wide"), (390, "narrow"), (320, "narrow")):
        page = opened(browser, files["hebrew"], width)
        boxes = page.evaluate(
            f"[...document.querySelectorAll('.chart.{kind} text')].map(it => it.getBoundingClientRect().toJSON())"
        )
        assert len(boxes) > 4
        for index, one in enumerate(boxes):
            for other in boxes[index + 1 :]:
                apart = one["right"] <= other["left"] or other["right"] <= one["left"]
                assert apart or one["bottom"] <= other["top"] + 3 or other["bottom"] <= one["top"] + 3
        page.context.close()


def test_the_dark_page_is_dark_and_paper_is_white(browser: Any, files: dict[str, str]) -> None:
    """Colours follow the reader's wish on a screen; print is always on a light ground."""
    page = opened(browser, files["incidents"], color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(20, 24, 27)"
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(ground) == "rgb(253, 253, 251)"
    page.context.close()


def test_print_cuts_no_chart(browser: Any, files: dict[str, str], tmp_path: Path) -> None:
    """On paper no figure, row or warning is broken over two pages, and the page becomes a PDF of a few sheets."""
    page = opened(browser, files["incidents"])
    page.emulate_media(media="print")
    broken = page.evaluate(
        """() => [...document.querySelectorAll('figure, .tr, .strip, .account')]
            .filter(it => getComputedStyle(it).breakInside != 'avoid').length"""
    )
    assert broken == 0
    target = tmp_path / "report.pdf"
    page.pdf(path=str(target), format="A4")
    assert 3 <= target.read_bytes().count(b"/Type /Page\n") <= 14
    page.context.close()


def test_the_keyboard_reaches_every_table(browser: Any, files: dict[str, str]) -> None:
    """Tables behind charts open with the keyboard alone."""
    page = opened(browser, files["incidents"])
    folded = page.evaluate("document.querySelectorAll('details').length")
    assert folded >= 3
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('details:not([open]) > summary')"):
            page.keyboard.press("Enter")
    assert page.evaluate("document.querySelectorAll('details[open]').length") == folded
    page.context.close()


@pytest.mark.parametrize("language", ["en", "he"])
def test_pieces_of_a_section_fit_a_phone_and_paper(browser: Any, files: dict[str, str], language: str) -> None:
    """A matrix scrolls inside its own frame with its row names in sight; on paper nothing is cut off or left behind a
    scroll bar, and the drawing for the desk is the one that is printed."""
    page = opened(browser, files[f"pieces-{language}"], 320)
    frame = page.evaluate(
        """() => { const table = document.querySelector('.matrix'), box = table.parentElement;
        const name = table.querySelector('tbody th'), from = name.getBoundingClientRect().x;
        box.scrollLeft = (getComputedStyle(box).direction == 'rtl' ? -1 : 1) * 90;
        return [table.scrollWidth > box.clientWidth, box.scrollLeft, name.getBoundingClientRect().x - from] }"""
    )
    assert frame[0]
    assert abs(frame[1]) == 90
    assert abs(frame[2]) <= 1
    shown = "[...document.querySelectorAll('.chart')].filter(it => it.getBoundingClientRect().width > 0).length"
    assert page.evaluate(shown) == 3
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 900})
    wide = "[...document.querySelectorAll('.chart.wide, .matrix')].map(it => it.getBoundingClientRect().width)"
    assert all(0 < width <= 680 for width in page.evaluate(wide))
    assert page.evaluate("getComputedStyle(document.querySelector('.matrix').parentElement).overflowX") == "visible"
    page.context.close()


def test_a_flag_needs_no_colour(browser: Any, files: dict[str, str]) -> None:
    """A flagged cell has a word beside its figure, and a mark of another form, with the word in its title."""
    page = opened(browser, files["incidents"])
    rows = page.evaluate(
        """() => [...document.querySelectorAll('.ranked .tr:not(.head)')].map(row => [
            row.querySelector('.flag') ? row.querySelector('.flag').textContent.trim() : '',
            row.querySelector('.graph:not(.bar) svg').getAttribute('aria-label')])"""
    )
    flags = [flag for flag, _ in rows if flag]
    assert flags
    assert {flag.removeprefix("◆ ") for flag in flags} <= {"above the rest", "below the rest"}
    assert all(label.endswith(flag.removeprefix("◆ ")) for flag, label in rows if flag)
    assert not any("the rest" in label for flag, label in rows if not flag)
    page.context.close()


def test_the_curves_of_reasons_open_by_the_keyboard_and_on_paper_only_the_open_one_stands(
    browser: Any, files: dict[str, str]
) -> None:
    """The first is open; Enter opens the next; paper holds what is open and nothing cut."""
    page = opened(browser, files["story"])
    folds = page.locator("details.fold")
    assert [folds.nth(place).evaluate("it => it.open") for place in range(folds.count())] == [True, False, False]
    folds.nth(1).locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert folds.nth(1).evaluate("it => it.open")
    page.emulate_media(media="print")
    assert folds.nth(1).is_visible()
    assert not folds.nth(2).is_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_refused_answer_says_why_in_its_own_row(browser: Any, files: dict[str, str], width: int) -> None:
    """Where T-FCR has no figure, the reason and what would help stand beside its name, wide enough to be read."""
    page = opened(browser, files["story"], width)
    lack = page.locator(".kinds .lack")
    assert lack.count() == 1
    assert "Review 80 more contacts" in lack.inner_text()
    box = lack.bounding_box()
    assert box["width"] > 250
    assert box["x"] + box["width"] <= width


def test_first_steps_lead_to_what_says_more(browser: Any, files: dict[str, str]) -> None:
    """Every link of the first steps has its section."""
    page = opened(browser, files["story"])
    places = page.locator(".steps-first a").evaluate_all("all => all.map(it => it.getAttribute('href'))")
    assert places == ["#opportunities", "#causes", "#downstream"]
    assert all(page.locator(place).count() == 1 for place in places)
