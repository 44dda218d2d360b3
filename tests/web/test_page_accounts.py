"""Pages of accounts: my page, users and the audit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from firstcontact.doors.api.app import create_app
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests import told_runs
from tests.service_fixture import caller_of
from tests.web.shown import Showing
from tests.web.test_accounts_api import WORDS, account

Visit = Callable[..., Any]


class Visitor:
    """A browser of somebody who is logged in; forms carry the page's own token."""

    def __init__(self, service: Service, role: Role, *teams: str, **more: Any) -> None:
        self.account = account(service, role, *teams, **more)
        self.client = TestClient(create_app(service), base_url=service.settings.url, headers={"Accept": "text/html"})
        self.client.post("/login", data={"email": self.account.email, "password": WORDS})

    def get(self, path: str) -> Any:
        return self.client.get(path)

    def post(self, path: str, **fields: Any) -> Any:
        token = re.findall(r'name="csrf" value="(\w+)"', self.client.get("/me").text)[0]
        return self.client.post(path, data={"csrf": token, **fields})


def test_one_chooses_language_zone_and_light(served: Service) -> None:
    """What is chosen holds for the next page; what cannot be is said and nothing is kept."""
    one = Visitor(served, Role.MANAGER)
    said = one.post("/me/choice", name="Dana B.", language="he", zone="Asia/Jerusalem", theme="dark")
    assert '<html lang="he" dir="rtl" data-theme="dark">' in said.text
    assert "Dana B." in said.text
    kept = served.accounts.find(one.account.id)
    assert kept is not None
    assert (kept.name, kept.language, kept.zone) == ("Dana B.", "he", "Asia/Jerusalem")
    wrong = one.post("/me/choice", name="", language="", zone="Nowhere/City")
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    assert served.accounts.find(one.account.id) == kept


AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
    "Safari/537.36": "Chrome on Windows",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 "
    "Edg/131.0.0.0": "Edge on Windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Safari/605.1.15": "Safari on macOS",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.0.0 "
    "Mobile/15E148 Safari/604.1": "Chrome on iPhone",
    "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 "
    "Chrome/125.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0": "Firefox on Linux",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
    "Safari/537.36": "Chrome on ChromeOS",
    "Mozilla/5.0 (<b>strange</b>)": "An unknown browser",
    "python-httpx/0.28": "A program",
}


def test_a_session_is_called_by_its_browser_and_system(served: Service) -> None:
    """Never by the long name that the browser gives itself, which the interface alone repeats."""
    one = Visitor(served, Role.QUALITY)
    for agent in AGENTS:
        one.client.headers["user-agent"] = agent
        one.client.cookies.clear()
        one.client.post("/login", data={"email": one.account.email, "password": WORDS})
    page = one.get("/me").text
    assert [agent for agent in AGENTS if agent in page or agent.partition(" ")[0] in page] == []
    assert [called for called in AGENTS.values() if called not in page] == []
    assert set(AGENTS) <= {each["device"] for each in one.client.get("/api/v1/me/sessions").json()}


def test_a_password_is_changed_by_who_knows_it(served: Service) -> None:
    """A wrong present password, or a new one that is easy to guess, changes nothing."""
    one = Visitor(served, Role.QUALITY)
    assert one.post("/me/password", current="wrong", new="nine loud red kettles").status_code == 422
    assert one.post("/me/password", current=WORDS, new="short").status_code == 422
    assert "Your password is changed" in one.post("/me/password", current=WORDS, new="nine loud red kettles").text


