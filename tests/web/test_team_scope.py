"""Whoever sees only some teams sees nothing of the others, wherever they look; and each sees their own alone."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow.parquet as pq
import pytest
from markupsafe import escape
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.doors.api.app import create_app
from firstcontact.doors.api.permit import Rule, routes
from firstcontact.kernel.result import Estimate
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import GRANTS, Permission, Role, Scope
from firstcontact.services.own_figures import own_figure
from firstcontact.services.service import Service
from tests.service_fixture import Caller, caller_of
from tests.web.test_measured import contacts, plainly

MARK = "southern"
"""Stands in every value of the other team's contacts."""

EVIL = '=HYPERLINK("http://x","southern") > +southern'
"""What a spreadsheet would run, had it not been made harmless."""

TEAM = ("North",)

NUMBERS: dict[str, int] = {}
"""What customers are numbered, once asked."""

FORMS: tuple[dict[str, str], ...] = (
    {},
    {"format": "csv"},
    {"limit": "500"},
    {"team": "South"},
    {"kind": "customer_id", "value": f"{MARK}-p1", "source": "api", "contact_id": f"{MARK}-c1"},
    {"name": "billing", "size": "50"},
)
"""How a route that reads is asked: plainly, as a file, and for the other team by name."""


def sent() -> list[dict[str, Any]]:
    """Contacts of two teams; those of the other one are marked throughout, and some customers went to both."""
    rows = contacts(500)
    for place, row in enumerate(rows):
        row["agent_id"] = f"a{place % 3}"
        if row["team"] == "South":
            row |= {"contact_id": f"{MARK}-{row['contact_id']}", "reason": EVIL, "agent_id": f"{MARK}-agent"}
            row |= {"queue": f"{MARK}-queue", "attributes": {"place": MARK}, "text": f"{MARK} text"}
            if place % 5:
                row["customer_id"] = f"{MARK}-{row['customer_id']}"
        else:
            row["identifiers"] = [{"kind": "phone", "value": f"+35988812{place:04}"}]
    return rows


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose contacts were sent, linked and measured; its tests only read."""
    folder: Path = tmp_path_factory.mktemp("scoped")
    service = bootstrap.open_service(ServiceSettings(data=folder))
    plainly(service)
    client = caller_of(service)(Role.ADMINISTRATOR)
    answer = client.post("/api/v1/contacts", json=sent())
    assert set(answer.json()["outcomes"]) == {"stored"}
    # One that cannot be read waits in the quarantine.
    client.post("/api/v1/contacts", json=[{"contact_id": f"{MARK}-unfit", "team": "South"}])
    client.post("/api/v1/jobs", json={"kind": "measure"})
    bootstrap.open_worker(service).drain()
    yield service
    service.close()


@pytest.fixture
def asking(measured: Service) -> Caller:
    """Clients of the measured service, by role."""
    return caller_of(measured)


def of_both() -> str:
    """A customer who went to both teams."""
    mine = {row["customer_id"] for row in sent() if row["team"] == "North"}
    return str(next(row["customer_id"] for row in sent() if row["team"] == "South" and row["customer_id"] in mine))


def bodies(service: Service) -> dict[str, list[dict[str, Any]]]:
    """What routes are asked that read though they are no GET: by what belongs to the other team, or to both."""
    other = {"source": "api", "contact_id": next(row["contact_id"] for row in sent() if row["team"] == "South")}
    theirs = next(row["customer_id"] for row in sent() if row["customer_id"].startswith(MARK))
    asked = [
        {"kind": "customer", "value": of_both()},
        {"value": of_both(), "reason": "billing > invoice"},
        {"kind": "customer", "value": theirs},
        {"contact": other},
        {"person_id": person(service, of_both())},
        {"person_id": person(service, theirs)},
    ]
    return {"/api/v1/people/look-up": asked}


def person(service: Service, customer: str) -> int:
    """The number of a customer."""
    if customer in NUMBERS:
        return NUMBERS[customer]
    asked = {"kind": "customer", "value": customer}
    found = caller_of(service)(Role.QUALITY).post("/api/v1/people/look-up", json=asked).json()
    assert found["state"] == "known", found
    NUMBERS[customer] = int(found["person_id"])
    return NUMBERS[customer]


def places(service: Service, rule: Rule) -> str:
    """The address of a route, for something that belongs to the other team wherever there is such a thing."""
    known = {
        "person_id": str(person(service, of_both())),
        "run_id": "current",
        "source": "api",
        "contact_id": f"{MARK}-c1",
        "name": "redaction",
        "kind": "surveys",
        "table": "surveys",
        "number": "1",
    }
    fallback = "0" * 32
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: known.get(found[1], fallback), rule.path)


def readable(service: Service, role: Role) -> list[Rule]:
    """Routes that only read and that a role may call."""
    held = GRANTS[role]
    app = create_app(service)
    return [
        rule
        for rule in routes(app)
        if (rule.method == "GET" or rule.path in bodies(service))
        and rule.permission is not None
        and rule.permission in held
        and not (rule.of_all and held[rule.permission] is not Scope.ALL)
    ]


def asked(service: Service, client: TestClient, rule: Rule) -> list[str]:
    """What a route says, however it is asked."""
    place = places(service, rule)
    if rule.method == "GET":
        answers = [client.get(place, params=form) for form in FORMS]
        # A page's links repeat what was asked; that tells nothing.
        echoes = [escape(urlencode(form)) for form in FORMS]
    else:
        answers = [client.post(place, json=body) for body in bodies(service)[rule.path]]
        echoes = [""] * len(answers)
    statuses = {answer.status_code for answer in answers}
    assert max(statuses) < 500, rule.path
    assert statuses & {200, 404, 409}, f"{rule.path} is asked for nothing: say in FORMS or places() what it takes"
    return [
        answer.text.replace(echo, "") if echo else answer.text for answer, echo in zip(answers, echoes, strict=True)
    ]


@pytest.mark.parametrize("role", [Role.TEAM_LEAD, Role.AGENT, Role.WALLBOARD])
def test_no_answer_tells_of_a_team_that_is_not_ones_own(measured: Service, asking: Caller, role: Role) -> None:
    """Every route that reads is asked, in every form, also for the other team by name: no value of it comes back."""
    client = asking(role, *TEAM, agent_id="a1")
    told = [rule.path for rule in readable(measured, role) for text in asked(measured, client, rule) if MARK in text]
    assert told == []


def test_whoever_reaches_all_teams_is_told_of_them(measured: Service, asking: Caller) -> None:
    """The test above asks where there is something to be told: those who may see it do."""
    client = asking(Role.MANAGER)
    told = {
        rule.path for rule in readable(measured, Role.MANAGER) for text in asked(measured, client, rule) if MARK in text
    }
    assert told >= {
        "/api/v1/contacts",
        "/api/v1/runs/{run_id}/results",
        "/api/v1/people/look-up",
        "/api/v1/people/{person_id}/contacts",
        "/api/v1/quarantine/{number}",
    }


def test_a_customer_of_both_teams_is_known_by_ones_own_part(measured: Service, asking: Caller) -> None:
    """An agent sees the contacts that the own team had with a customer, and that there are others by nothing but
    whether a contact now would be a repeat; whose contacts were all elsewhere is unknown."""
    question = {"kind": "customer", "value": of_both()}
    whole = asking(Role.MANAGER).post("/api/v1/people/look-up", json=question).json()
    mine = asking(Role.AGENT, *TEAM).post("/api/v1/people/look-up", json=question).json()
    assert {one["team"] for one in whole["contacts"]} == {"North", "South"}
    assert {one["team"] for one in mine["contacts"]} == {"North"}
    assert mine["total"] < whole["total"]
    theirs = next(row["customer_id"] for row in sent() if row["customer_id"].startswith(MARK))
    for who in (asking(Role.AGENT, *TEAM), asking(Role.TEAM_LEAD)):
        said = who.post("/api/v1/people/look-up", json={"kind": "customer", "value": theirs}).json()
        assert (said["state"], said["candidates"]) == ("unknown", [])
        assert who.get(f"/api/v1/people/{person(measured, theirs)}/contacts").status_code == 404
    looks = measured.audit.page(action="person.look", person_id=person(measured, of_both()))
    assert {one.actor for one in looks} >= {"manager@example.org", "agent@example.org"}


def test_a_team_lead_without_teams_sees_no_team(asking: Caller) -> None:
    """No team is not every team."""
    answer = asking(Role.TEAM_LEAD).get("/api/v1/runs/current/results")
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_nothing_in_a_file_is_run_by_a_spreadsheet(asking: Caller) -> None:
    """A reason that begins like a formula is text in the CSV, and as it was in Parquet."""
    client = asking(Role.MANAGER)
    answer = client.get("/api/v1/runs/current/results", params={"format": "csv"})
    cells = [cell for row in csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))) for cell in row]
    assert any(MARK in cell for cell in cells)
    assert [cell for cell in cells if cell[:1] in {"=", "@", "\t", "\r"}] == []
    assert [cell for cell in cells if re.match(r"[+-](?![\d.])", cell)] == []
    assert re.fullmatch(r'attachment; filename="results-[\w-]+\.csv"', answer.headers["content-disposition"])


def test_one_sees_ones_own_figure_and_nobody_elses(measured: Service, asking: Caller) -> None:
    """The figure rests on one's own contacts alone; without an agent's id there is none, and no address takes one."""
    mine = [row["contact_id"] for row in sent() if row["agent_id"] == "a1"]
    said = asking(Role.AGENT, *TEAM, agent_id="a1").get("/api/v1/me/figures").json()
    assert (said["contacts"], said["measure"]) == (len(mine), "fcr_issue")
    assert said["status"] in {"final", "provisional"}
    assert 0 <= said["low"] <= said["value"] <= said["high"] <= 1
    other = asking(Role.AGENT, *TEAM, agent_id="a2").get("/api/v1/me/figures", params={"agent_id": "a1"}).json()
    assert other["contacts"] != said["contacts"]
    nobody = asking(Role.AGENT, *TEAM, agent_id="unknown").get("/api/v1/me/figures").json()
    assert (nobody["contacts"], nobody["status"], nobody["refusal_code"]) == (0, "refused", "nothing-to-count")
    assert asking(Role.AGENT, *TEAM).get("/api/v1/me/figures").status_code == 404
    for role in (Role.MANAGER, Role.QUALITY, Role.ADMINISTRATOR, Role.WALLBOARD):
        assert asking(role, agent_id="a1").get("/api/v1/me/figures").status_code == 403


def test_my_page_shows_ones_own_figure_and_nobody_elses(measured: Service, asking: Caller) -> None:
    """The agent's own n stands there for the agent; not for their lead or manager, whose page has no such part; and an
    address that names a run shows that run's figure or none."""
    html = {"Accept": "text/html"}
    own = {name: asking(Role.AGENT, *TEAM, agent_id=name).get("/me", headers=html).text for name in ("a1", "a2")}
    n = {name: sum(row["agent_id"] == name for row in sent()) for name in own}
    assert n["a1"] != n["a2"]
    for name, page in own.items():
        said = page.partition('id="own"')[2].partition("</section>")[0]
        assert [f"{count}" in re.findall(r"\d+", said) for count in n.values()] == [one == name for one in n]
    for role in (Role.MANAGER, Role.QUALITY, Role.ADMINISTRATOR):
        assert 'id="own"' not in asking(role, *TEAM, agent_id="a1").get("/me", headers=html).text
    for role in (Role.TEAM_LEAD, Role.AGENT):
        assert 'id="own"' not in asking(role, *TEAM).get("/me?agent_id=a1", headers=html).text
    kept = measured.runs.current()
    assert kept is not None
    former = replace(measured, runs=Former(measured.runs, kept))
    agent = caller_of(former)(Role.AGENT, *TEAM, agent_id="a1")
    assert 'id="own"' in agent.get("/me", headers=html).text
    assert 'id="own"' not in agent.get("/me?run=former", headers=html).text


