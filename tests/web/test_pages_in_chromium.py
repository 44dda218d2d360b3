"""The pages in a real browser, over a service that really runs: the first visit, every page in every language, the
keyboard alone, what axe-core finds, and what happens when things go wrong between two clicks."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from firstcontact import bootstrap
from firstcontact.doors.web.catalog import PLACES
from firstcontact.doors.web.translation import languages, locale
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import Principal, Role
from tests.conftest import SERVICENOW
from tests.e2e.test_serve import COMMAND, answers, free_port, until
from tests.service_fixture import prepared_store
from tests.web.test_accounts_api import WORDS, account
from tests.web.test_report import CHROMIUM, playwright
from tools.crawl import crawl, figures, shape

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

GROUPS = ("Group 70", "Group 1")
"""Teams of which one is in the real log, and one in the invented."""

LONG = 90_000
"""Milliseconds that a file or a measurement may take on a busy machine."""

WATCH = """document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
window.moved = [];
const told = (list) => { for (const one of list) moved.push(`${one.value} ${one.sources[0]?.node?.nodeName}`); };
window.moves = new PerformanceObserver((list) => told(list.getEntries()));
moves.observe({ type: "layout-shift", buffered: true });"""

LOOK = """() => ({
  direction: document.documentElement.dir, language: document.documentElement.lang, title: document.title,
  heads: [...document.querySelectorAll("h1")].map((one) => one.innerText.trim()),
  levels: [...document.querySelectorAll("main :is(h1, h2, h3, h4)")].map((one) => Number(one.tagName[1])),
  aligned: getComputedStyle(document.body).direction,
  moved: [...moved, ...moves.takeRecords().map((one) => `${one.value}`)],
})"""

WIDER = """() => {
  const whole = document.documentElement;
  if (whole.scrollWidth <= whole.clientWidth) return [];
  const found = [...document.querySelectorAll("main *, header *")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (box.right > whole.clientWidth + 1 || box.left < -1) && !one.closest(".scroll, svg");
  });
  return [`${whole.scrollWidth} px`, ...found.slice(0, 3).map((one) => `${one.tagName} ${one.className}`)];
}"""


INCIDENT = (
    "number,incident_state,reassignment_count,reopen_count,sys_mod_count,caller_id,opened_at,sys_updated_at,"
    "contact_type,category,subcategory,assignment_group,closed_at"
)


class House:
    """A service that runs over a directory, and can be ended and begun again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.kinds: dict[Role, list[str]] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        surroundings = os.environ | {"FIRSTCONTACT_DATA": str(self.folder), "FIRSTCONTACT_PORT": str(self.port)}
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*COMMAND, "serve"], env=surroundings, stdout=log, stderr=log)
        with httpx.Client(base_url=self.address, timeout=30) as client:
            until(lambda: answers(client), 60, self.folder / "log")

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)


@dataclass
class Visit:
    """What somebody met who came for the first time.

    Attributes:
        before: The head of the page before anything was there.
        changed: What was said after a choice was corrected.
        chosen: The corrected choice, when the file was looked into again.
        answer: The head of the overview at the end.
        n: What the link to the rows behind the answer says.
        title: What the page that it leads to calls them.
        total: How many that page says there are.
        listed: Rows of its first page.
        exported: Rows of the file that it gives.
        console: What the browser complained about meanwhile.
    """

    before: str
    changed: str
    chosen: str
    answer: str
    n: int
    title: str
    total: int
    listed: int
    exported: int
    console: list[str]


Browsing = Callable[..., Any]
"""Gives a page of a visitor: `browse(Role.MANAGER, locale="he")`; what the browser complains about is its `said`."""


