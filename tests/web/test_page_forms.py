"""Every form of every page takes whatever is typed: what does not fit is said, and never breaks the page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.routing import compile_path
from starlette.testclient import TestClient

from firstcontact.doors.api.app import create_app
from firstcontact.doors.api.permit import routes
from firstcontact.doors.web.pages import policy, quality
from firstcontact.measurement.policy.preset import preset_text
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import application
from tests.web.page_forms import Form, form, forms
from tests.web.shown import CHEAP
from tests.web.test_accounts_api import WORDS, account
from tests.web.test_imports import drain, rows

HTML = {"Accept": "text/html"}
TYPED = ("x" * 5_000, "x\n" * 450, "x\x00y")
"""Too long for any field; within the longest that a form takes, but more than the interface does; and what no database
keeps as text."""

START = "2026-01-05T09:00:00Z"

ELSEWHERE = {
    "/imports/new",  # a file is no text; its name and system: test_page_imports
    "/customers/proposals/{proposal_id}/accept",  # a proposal waits for a match: test_page_customer; no field
    "/customers/proposals/{proposal_id}/decline",
    "/accounts/{account_id}/tokens/{token_id}/end",  # these are buttons without a field
    "/imports/{import_id}/undo",
    "/me/sessions/{session_id}/end",
    "/me/toured",
    "/quality/aside/many/{job_id}",
    "/settings/outgoing/deliveries/{delivery_id}/again",
    "/settings/outgoing/{subscription_id}/wake",
    "/quality/linkage-audit",  # a file: test_page_quality_audit
    "/quality/linkage-audit/remove",
}
"""Addresses of forms that are not among those tried here."""


class Visitor:
    """A browser of somebody who is logged in."""

    def __init__(self, service: Service, role: Role) -> None:
        self.email = account(service, role).email
        self.client = TestClient(
            application(service), base_url=service.settings.url, headers=HTML, raise_server_exceptions=False
        )
        self.client.post("/login", data={"email": self.email, "password": WORDS})

    def forms(self, path: str) -> list[Form]:
        return forms(self.client.get(path).text)

    def post(self, path: str, **fields: Any) -> Any:
        token = form(self.client.get("/me").text, "/logout").fields["csrf"]
        return self.client.post(path, data={"csrf": token, **fields})


def filled(service: Service, admin: Visitor, quality: Visitor) -> dict[Visitor, list[str]]:
    """Brings about something on every page that has a form; gives the pages, by who may see them."""
    draft = admin.post("/policy/new", toml=preset_text("repeat-7d"), based_on="1").url.path
    user = admin.post("/accounts", email="new@example.org", name="New", role="agent").url.path
    csrf = form(admin.client.get("/imports/new").text, "/imports/new").fields["csrf"][0]
    brought = admin.client.post("/imports/new", data={"csrf": csrf}, files={"file": ("log.csv", rows(5))}).url.path
    headers = {"X-CSRF-Token": csrf}
    sent = [{"contact_id": f"c{n}", "started_at": START, "customer_id": "p1"} for n in range(2)]
    admin.client.post("/api/v1/contacts", json=[*sent, {"contact_id": "x1"}], headers=headers)
    drain(service)
    person = quality.post("/customers", kind="customer", value="p1").url.path
    waiting = service.quarantine.page(state="open", kind=None, code=None, import_id=None, before=None, limit=1)
    aside = f"/quality/aside/{waiting[0].id}"
    job = admin.post("/jobs").url.path
    admin.post("/me/tokens", name="x", may=["figures:read"])
    admin.post("/settings/outgoing", url="https://93.184.215.14/hook", events=["run.finished"])
    told = f"/settings/outgoing/{service.subscriptions.page(before=None, limit=1)[0].id}"
    own = [
        "/settings/person",
        "/settings/outgoing",
        told,
        "/",
        "/me",
        "/jobs",
        job,
        "/policy/new",
        draft,
        f"{draft}/publish",
        "/settings",
        "/accounts",
        user,
        brought,
        f"{brought}/undo",
    ]
    return {admin: own, quality: ["/customers", person, aside, "/quality/aside/many", "/customers/proposals"]}


def test_no_form_breaks_by_what_is_typed(service: Service) -> None:
    """Whatever is typed, in each field that takes text, one after the other, in every form of every page: the answer is
    a page and no defect, on each kind of database. Every address of a form is tried, or named with the reason."""
    served = replace(service, passwords=CHEAP)
    typings = TYPED[-1:] if service.settings.database else TYPED  # only the last is another thing to the other
    admin, quality = Visitor(served, Role.ADMINISTRATOR), Visitor(served, Role.QUALITY)
    tried: dict[tuple[str, str], tuple[Visitor, Form]] = {}
    for visitor, pages in filled(served, admin, quality).items():
        for path in pages:
            for one in visitor.forms(path):
                tried |= {(one.action, name): (visitor, one) for name in one.typed - {"csrf", "once"}}
                tried.setdefault((one.action, ""), (visitor, one))
    undo = "/customers/decisions/" + "0" * 32 + "/undo"
    plain = {"/login": ("email", "password", "next"), "/password": ("code", "new"), undo: ("back",)}
    who = ("kind", "value", "person_id")
    plain |= {"/settings/person/give": who, "/settings/person/erase": (*who, "count")}  # beside a person who is found
    # These stand beside contacts of a measurement.
    view = "/contacts/views/" + "0" * 32
    plain |= {"/contacts/views": ("name", "asked"), view: ("name", "asked", "edition"), f"{view}/drop": ("edition",)}
    tried |= {(path, name): (quality, Form(path)) for path, names in plain.items() for name in names}
    csrf = quality.forms("/me")[0].fields["csrf"]
    broken = []
    for (path, name), (visitor, one) in sorted(tried.items()):
        for typed in typings if name else ():
            fields = {"csrf": csrf, **one.fields, name: typed}
            if path in {"/login", "/password"}:
                del fields["csrf"]
            answer = visitor.client.post(path, data=fields, follow_redirects=False)
            kind = answer.headers.get("content-type", "text/html")
            if answer.status_code >= 500 or not kind.startswith("text/html"):
                broken.append(f"{path} {name}: {answer.status_code}")
    assert broken == []
    rules = routes(create_app(served))
    known = {rule.path for rule in rules if rule.method == "POST" and not rule.path.startswith("/api/")}
    reached = {path for path in known if any(compile_path(path)[0].fullmatch(action) for action, _ in tried)}
    assert known - reached == ELSEWHERE


def test_a_form_holds_the_longest_text_that_its_page_promises(served: Service) -> None:
    """The longest policy and the longest record, of letters that take most room in a form, reach the page, which says
    what is wrong and keeps what was typed."""
    admin = Visitor(served, Role.ADMINISTRATOR)
    widest = "\U00020000"
    text = "# " + widest * (policy.LONGEST - 10)
    answer = admin.post("/policy/new", toml=text, based_on="1", look="yes")
    assert answer.status_code == 422
    assert text in answer.text
    headers = {"X-CSRF-Token": form(admin.client.get("/me").text, "/logout").fields["csrf"][0]}
    admin.client.post("/api/v1/contacts", json=[{"contact_id": "x1"}], headers=headers)
    number = served.quarantine.page(state="open", kind=None, code=None, import_id=None, before=None, limit=1)[0].id
    record = '{"a": "' + widest * quality.MOST_RAW + "}"
    answer = admin.post(f"/quality/aside/{number}/replay", item=record)
    assert answer.status_code == 422
    assert widest * quality.MOST_RAW in answer.text