class Former:
    """The runs, and beside them one whose contacts are no longer kept."""

    def __init__(self, runs: Any, kept: Any) -> None:
        self._runs, self._former = runs, replace(kept, id="former", state="earlier")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runs, name)

    def find(self, run_id: str) -> Any:
        """Any run."""
        return self._former if run_id == "former" else self._runs.find(run_id)

    def place(self, run: Any) -> Path:
        """Its directory; of the former one another, of figures alone."""
        folder: Path = self._runs.place(run)
        if run.id != "former":
            return folder
        thin = folder.parent / "thin"
        if not thin.exists():
            shutil.copytree(folder, thin, ignore=shutil.ignore_patterns("contacts.parquet"))
        return thin


def test_everybodys_own_contacts_together_give_the_runs_figure(measured: Service) -> None:
    """One's own figure is the run's own judgement of one's own contacts: over all contacts it is the headline."""
    run = measured.runs.current()
    assert run is not None
    folder = measured.runs.place(run)
    everything = {("api", row["contact_id"]) for row in sent()}
    found = own_figure(folder, "fcr_issue", everything)
    assert found is not None
    assert isinstance(found.result, Estimate)
    headline = next(
        row
        for row in pq.read_table(folder / "results.parquet").to_pylist()
        if (row["measure"], row["by"]) == ("fcr_issue", "")
    )
    assert (found.result.n, found.result.value) == (headline["n"], pytest.approx(headline["value"]))
    assert found.result.maturity == pytest.approx(headline["maturity"])
    assert abs(found.result.low - headline["low"]) < 0.03
    assert own_figure(folder, "csat", everything) is None


def test_permissions_for_oneself_have_no_route_that_names_somebody(measured: Service) -> None:
    """What is for oneself alone is asked for without saying for whom."""
    for rule in routes(create_app(measured)):
        if rule.permission is Permission.READ_OWN_FIGURES:
            assert "{" not in rule.path