def incidents(path: Path) -> Path:
    """A log of the make of the real one, where that is not on this machine: a row for each state of an incident."""
    dice, lines = Random(5), [INCIDENT]
    for number in range(1_500):
        opened = datetime(2016, 3, 1, 8, tzinfo=UTC) + timedelta(minutes=dice.randrange(110 * 24 * 60))
        closed = opened + timedelta(days=2)
        said = f"Caller {dice.randrange(400)},{opened:%d/%m/%Y %H:%M}"
        rest = f"Phone,Category {dice.randrange(6)},Subcategory {dice.randrange(9)},Group {dice.randrange(4)}"
        for place, state in enumerate(("New", "Resolved", "Closed")):
            moment = opened + timedelta(days=place)
            lines.append(
                f"INC{number:07},{state},0,0,{place},{said},{moment:%d/%m/%Y %H:%M},{rest},{closed:%d/%m/%Y %H:%M}"
            )
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """Where one process leaves the service as it is after the first visit, for another that takes over tests of this
    file and would have to make the visit again; None where there is but one."""
    return tmp_path_factory.getbasetemp().parent / "first-visit" if "PYTEST_XDIST_WORKER" in os.environ else None


@pytest.fixture(scope="module")
def known(left: Path | None) -> dict[str, Any]:
    """The visit and the accounts of the process that made it; nothing where none has."""
    file = left / "visit.json" if left is not None else None
    return json.loads(file.read_text(encoding="utf-8")) if file is not None and file.is_file() else {}


