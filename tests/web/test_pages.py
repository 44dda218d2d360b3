"""The few pages: they work without a script, in the reader's language, and show nothing that one may not see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from babel.messages.pofile import read_po
from starlette.testclient import TestClient

from firstcontact.doors.api.app import create_app
from firstcontact.doors.report import words
from firstcontact.doors.web.catalog import PLACES
from firstcontact.doors.web.page import asset
from firstcontact.doors.web.translation import TEMPLATE, collect, languages
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.services.access import Principal, Role
from firstcontact.services.account import change_account
from firstcontact.services.contact_question import membership
from firstcontact.services.service import Service
from firstcontact.services.session import make_reset
from tests import told_runs
from tests.run_factory import row, share
from tests.service_fixture import caller_of
from tests.web.shown import Showing
from tests.web.test_accounts_api import WORDS, account

HTML = {"Accept": "text/html"}
EVIL = "<script>alert(1)</script>'\"&\u202e"
Browser = Callable[..., TestClient]


@pytest.fixture
def browser(served: Service) -> Browser:
    """Gives browsers that are not logged in; a form's token is in the page, so none is sent as a header."""

    def make(service: Service = served, **headers: str) -> TestClient:
        named = HTML | {name.replace("_", "-"): value for name, value in headers.items()}
        return TestClient(
            create_app(service), base_url=service.settings.url, headers=named, raise_server_exceptions=False
        )

    return make


def enter(client: TestClient, email: str, password: str = WORDS, **more: str) -> Any:
    """Log in by the form, and follow."""
    return client.post("/login", data={"email": email, "password": password, **more})


def test_one_logs_in_by_the_form_and_out_again(browser: Browser, served: Service) -> None:
    """Who is not known is asked to log in, comes to where they wanted to go, and logs out by a button that carries the
    session's token."""
    made = account(served, Role.MANAGER)
    client = browser()
    asked = client.get("/?a=1")
    assert str(asked.url).endswith("/login?next=/%3Fa%3D1") or str(asked.url).endswith("/login?next=%2F%3Fa%3D1")
    wrong = enter(client, made.email, "no")
    assert wrong.status_code == 401
    assert 'role="alert"' in wrong.text
    assert f'value="{made.email}"' in wrong.text
    home = enter(client, made.email, next="/?a=1")
    assert (home.status_code, str(home.url)) == (200, served.settings.url + "/?a=1")
    assert "Nothing was measured yet" in home.text
    assert 'href="/imports/new"' in home.text
    assert made.email in home.text
    assert client.post("/logout").status_code == 403
    token = re.findall(r'name="csrf" value="(\w+)"', home.text)[0]
    out = client.post("/logout", data={"csrf": token})
    assert "You are logged out." in out.text
    assert "/login" in str(client.get("/").url)


def test_a_password_is_set_by_a_code(browser: Browser, served: Service) -> None:
    """The form says what is wrong with a code or a password, and leads to logging in when it worked."""
    made = account(served)
    code = make_reset(served.sessions, made, actor="test", now=served.now())
    client = browser()
    assert "An administrator gave you a code" in client.get("/password").text
    new = "nine loud red kettles"
    assert "This code is wrong" in client.post("/password", data={"code": "guess", "new": new}).text
    assert "too easy to guess" in client.post("/password", data={"code": code, "new": "short"}).text
    assert "Your password is set" in client.post("/password", data={"code": f" {code} ", "new": new}).text
    assert "Nothing was measured yet" in enter(client, made.email, new).text


def test_nobody_is_led_away_after_logging_in(browser: Browser, served: Service) -> None:
    """Open redirect and header injection: what leads elsewhere, or breaks a line, leads home or stays one address."""
    made = account(served)
    for path in (
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:x=1",
        "/a\r\nSet-Cookie: x=1",
    ):
        client = browser()
        client.follow_redirects = False
        said = enter(client, made.email, next=path)
        place = said.headers["location"]
        assert said.status_code == 303
        assert place.startswith("/")
        assert not place.startswith(("//", "/\\"))
        assert "x" not in said.cookies
        assert len(said.headers.get_list("set-cookie")) == 1


