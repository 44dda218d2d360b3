"""The pages in a real browser without scripts: its cookies, its forms and its own rules about origins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_serve import PASSWORD, command, serving
from tests.web.test_report import CHROMIUM, playwright

EMAIL = "anna@example.org"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that really runs, with one account."""
    folder: Path = tmp_path_factory.mktemp("pages")
    said = command(folder, "account", "add", EMAIL, text=PASSWORD + "\n")
    assert said.returncode == 0, said.stderr
    with serving(folder) as (_, client):
        yield str(client.base_url)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium of the system."""
    with playwright.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


def test_one_logs_in_and_out_by_keyboard_on_a_phone(chromium: Any, address: str) -> None:
    """Without a script, from right to left and in English: log in, be known, log out; nothing is blocked that should
    not be, and no page is wider than its screen."""
    for language, direction, title in (("en", "ltr", "Log in"), ("he", "rtl", "כניסה")):
        context = chromium.new_context(
            java_script_enabled=False, locale=language, viewport={"width": 360, "height": 720}, has_touch=True
        )
        page = context.new_page()
        blocked: list[str] = []
        page.on("console", lambda message, found=blocked: found.append(message.text))
        page.goto(f"{address}/")
        assert "/login" in page.url
        assert page.locator("html").get_attribute("dir") == direction
        assert page.locator("h1").inner_text() == title
        page.locator("input[name=email]").focus()
        page.keyboard.type(EMAIL)
        page.keyboard.press("Tab")
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        page.locator("[role=alert]").wait_for()
        assert page.locator("input[name=email]").input_value() == EMAIL
        page.locator("input[name=password]").focus()
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.locator("dl").wait_for()
        assert EMAIL in page.locator("dl").inner_text()
        cookies = {one["name"]: one for one in context.cookies()}
        assert (cookies["firstcontact"]["httpOnly"], cookies["firstcontact"]["sameSite"]) == (True, "Lax")
        assert page.locator("body").bounding_box()["width"] <= 360
        page.locator("header button").click()
        page.locator("[role=status]").wait_for()
        page.goto(f"{address}/")
        assert "/login" in page.url
        assert [text for text in blocked if "Content Security Policy" in text] == []
        context.close()


def test_another_sites_form_changes_nothing(chromium: Any, address: str, tmp_path: Path) -> None:
    """A page from elsewhere that posts to the service with the reader's browser is refused, logged in or not."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{address}/login")
    page.fill("input[name=email]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    page.locator("dl").wait_for()
    trap = tmp_path / "trap.html"
    trap.write_text(f'<form method="post" action="{address}/logout"><button>Win!</button></form>', encoding="utf-8")
    page.goto(trap.as_uri())
    with page.expect_navigation() as moved:
        page.click("button")
    assert moved.value.status == 403
    page.goto(f"{address}/")
    assert EMAIL in page.locator("dl").inner_text()
    context.close()