@pytest.fixture(scope="module")
def house(left: Path | None, known: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service with accounts and nothing else in it, or as it was left after the first visit."""
    folder: Path = tmp_path_factory.mktemp("house")
    if left is not None and known:
        shutil.copytree(left / "data", folder, dirs_exist_ok=True)
    else:
        (folder / "store.sqlite3").write_bytes(prepared_store(tmp_path_factory.getbasetemp()).read_bytes())
    house = House(folder)
    house.begin()
    yield house
    house.end()


@pytest.fixture(scope="module")
def accounts(house: House, known: dict[str, Any]) -> dict[Role, str]:
    """Addresses that one logs in with, by role."""
    if known:
        return {Role(role): email for role, email in known["accounts"].items()}
    service = bootstrap.open_service(ServiceSettings(data=house.folder))
    made = {role: account(service, role).email for role in (Role.ADMINISTRATOR, Role.MANAGER, Role.QUALITY)}
    made |= {role: account(service, role, *GROUPS).email for role in (Role.TEAM_LEAD, Role.AGENT)}
    made[Role.WALLBOARD] = account(service, Role.WALLBOARD).email
    service.close()
    return made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium of the system."""
    with playwright.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def browse(chromium: Any, house: House, accounts: dict[Role, str]) -> Iterator[Browsing]:
    """Opens pages, logged in; a role logs in once."""
    states: dict[Role, Any] = {}
    open_now = []

    def open_page(role: Role | None = None, path: str = "/", **look: Any) -> Any:
        if role is not None and role not in states:
            context = chromium.new_context(locale="en")
            log_in(context.new_page(), house, accounts[role])
            states[role] = context.storage_state()
            context.close()
        context = chromium.new_context(
            **{"locale": "en", "viewport": {"width": 1280, "height": 900}, **look},
            storage_state=states[role] if role is not None else None,
        )
        open_now.append(context)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.goto(house.address + path)
        return page

    yield open_page
    for context in open_now:
        context.close()


def log_in(page: Any, house: House, email: str) -> None:
    page.goto(f"{house.address}/login")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", WORDS)
    page.click("main button")
    page.wait_for_url(lambda address: "/login" not in address)


@pytest.fixture(scope="module")
def first_visit(
    browse: Browsing,
    accounts: dict[Role, str],
    house: House,
    known: dict[str, Any],
    left: Path | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Visit:
    """The way from an empty service to the contacts behind its answer, clicked as a visitor clicks it."""
    if known:
        return Visit(**known["visit"])
    file = SERVICENOW if SERVICENOW.exists() else incidents(tmp_path_factory.mktemp("file") / "incident_event_log.csv")
    page = browse()
    log_in(page, house, accounts[Role.MANAGER])
    before = page.inner_text("h1")
    page.click("main a.button")
    page.fill("#source", "ServiceNow")
    page.set_input_files("#file", file)
    page.click("form[data-upload] button")
    page.wait_for_selector("#understood", timeout=LONG)
    # The groups that incidents are assigned to are this centre's teams; a reading of names alone cannot know.
    page.select_option("[id='columns.team']", "c:assignment_group")
    page.click("#understood .act button >> nth=0")
    changed = page.inner_text(".said")
    page.wait_for_selector("#understood .act button", timeout=LONG)
    chosen = page.input_value("[id='columns.team']")
    page.click("#understood .act button >> nth=0")
    page.wait_for_selector(".state.next", timeout=LONG)
    page.click(".state.next button")
    page.wait_for_selector("main .state a.button", timeout=LONG)
    page.click("main .state a.button")
    answer = page.inner_text("h1")
    link = page.locator("a.rows-behind").first
    n = figures(link.inner_text())[-1]
    link.click()
    page.wait_for_selector("main .of")
    said = page.inner_text("main .of")
    with page.expect_download() as coming:
        page.click("main a[href*='format=csv']")
    with Path(coming.value.path()).open(encoding="utf-8-sig", newline="") as rows:
        exported = sum(1 for _ in csv.reader(rows)) - 1
    listed = page.locator("main tbody tr").count()
    title, total, console = page.inner_text("h1"), figures(said)[-1], list(page.said)
    visit = Visit(before, changed, chosen, answer, n, title, total, listed, exported, console)
    if left is not None:
        page.goto("about:blank")
        leave(house, left, {"visit": asdict(visit), "accounts": accounts})
    return visit


def leave(house: House, left: Path, known: dict[str, Any]) -> None:
    """Leave the service as it is, whole or not at all, for whoever takes over."""
    part = left.with_name(f"{left.name}-{os.getpid()}")
    house.end()
    shutil.copytree(house.folder, part / "data")
    house.begin()
    (part / "visit.json").write_text(json.dumps(known), encoding="utf-8")
    with suppress(OSError):  # another was there first
        part.rename(left)


def test_from_the_first_visit_to_the_contacts_behind_the_answer(first_visit: Visit) -> None:
    """Log in to an empty service, bring the incident log, correct a choice, take it in, measure, read the answer, go to
    its contacts and take them along: as many as its n, on the page and in the file. The browser found nothing wrong."""
    assert first_visit.before == "Nothing was measured yet"
    assert "looked into again" in first_visit.changed
    assert first_visit.chosen == "c:assignment_group"
    assert re.search(r"\d", first_visit.answer)
    assert first_visit.n == first_visit.total == first_visit.exported > 500
    assert first_visit.listed == 50
    assert first_visit.console == []


def of(role: Role) -> list[str]:
    who = Principal("1", "x@example.org", role)
    return [place.path for place in PLACES if place.open_to(who)]


def kinds(page: Any, house: House, role: Role) -> list[str]:
    """Addresses of pages, one of each kind, as visitors of a role reach them; looked for once."""
    if role in house.kinds:
        return house.kinds[role]

    def get(path: str) -> tuple[int, str]:
        answer = page.request.get(house.address + path, headers={"Accept": "text/html"})
        return answer.status, answer.text()

    found: dict[str, str] = {}
    for one in crawl(get, each=1):
        found.setdefault(shape(one.address), one.address)
    house.kinds[role] = list(found.values())
    return house.kinds[role]


def wrong_with(page: Any, address: str, language: str) -> list[str]:
    """What is wrong with a page as it stands: at a desk, and on a small telephone."""
    page.said.clear()
    page.set_viewport_size({"width": 1280, "height": 900})
    answer = page.goto(address)
    found = page.evaluate(LOOK)
    if found["moved"]:  # what moves by itself moves each time; on a busy machine a page is once drawn in two steps
        page.goto(address)
        found = page.evaluate(LOOK)
    faults = [f"status {answer.status}"] if answer.status != 200 else []
    if (found["language"], found["direction"]) != (language, locale(language).text_direction):
        faults.append(f"{found['language']} {found['direction']}")
    if found["aligned"] != locale(language).text_direction:
        faults.append(f"text runs {found['aligned']}")
    if len(found["heads"]) != 1 or not found["heads"][0]:
        faults.append(f"heads {found['heads']}")
    if any(b > a + 1 for a, b in zip(found["levels"], found["levels"][1:], strict=False)):
        faults.append(f"levels of heads {found['levels']}")
    if not re.search(r"\w.* · firstcontact$", found["title"]):
        faults.append(f"title {found['title']!r}")
    faults += [f"moved while it was drawn: {one}" for one in found["moved"]]
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        wider = page.evaluate(WIDER)
        faults += [f"at {width}: {', '.join(wider)}"] if wider else []
    return [f"{address}: {one}" for one in [*faults, *page.said]]


@pytest.mark.parametrize("language", languages())
def test_every_page_of_the_menu_is_whole_in_each_language(
    language: str, browse: Browsing, house: House, first_visit: Visit
) -> None:
    """Its direction, one head, heads in order, a title, nothing wider than a desk's or a small telephone's screen,
    nothing on the console, and nothing that the page's own policy blocks."""
    page = browse(Role.ADMINISTRATOR, locale=language)
    faults = [fault for path in of(Role.ADMINISTRATOR) for fault in wrong_with(page, house.address + path, language)]
    assert faults == [], "\n".join(faults)


def test_pages_below_the_menu_are_whole(browse: Browsing, house: House, first_visit: Visit) -> None:
    """The same for what only managers see, and for one page of each kind that links lead to, in English and Hebrew."""
    page = browse(Role.MANAGER)
    seen = set(of(Role.ADMINISTRATOR))
    below = [path for path in kinds(page, house, Role.MANAGER) if path not in seen]
    assert len(below) > 8, below
    faults = [fault for path in below for fault in wrong_with(page, house.address + path, "en")]
    page = browse(Role.MANAGER, locale="he")
    faults += [fault for path in below for fault in wrong_with(page, house.address + path, "he")]
    assert faults == [], "\n".join(faults)


def violations(page: Any, **options: Any) -> list[str]:
    found = axe.Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{one['id']}: {node['target']} {node['html'][:160]}" for one in found for node in one["nodes"][:3]]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_axe_finds_nothing(role: Role, browse: Browsing, house: House, first_visit: Visit) -> None:
    """No violation of axe-core's rules on a page of each kind, and none of those of contrast on those of the menu in
    the dark; an administrator looks at what a manager does not see."""
    page = browse(role, reduced_motion="reduce")
    menu = of(role)
    mine = tuple(set(menu) - set(of(Role.MANAGER))) if role is Role.ADMINISTRATOR else ("/",)
    faults = []
    for path in (one for one in kinds(page, house, role) if one.startswith(mine)):
        page.emulate_media(color_scheme="light")
        page.goto(house.address + path)
        faults += [f"{path}: {one}" for one in violations(page)]
        if path in menu:
            page.emulate_media(color_scheme="dark")
            faults += [f"{path} (dark): {one}" for one in violations(page, runOnly=["color-contrast"])]
    assert faults == [], "\n".join(faults)


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.TEAM_LEAD, "/"),
        (Role.TEAM_LEAD, "/teams"),
        (Role.TEAM_LEAD, "/contacts"),
        (Role.TEAM_LEAD, "/me"),
        (Role.AGENT, "/"),
        (Role.AGENT, "/me"),
        (Role.AGENT, "/contacts"),
        (Role.WALLBOARD, "/wall"),
        (Role.WALLBOARD, "/me"),
    ],
)
def test_pages_of_who_sees_a_part_are_whole(
    role: Role, path: str, browse: Browsing, house: House, first_visit: Visit
) -> None:
    """What leads, agents and the screen on the wall see, which managers do not: at a desk and on a small telephone, in
    Hebrew, by axe-core's rules; a lead's are of their teams alone, and who may not is told so by a page as whole."""
    refused = (role, path) == (Role.AGENT, "/contacts")
    page = browse(role, locale="he", reduced_motion="reduce")
    found = wrong_with(page, house.address + path, "he")
    if refused:
        found = [one for one in found if "status 403" not in one and "403 (Forbidden)" not in one]
        assert "contacts:read" in page.inner_text("main")
    assert [*found, *violations(page)] == []
    if (role, path) == (Role.TEAM_LEAD, "/"):
        assert any(group in page.inner_text("main") for group in GROUPS)