def test_who_has_contacts_and_no_figures_may_measure_at_once(sqlite_service: Service) -> None:
    """A file is asked for where nothing has arrived; where contacts are, the button that measures them."""
    client = caller_of(sqlite_service)(Role.MANAGER)
    first = client.get("/", headers=HTML).text
    assert ('href="/imports/new"' in first, 'action="/jobs"' in first) == (True, False)
    sent = [{"contact_id": "c1", "started_at": "2026-01-05T10:00:00Z"}]
    assert caller_of(sqlite_service)(Role.ADMINISTRATOR).post("/api/v1/contacts", json=sent).status_code == 202
    then = client.get("/", headers=HTML).text
    assert ('class="button" href="/imports/new"' in then, 'action="/jobs"' in then) == (False, True)


def test_a_form_that_comes_too_late_leads_back_to_its_page(browser: Browser, served: Service) -> None:
    """Whoever logs in comes to where the form stands; what is no address of ours, or none at all, leads home."""
    client = browser()
    client.follow_redirects = False
    for referer, place in (
        (f"{served.settings.url}/jobs?state=failed", "%2Fjobs%3Fstate%3Dfailed"),
        ("http://[", "%2F"),
        ("https://evil.example", "%2F"),
    ):
        said = client.post("/jobs", headers={"Referer": referer})
        assert (said.status_code, said.headers["location"]) == (303, f"/login?next={place}")


def test_who_is_logged_out_by_a_change_is_told_why(browser: Browser, served: Service) -> None:
    """The log-in page says that a session was there and has ended, and of what; who never was here reads no such
    thing."""
    made = account(served, Role.MANAGER)
    client = browser()
    enter(client, made.email)
    change_account(served.accounts, made, {"role": Role.QUALITY}, actor="test", edition=made.edition, now=served.now())
    page = client.get("/jobs")
    assert str(page.url).endswith("/login?next=%2Fjobs&said=ended")
    assert "because your role, your teams or your password changed" in page.text
    assert "session has ended" not in browser().get("/jobs").text


PATHS = [place.path for place in PLACES if place.open_to(Principal("1", "m@example.org", Role.MANAGER))]


def test_every_figure_and_name_is_text(browser: Browser, served: Service, showing: Showing) -> None:
    """A team's name or a reason that would be a script stays what it is, turns no text around, and brings no style."""
    client = browser(showing(served, told_runs.hostile()))
    enter(client, account(served, Role.MANAGER).email)
    for path in PATHS:
        found = client.get(path)
        assert found.status_code == 200, path
        assert re.findall(r"<script[^>]*>", found.text) == [f'<script src="{asset("app.js")}" defer>'], path
        assert " style=" not in found.text, path
        assert not re.search(r"<[^>]* on\w+=", re.sub('"[^"]*"', '""', found.text)), path
        assert "\u202e" not in found.text, path
    failed = client.post("/login", data={"email": EVIL, "password": "x", "next": f"/{EVIL}"})
    assert "<script>" not in failed.text
    assert "&lt;script&gt;" in failed.text
    assert "<script>" not in client.get(f"/{EVIL}").text


@pytest.mark.parametrize(
    ("role", "teams", "sees"),
    [
        (Role.MANAGER, (), {"answer", "opportunities"}),
        (Role.ADMINISTRATOR, (), {"answer", "opportunities"}),
        (Role.TEAM_LEAD, ("North",), {"answer", "North"}),
        (Role.AGENT, ("North",), {"answer", "North"}),
        (Role.AGENT, (), {"answer"}),
    ],
)
def test_the_overview_shows_what_its_reader_may_see(
    browser: Browser, served: Service, showing: Showing, role: Role, teams: tuple[str, ...], sees: set[str]
) -> None:
    """Everybody sees the answer; what it is worth stands there for those who see all figures, and one's own teams for
    those who do not."""
    run = told_runs.told()
    rows = [row("fcr_issue", share(0.7, 400), "team", {"team": name}) for name in ("North", "South")]
    client = browser(showing(served, replace(run, rows=(*run.rows, *rows))))
    home = enter(client, account(served, role, *teams).email)
    main = home.text.partition("<main")[2]
    marks = {
        "answer": 'class="big"',
        "opportunities": 'id="opportunities"',
        "North": '<p class="name">North</p>',
        "South": '<p class="name">South</p>',
    }
    assert {name for name, mark in marks.items() if mark in main} == sees


