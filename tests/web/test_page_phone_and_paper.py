"""Lists on a small telephone, and pages that a browser prints: what counts is seen, and nothing that only clicks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstcontact.doors.web.page import static
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import Caller, caller_of
from tests.web.test_report import CHROMIUM, playwright
from tests.web.test_team_scope import asking, measured  # noqa: F401 - fixtures

HTML = {"Accept": "text/html"}

SEEN = """(names) => names.map((name) => {
  const label = (one) => getComputedStyle(one, "::before").content;
  const cell = [...document.querySelectorAll("tbody tr:first-child td")].find((one) => label(one).includes(name));
  const box = cell && cell.getBoundingClientRect();
  return Boolean(box && box.left >= 0 && box.right <= innerWidth && cell.innerText.trim());
})"""

SIDEWAYS = """() => [...document.querySelectorAll("html, .scroll")].filter((one) => one.scrollWidth > one.clientWidth)
  .map((one) => `${one.tagName} ${one.className} ${one.scrollWidth} > ${one.clientWidth}`)"""

PRINTED = """() => [...document.querySelectorAll("main *")].filter((one) => one.checkVisibility())
  .filter((one) => one.matches(".tour, form, button, input, select, textarea, .views, .columns-of"))
  .map((one) => one.outerHTML.slice(0, 80))"""

Browse = Callable[..., Any]


@pytest.fixture(scope="module")
def browse() -> Iterator[Browse]:
    """Shows a page that the service made, with its style sheet and without its script."""
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])

        def show(text: str, width: int) -> Any:
            page = browser.new_page(viewport={"width": width, "height": 700})
            page.route("**/*", lambda route: route.fulfill(body="", content_type="text/css"))
            style = f"<style>{static('style.css').decode()}</style>"
            page.set_content(re.sub("<(link|script)[^>]*>(</script>)?", "", text).replace("</head>", f"{style}</head>"))
            return page

        yield show
        browser.close()


@pytest.mark.parametrize("language", ["en", "he"])
def test_a_list_is_cards_on_a_telephone_and_a_table_for_who_listens(
    browse: Browse,
    asking: Caller,  # noqa: F811
    language: str,
) -> None:
    """At 320 px the reason and what came of it stand in view, first of all; nothing runs sideways; the headings lead to
    other orders still; and a screen reader is told of a table with its heads."""
    client = asking(Role.MANAGER)
    text = client.get("/contacts", headers=HTML | {"Accept-Language": language}).text
    page = browse(text, 320)
    labels = re.findall(r'<td data-label="([^"]*)" class="first"', text)[:2]
    assert len(set(labels)) == 2
    assert page.evaluate(SEEN, labels) == [True, True]
    assert page.evaluate(SIDEWAYS) == []
    heads = page.locator("thead th a")
    assert [heads.nth(at).bounding_box()["width"] > 0 for at in range(heads.count())] == [True] * heads.count()
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    told = Counter(one["role"]["value"] for one in tree if not one["ignored"] and "role" in one)
    assert (told["table"], told["row"], told["rowheader"]) == (1, 51, 50)
    assert (told["columnheader"], told["cell"]) == (heads.count(), 50 * (heads.count() - 1))
    wide = browse(text, 1280)
    assert wide.locator("td.first").first.evaluate("one => getComputedStyle(one, '::before').content") == "none"


def test_other_lists_are_cards_too(browse: Browse, asking: Caller) -> None:  # noqa: F811
    """Jobs, files and reasons: every value is labelled as its column is headed."""
    client = asking(Role.MANAGER)
    for path in ("/jobs", "/reasons"):
        text = client.get(path, headers=HTML).text
        page = browse(text, 320)
        table = page.locator("table.cards").last
        heads = set(table.locator("thead th").all_inner_texts())
        labels = set(table.evaluate("one => [...one.querySelectorAll('[data-label]')].map(td => td.dataset.label)"))
        assert labels, path
        assert labels <= heads, path
        box = table.bounding_box()
        assert box["x"] + box["width"] <= 320, path


def test_paper_holds_no_forms_and_says_what_it_rests_on(browse: Browse, measured: Service) -> None:  # noqa: F811
    """Nothing that only clicks is printed; the first sheet says run, policy and the end of the data, which the screen
    says at the foot; and an interval stays on its line."""
    client = caller_of(measured)(Role.MANAGER)
    kept = measured.runs.current()
    assert kept is not None
    for path in ("/", "/contacts", "/jobs"):
        page = browse(client.get(path, headers=HTML).text, 700)
        assert page.evaluate(PRINTED) != [], path
        page.emulate_media(media="print")
        assert page.evaluate(PRINTED) == [], path
    page = browse(client.get("/", headers=HTML).text, 700)
    line = page.locator(".on-sheets")
    assert line.is_hidden()
    page.emulate_media(media="print")
    assert line.is_visible()
    assert all(word in line.inner_text() for word in ("Data up to", "Policy", kept.id))
    assert line.bounding_box()["y"] < page.locator("h1").bounding_box()["y"]
    intervals = page.locator(".interval, .between")
    assert intervals.count() > 3
    assert set(intervals.evaluate_all("all => all.map(one => getComputedStyle(one).whiteSpace)")) == {"nowrap"}