def test_axe_finds_nothing_before_one_is_known(browse: Browsing, house: House) -> None:
    """Nor on the page where one logs in and the one where a password is set, in light and dark."""
    page = browse(path="/login")
    for path in ("/login", "/password"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(house.address + path)
            assert violations(page) == [], path


def focus(page: Any) -> str:
    return str(page.evaluate("(document.activeElement.id || document.activeElement.className || '') + ''"))


def test_the_keyboard_is_enough(browse: Browsing, house: House, first_visit: Visit) -> None:
    """The first stop leads past the menu; a menu opens, closes by Escape and gives the focus back; arrows say a chart's
    values one by one; every stop is seen."""
    page = browse(Role.ADMINISTRATOR)
    page.keyboard.press("Tab")
    assert focus(page) == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert focus(page) == "main"
    page.locator(".self summary").focus()
    page.keyboard.press("Enter")
    assert page.locator(".self[open]").count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.self') !== null")
    page.keyboard.press("Escape")
    assert page.locator(".self[open]").count() == 0
    assert page.evaluate("document.activeElement.parentElement.className") == "self"
    page.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) != "none"
    chart = page.locator("svg.chart[tabindex]").first
    chart.focus()
    told = []
    for key in ("ArrowRight", "ArrowRight", "End", "Home"):
        page.keyboard.press(key)
        told.append(page.inner_text(".tip"))
    assert re.search(r"\d", told[0]), told
    assert len({*told[:3]}) == 3
    assert told[3] == told[0]
    # On a telephone the menu stands behind a word.
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".menu summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.menu nav a') !== null")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/\w+$"))
    # A form, field by field.
    page.goto(f"{house.address}/me")
    page.locator("#name").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Ada")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status].said")
    assert page.input_value("#name") == "Ada"
    assert page.said == [], page.said