def test_the_menu_holds_what_one_may_open(browser: Browser, served: Service, showing: Showing) -> None:
    """Each role's menu leads to pages that open, and every other page of the menu refuses it."""
    shown = showing(served, told_runs.told())
    for role in (Role.ADMINISTRATOR, Role.MANAGER, Role.QUALITY, Role.TEAM_LEAD, Role.AGENT):
        client = browser(shown)
        home = enter(client, account(served, role, "North").email)
        menu = set(re.findall(r'href="([^"]+)"', home.text.partition('<nav class="side"')[2].partition("</nav>")[0]))
        assert menu == {place.path for place in PLACES if client.get(place.path).status_code == 200}, role


def test_a_link_keeps_its_figures(browser: Browser, served: Service, showing: Showing) -> None:
    """An address that names a run shows that run, for whoever may see it; one that does not exist is not there."""
    client = browser(showing(served, told_runs.told()))
    home = enter(client, account(served, Role.MANAGER).email)
    link = re.findall(r'href="(/\?run=[^"]+)"', home.text)[0]
    assert client.get(link).status_code == 200
    assert client.get("/?run=20200101T000000Z-0").status_code == 404
    assert "/login" in str(browser(served).get(link).url)


def test_pages_speak_the_readers_language(browser: Browser, served: Service) -> None:
    """What the reader chose counts more than what the browser asks for; Hebrew runs from right to left."""
    assert {"en", "he"} <= set(languages())
    client = browser(Accept_Language="he-IL, en;q=0.5")
    said = client.get("/login")
    assert '<html lang="he" dir="rtl">' in said.text
    assert "כניסה" in said.text
    assert said.headers["content-language"] == "he"
    made = account(served)
    token = "t"
    home = enter(client, made.email)
    token = re.findall(r'name="csrf" value="(\w+)"', home.text)[0]
    client.patch("/api/v1/me", json={"language": "en"}, headers={"X-CSRF-Token": token})
    assert '<html lang="en" dir="ltr">' in client.get("/").text


def of_pages(catalog: Any) -> set[Any]:
    """Sentences of the pages themselves, without what measures are called."""
    return {one.id for one in catalog if one.id and any("catalog.py" not in place for place, _ in one.locations)}


def test_every_sentence_of_the_pages_is_in_the_template() -> None:
    """What measures are called comes from their catalogue. What a translation must have, `test_languages` says."""
    with TEMPLATE.open("rb") as file:
        assert of_pages(read_po(file)) == of_pages(collect()), "run python -m firstcontact.doors.web.translation"


def test_what_is_not_there_is_a_page_for_a_browser_and_data_for_a_program(browser: Browser, served: Service) -> None:
    """A browser gets words, a program the same problem as ever; the interface never answers with a page."""
    client = browser()
    page = client.get("/nothing")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here" in page.text
    assert client.get("/api/v1/nothing").headers["content-type"] == "application/problem+json"
    assert client.get("/nothing", headers={"Accept": "*/*"}).json()["code"] == "FC9302"
    assert client.get("/sso/start").status_code == 404
    style = client.get(asset("style.css"))
    assert style.headers["content-type"].startswith("text/css")
    assert "--paper" in style.text


def test_every_measure_has_its_words() -> None:
    """A measure without them would silently stand on no tile, in no section and on no wall."""
    audited = {"r_fcr_audited"}  # of R-FCR, where a run takes an audit in
    assert set(words.MEASURES) | set(words.TRUTHS) == set(MEASURES) | audited
    assert not set(words.MEASURES) & set(words.TRUTHS)
    assert [name for name in MEASURES if membership(name) is None] == []
