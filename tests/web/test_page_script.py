"""The one script of the pages, in a real browser, over pages and a stream of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firstcontact.doors.web.page import static
from tests.web.test_report import CHROMIUM, playwright

ADDRESS = "http://page.test/policy/7"

STREAM = """window.EventSource = class {
  constructor() { window.stream = this; this.heard = {}; }
  addEventListener(name, told) { this.heard[name] = told; }
  close() {}
}"""

PAGE = """<!doctype html><html lang="en"><body{}><details class="self"></details>
<div class="progress" data-job="j1"><progress max="1" value="0"></progress> <span data-step>0</span></div>
<form method="post"><textarea id="toml">kept</textarea></form>
<p id="live" role="status"></p><template id="live-text"><a href="/x">New</a></template>
<script src="/static/app.js"></script></body></html>"""

ENDS = 'window.stream.heard.job({data: JSON.stringify({id: "j1", progress: 1, step: "done", ended: true})})'

Open = Callable[[str], Any]


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    """Gives a page whose body has some attributes, and which counts how often it was asked for."""
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def make(attributes: str) -> Any:
            page = browser.new_page()
            page.add_init_script(STREAM)
            page.asked = []

            def answer(route: Any) -> None:
                script = route.request.url.endswith("app.js")
                if not script:
                    page.asked.append(route.request.url)
                text = static("app.js").decode() if script else PAGE.format(attributes)
                route.fulfill(body=text, content_type="text/javascript" if script else "text/html")

            page.route("**/*", answer)
            page.goto(ADDRESS)
            return page

        yield make
        browser.close()


def test_a_page_is_loaded_anew_only_where_nothing_is_lost_by_it(opened: Open) -> None:
    """When the job ends that a page shows, the page is loaded anew; where somebody has written in it, or where it
    answers a form, what is there stays, and the end of the job is said and leads on."""
    page = opened("")
    with page.expect_navigation():
        page.evaluate(ENDS)
    assert page.asked == [ADDRESS, ADDRESS]
    page = opened("")
    page.fill("#toml", "half a thought")
    page.evaluate(ENDS)
    page.wait_for_timeout(200)
    assert (page.asked, page.input_value("#toml")) == ([ADDRESS], "half a thought")
    assert page.locator("[data-step] a").evaluate("one => [one.href, one.textContent]") == [ADDRESS, "done"]
    page = opened(' data-answers="/policy"')
    page.evaluate(ENDS)
    page.wait_for_timeout(200)
    assert page.asked == [ADDRESS]
    assert page.locator("[data-step] a").get_attribute("href") == "/policy"


def test_escape_puts_a_charts_numbers_away(opened: Open) -> None:
    """What stands over a drawing goes when Escape is pressed, without moving the pointer."""
    page = opened("")
    page.evaluate("show(Object.assign(document.querySelector('[data-step]'), {})); tip.textContent = '1'")
    assert page.locator(".tip").is_visible()
    page.keyboard.press("Escape")
    assert page.locator(".tip").is_hidden()


def test_new_figures_are_said_where_changes_are_read_out(opened: Open) -> None:
    """The notice is put into a place that was there before, and only where the run is another than the one shown."""
    page = opened(' data-run="r1"')
    place = page.locator("[role=status]#live")
    page.evaluate('window.stream.heard.run({data: "r1"})')
    assert place.inner_html() == ""
    page.evaluate('window.stream.heard.run({data: "r2"})')
    assert place.inner_html() == '<a href="/x">New</a>'


def test_an_empty_file_is_sent_plainly_so_that_the_answer_says_why_not(opened: Open) -> None:
    """It has no parts to send: the form goes as one without scripts does, and its answer stands beside the field. A
    file with something in it goes in parts."""
    form = """<form method="post" action="/imports/new" enctype="multipart/form-data" data-upload>
      <input name="csrf" value="t"><input name="source"><input id="file" name="file" type="file">
      <div data-sending hidden><progress></progress><span data-step data-arriving="On" data-failed="No"></span></div>
      <button>Bring it</button></form><p id="live"></p><script src="/static/app.js"></script>"""
    for text, address in ((b"", "/imports/new"), (b"a,b", "/api/v1/imports")):
        page = opened("")
        page.route("**/upload", lambda route: route.fulfill(body=form, content_type="text/html"))
        page.goto("http://page.test/upload")
        page.set_input_files("#file", {"name": "calls.csv", "mimeType": "text/csv", "buffer": text})
        with page.expect_request(lambda request: request.method == "POST") as sent:
            page.click("button")
        assert sent.value.url == f"http://page.test{address}"