def test_nothing_moves_for_those_who_asked_for_it(browse: Browsing, first_visit: Visit) -> None:
    """With reduced motion no part of a page has a transition or an animation."""
    page = browse(Role.ADMINISTRATOR, reduced_motion="reduce", path="/jobs")
    moving = """[...document.querySelectorAll("*")].filter((one) => {
      const style = getComputedStyle(one);
      return parseFloat(style.transitionDuration) > 0 || style.animationName !== "none";
    }).length"""
    assert page.evaluate(moving) == 0


def test_pages_hold_at_twice_the_size(browse: Browsing, house: House, first_visit: Visit) -> None:
    """A desk of 1280 pixels at 200 %: nothing is wider than the screen, and the menu can be reached."""
    page = browse(Role.ADMINISTRATOR, viewport={"width": 640, "height": 450}, device_scale_factor=2)
    for path in of(Role.ADMINISTRATOR):
        page.goto(house.address + path)
        assert page.evaluate(WIDER) == [], path
        assert path == "/wall" or page.locator(".menu summary").is_visible(), path


HIDDEN = """() => [...document.querySelectorAll("details.what")].filter((one) => {
  one.open = true;
  const text = one.querySelector("dl");
  text.scrollIntoView({ block: "end", behavior: "instant" });
  const box = text.getBoundingClientRect();
  const seen = [[box.left + 4, box.bottom - 4], [box.right - 4, box.bottom - 4]].every(([x, y]) =>
    one.contains(document.elementFromPoint(x, y)));
  one.open = false;
  return !seen;
}).map((one) => one.closest("section, .tile, tr")?.innerText.slice(0, 60))"""


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("he", 390)])
def test_what_is_this_can_be_read_to_its_end(
    language: str, width: int, browse: Browsing, house: House, first_visit: Visit
) -> None:
    """Of every figure of the overview and of a reason, at the edge of the screen too."""
    page = browse(Role.MANAGER, locale=language, viewport={"width": width, "height": 900})
    for path in ("/", next(one for one in kinds(page, house, Role.MANAGER) if one.startswith("/reason?"))):
        page.goto(house.address + path)
        assert page.locator("details.what").count() > 3, path
        assert page.evaluate(HIDDEN) == [], path