def test_a_token_is_shown_once_and_ends(served: Service) -> None:
    """Its secret stands on the page that made it and on no other; ended, it stands in no list."""
    one = Visitor(served, Role.MANAGER)
    made = one.post("/me/tokens", name="<b>loader</b>", may=["figures:read"], days="30")
    secret = re.findall(r"<pre[^>]*>([^<]+)</pre>", made.text)[0]
    assert "&lt;b&gt;loader" in made.text
    again = one.get("/me")
    assert secret not in again.text
    assert one.client.get("/api/v1/runs", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    place = re.findall(r'action="(/me/tokens/\w+/end)"', again.text)[0]
    assert "loader" not in one.post(place).text.partition('id="tokens"')[2].partition("<details>")[0]


def test_an_administrator_makes_changes_and_shuts_out(served: Service) -> None:
    """Made, given a code, changed by who read it last, shut out; each step is in the audit."""
    admin = Visitor(served, Role.ADMINISTRATOR)
    assert admin.account.email in admin.get("/accounts").text
    bad = admin.post("/accounts", email="none", name="<i>x</i>", role="agent")
    assert bad.status_code == 422
    assert 'value="none"' in bad.text
    made = admin.post("/accounts", email="new@example.org", name="<i>New</i>", role="agent", teams="North\nSouth")
    assert "&lt;i&gt;New" in made.text
    path = made.url.path
    code = admin.post(f"{path}/code")
    assert re.findall(r"<pre[^>]*>([^<]+)</pre>", code.text)[0] not in admin.get(path).text
    edition = re.findall(r'name="edition" value="(\d+)"', admin.get(path).text)[0]
    fields = {"email": "new@example.org", "name": "New", "role": "team-lead", "teams": "North", "edition": edition}
    assert "It is changed" in admin.post(path, **fields).text
    assert admin.post(path, **fields).status_code == 422  # somebody changed it since
    fields["edition"] = re.findall(r'name="edition" value="(\d+)"', admin.get(path).text)[0]
    admin.post(path, **fields, disabled="true")
    found = served.accounts.find(path.rpartition("/")[2])
    assert found is not None
    assert (found.role, found.teams, found.disabled_at is not None) == (Role.TEAM_LEAD, ("North",), True)
    audit = admin.get("/audit?kind=account").text
    assert audit.count("account.change") >= 2
    assert "account.add" in audit


def test_users_and_the_audit_are_for_administrators(served: Service) -> None:
    """Nobody else sees the lists, or is shown the way to them."""
    for role in (Role.MANAGER, Role.QUALITY, Role.TEAM_LEAD, Role.AGENT):
        one = Visitor(served, role)
        assert {one.get(path).status_code for path in ("/accounts", "/audit")} == {403}
        assert 'href="/accounts"' not in one.get("/me").text


def test_a_wallboard_shows_the_centre_and_nobody(served: Service, showing: Showing) -> None:
    """Panel after panel by itself, without a menu, a name of a team or a link to contacts."""
    screen = Visitor(showing(served, told_runs.told()), Role.WALLBOARD)
    first = screen.get("/")
    assert first.url.path == "/wall"
    for panel in range(8):
        text = screen.get(f"/wall?panel={panel}").text
        assert 'http-equiv="refresh"' in text
        assert "<nav" not in text
        assert "data-next" not in screen.get(f"/wall?panel={panel}&stay=1").text
        assert "/contacts" not in text
        assert not any(team in text for team in told_runs.TEAMS)


def test_what_does_not_fit_an_account_is_said_and_stays_in_the_form(served: Service) -> None:
    """An address that is too long makes no other account, three hundred teams make none, and after a refused change
    the form holds what was typed; an account of as many teams as may be can be changed on its page."""
    admin = Visitor(served, Role.ADMINISTRATOR)
    long = "x" * 300 + "@example.org"
    named = {"name": "N", "role": "team-lead"}
    for typed in ({"email": long}, {"email": "a@example.org", "teams": "\n".join(f"t{n}" for n in range(300))}):
        refused = admin.post("/accounts", **named, **typed)
        assert (refused.status_code, "at most 200" in refused.text) == (422, True)
    assert len(served.accounts.page(after=None, limit=9)) == 1
    teams = "\n".join(f"A team with a long name, number {n}" for n in range(200))
    made = admin.post("/accounts", **named, email="a@example.org", teams=teams)
    fields = {**named, "email": "a@example.org", "edition": "1", "teams": teams}
    refused = admin.post(made.url.path, **fields | {"email": long, "name": "Other", "disabled": "true"})
    assert refused.status_code == 422
    assert f'value="{long}"' in refused.text
    assert 'value="Other"' in refused.text
    assert re.search(r'name="disabled" value="true" checked', refused.text)
    assert "It is changed" in admin.post(made.url.path, **fields | {"name": "Other"}).text


def test_what_is_wrong_is_said_beside_its_field(sqlite_service: Service) -> None:
    """With what is allowed there, in words; what was typed stays."""
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    edition = re.findall(r'name="edition" value="(\d+)"', client.get("/settings", headers={"Accept": "text/html"}).text)
    sent = {"edition": edition[0], "every_hours": "-3", "zone": "Mars/Base"}
    page = client.post("/settings/measurement", data=sent, headers={"Accept": "text/html"})
    assert page.status_code == 422
    for field, allowed in (("every_hours", "1 to 168"), ("zone", "")):
        said = re.findall(rf'<p class="fault" id="{field}-fault">(.*?)</p>', page.text)
        assert len(said) == 1, field
        assert allowed in said[0]
    assert 'value="-3"' in page.text