def jobs(page: Any, house: House) -> list[str]:
    items = page.request.get(f"{house.address}/api/v1/jobs?limit=100").json()["items"]
    return [one["id"] for one in items if one["kind"] == "measure"]


def test_two_quick_clicks_do_one_thing(browse: Browsing, house: House, first_visit: Visit) -> None:
    """A double click on the button that measures makes one job, with scripts and without."""
    for scripts in (True, False):
        page = browse(Role.ADMINISTRATOR, path="/jobs", java_script_enabled=scripts)
        before = jobs(page, house)
        page.locator("main form.one button").first.dblclick()
        page.wait_for_url(re.compile(r"/jobs/\w+"))
        made = set(jobs(page, house)) - set(before)
        assert len(made) == 1
        # Nothing is measured again for this: it waits for its turn, or stops where it is.
        page.request.post(
            f"{house.address}/jobs/{made.pop()}/cancel",
            form={"csrf": page.locator("input[name=csrf]").first.input_value()},
            headers={"Origin": house.address},
        )


def test_back_after_a_form_finds_a_form_that_works(browse: Browsing, house: House, first_visit: Visit) -> None:
    """Sent, gone back, sent again: the second counts, no page is empty, and no button stays dead."""
    page = browse(Role.QUALITY, path="/me")
    for name in ("One", "Two"):
        page.fill("#name", name)
        page.click("form[action='/me/choice'] button")
        page.wait_for_selector(".said")
        assert page.input_value("#name") == name
        page.go_back()
        page.wait_for_selector("#name")
        assert page.locator("form[action='/me/choice'] button[aria-disabled]").count() == 0
    page.reload()
    assert page.input_value("#name") == "Two"
    assert page.said == [], page.said


def test_pages_work_where_the_stream_is_blocked(browse: Browsing, house: House, first_visit: Visit) -> None:
    """Without word of what goes on, pages are complete, lead on, and a job is looked at again by a link."""
    page = browse(Role.MANAGER)
    page.context.route("**/live*", lambda route: route.abort())
    for path in of(Role.MANAGER):
        assert page.goto(house.address + path).status == 200
        assert page.locator("h1").count() == 1, path
    page.goto(f"{house.address}/jobs")
    page.locator("main tbody th a").first.click()
    page.wait_for_url(re.compile(r"/jobs/\w+"))
    assert [one for one in page.said if "ERR_FAILED" not in one] == []


def test_one_goes_on_over_a_restart(browse: Browsing, house: House, first_visit: Visit) -> None:
    """The service ends and begins again between two clicks: the next click and the next form find it, and nobody has to
    log in again; in between, the browser says so, and going back works."""
    page = browse(Role.MANAGER, path="/me")
    page.fill("#name", "Over a restart")
    house.end()
    try:
        with pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
            page.goto(f"{house.address}/reasons")
    finally:
        house.begin()
    page.goto(f"{house.address}/me")
    page.fill("#name", "Over a restart")
    page.click("form[action='/me/choice'] button")
    page.wait_for_selector(".said")
    assert page.input_value("#name") == "Over a restart"
    page.click("nav.side a[href='/reasons']")
    assert page.locator("h1").count() == 1


def test_who_is_shut_out_in_mid_session_is_asked_to_log_in(
    browse: Browsing, house: House, accounts: dict[Role, str], first_visit: Visit
) -> None:
    """An account that is disabled sees the log-in page at its next click, whether that is a link or a form."""
    page = browse(Role.QUALITY, path="/me")
    other = browse(Role.QUALITY, path="/")
    admin = browse(Role.ADMINISTRATOR, path="/accounts")
    mine = accounts[Role.QUALITY]
    items = admin.request.get(f"{house.address}/api/v1/accounts?limit=100").json()["items"]
    one = next(one for one in items if one["email"] == mine)
    answer = admin.request.patch(
        f"{house.address}/api/v1/accounts/{one['id']}",
        data={"disabled": True},
        headers={
            "X-CSRF-Token": admin.locator("input[name=csrf]").first.input_value(),
            "If-Match": f'"{one["edition"]}"',
            "Origin": house.address,
        },
    )
    assert answer.status == 200, answer.text()
    page.click("form[action='/me/choice'] button")
    page.wait_for_url(re.compile("/login"))
    other.click("nav.side a[href='/me']")
    other.wait_for_url(re.compile("/login"))
    assert other.locator("input[name=password]").count() == 1


def test_one_logs_in_and_out_on_a_phone_without_scripts(
    chromium: Any, house: House, accounts: dict[Role, str], first_visit: Visit
) -> None:
    """From right to left and in English, by keyboard: log in, be known, log out; nothing is blocked that should not be,
    and no page is wider than its screen."""
    email = accounts[Role.MANAGER]
    for language, direction, title in (("en", "ltr", "Log in"), ("he", "rtl", "כניסה")):
        context = chromium.new_context(
            java_script_enabled=False, locale=language, viewport={"width": 360, "height": 720}, has_touch=True
        )
        page = context.new_page()
        blocked: list[str] = []
        page.on("console", lambda message, found=blocked: found.append(message.text))
        page.goto(f"{house.address}/")
        assert "/login" in page.url
        assert page.locator("html").get_attribute("dir") == direction
        assert page.locator("h1").inner_text() == title
        page.locator("input[name=email]").focus()
        page.keyboard.type(email)
        page.keyboard.press("Tab")
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        page.locator("[role=alert]").wait_for()
        assert page.locator("input[name=email]").input_value() == email
        page.locator("input[name=password]").focus()
        page.keyboard.type(WORDS)
        page.keyboard.press("Enter")
        page.locator(".self").wait_for()
        assert email in page.locator(".self").text_content()
        cookies = {one["name"]: one for one in context.cookies()}
        assert (cookies["firstcontact"]["httpOnly"], cookies["firstcontact"]["sameSite"]) == (True, "Lax")
        assert page.locator("body").bounding_box()["width"] <= 360
        page.locator(".self summary").click()
        page.locator(".self button").click()
        page.locator("[role=status].said").wait_for()
        page.goto(f"{house.address}/")
        assert "/login" in page.url
        assert [text for text in blocked if "Content Security Policy" in text] == []
        context.close()


def test_another_sites_form_changes_nothing(browse: Browsing, house: House, tmp_path: Path) -> None:
    """A page from elsewhere that posts to the service with the reader's browser is refused, logged in or not."""
    page = browse(Role.MANAGER, path="/me")
    trap = tmp_path / "trap.html"
    trap.write_text(
        f'<form method="post" action="{house.address}/logout"><button>Win!</button></form>', encoding="utf-8"
    )
    page.goto(trap.as_uri())
    with page.expect_navigation() as moved:
        page.click("button")
    assert moved.value.status == 403
    page.goto(f"{house.address}/me")
    assert page.locator(".self").count() == 1
