"""Pages of data as no centre should have them: they open, stay light, and every name in them stays a name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.doors.web.catalog import PLACES
from firstcontact.doors.web.page import asset, static
from firstcontact.services.access import Principal, Role
from firstcontact.services.measure_history import MEASURE
from firstcontact.services.run import Run
from firstcontact.services.service import Service
from tests import run_factory, told_runs
from tests.run_factory import row, share
from tests.service_fixture import caller_of
from tests.web.shown import Showing
from tests.web.test_measured import contacts, plainly

MOST_BYTES = 300_000
"""Of a page with its style and its script; fonts come on top of it where there are any."""

EMOJI = ("👩‍🚀", "🧑🏽‍🚒 Zoë", "🇧🇬🇮🇱", "e\u0301\u0323\u0307" * 40)


def many_reasons() -> Run:
    """5,000 reasons of two levels, all with a window of their own to tell."""
    base = run_factory.wide("reason_1", 5_000)
    fit = replace(base.fit, models=tuple(told_runs.model(f"reason_1 {index:05}", 3, 40) for index in range(300)))
    more = [row("opportunity", share(0.2, 900), "reason", {"reason": f"reason_1 {index:05}"}) for index in range(5_000)]
    return replace(base, rows=(*base.rows, *more), fit=fit)


def emoji() -> Run:
    base = told_runs.told()
    more = [row("fcr_issue", share(0.7, 400 + k), "team", {"team": name}) for k, name in enumerate(EMOJI)]
    return replace(base, rows=(*base.rows, *more))


RUNS: dict[str, Callable[[], Run]] = {
    "names that would be markup": run_factory.hostile,
    "the same in what was explained": told_runs.hostile,
    "emoji": emoji,
    "5,000 reasons": many_reasons,
    "300 teams": lambda: run_factory.wide("team", 300),
    "5,000 teams": lambda: run_factory.wide("team", 5_000),
    "one contact": run_factory.one_contact,
    "nothing closed yet": run_factory.all_immature,
    "no reasons": run_factory.no_reason,
    "nothing to explain": told_runs.untold,
}


def seen(service: Service, role: Role, **more: Any) -> TestClient:
    client = caller_of(service)(role, **more)
    client.headers["accept"] = "text/html"
    return client


def of(role: Role) -> list[str]:
    return [place.path for place in PLACES if place.open_to(Principal("1", "x@example.org", role))]


def wrong_with(path: str, answer: Any, status: int = 200) -> list[str]:
    """What is wrong with a page: its status, its weight, or what somebody's name became in it."""
    text = answer.text
    if answer.status_code != status:
        return [f"{path}: {answer.status_code}"]
    weight = len(answer.content) + len(static("style.css")) + len(static("app.js"))
    faults = [f"{weight:,} bytes"] if weight > MOST_BYTES else []
    if re.findall(r"<script[^>]*>", text) != [f'<script src="{asset("app.js")}" defer>']:
        faults.append("a script")
    if re.search(r"<[^>]* on\w+=", re.sub('"[^"]*"', '""', text)) or " style=" in text or "<img" in text:
        faults.append("markup")
    # What a form sends back is what it is; what is read is not.
    read = re.sub(r' value="[^"]*"', "", text)
    if any(one in read for one in ("\u202e", "\x00", "\x1b", "\ud800")):
        faults.append("a character that is none")
    if text.count("<h1") != 1:
        faults.append(f"{text.count('<h1')} heads")
    return [f"{path}: {one}" for one in faults]


@pytest.mark.parametrize("name", RUNS)
def test_pages_bear_every_run(name: str, sqlite_service: Service, showing: Showing) -> None:
    """Each page opens for a manager, weighs under 300 KB, and holds neither markup nor directions of anybody's name;
    so does the page of a reason, whatever it is called."""
    run = RUNS[name]()
    client = seen(showing(sqlite_service, run), Role.MANAGER)
    faults = [fault for path in of(Role.MANAGER) for fault in wrong_with(path, client.get(path))]
    reasons = [one.cell["reason_1"] for one in run.slices("fcr_issue", "reason_1") if one.cell.get("reason_1")]
    for reason in (one for one in reasons[:12] if one.isprintable() and len(one) < 3_000 and one.strip()):
        path = "/reason?" + urlencode({"name": reason})
        faults += wrong_with(path[:60], client.get(path))
    assert faults == []


def test_a_reason_that_is_not_there_or_too_long_is_no_defect(sqlite_service: Service, showing: Showing) -> None:
    """Asked for a reason that no run has, one of 10,000 characters or one of control characters, the page says so."""
    client = seen(showing(sqlite_service, run_factory.hostile()), Role.MANAGER)
    for name in ("nothing", "x" * 10_000, "nul\x00and\x1bescape", "\u202egnp.exe"):
        answer = client.get("/reason", params={"name": name})
        assert answer.status_code in {200, 404, 422}, name[:20]
        assert "\u202e" not in answer.text


def test_an_agents_own_page_bears_any_name(sqlite_service: Service) -> None:
    """Agents whose ids are made of emoji, accents or markup each see a page and a figure of their own."""
    agents = [*EMOJI, "<b>x</b>", "x" * 200]
    plainly(sqlite_service)
    sent = [one | {"agent_id": agents[place % len(agents)]} for place, one in enumerate(contacts(360))]
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    assert client.post("/api/v1/contacts", json=sent).status_code == 202
    client.post("/api/v1/jobs", json={"kind": "measure"})
    bootstrap.open_worker(sqlite_service).drain()
    for agent in agents:
        client = seen(sqlite_service, Role.AGENT, agent_id=agent)
        assert [fault for path in of(Role.AGENT) for fault in wrong_with(path, client.get(path))] == []
        assert 'id="own"' in client.get("/me").text


def test_pages_open_before_while_and_after_a_measurement_fails(sqlite_service: Service) -> None:
    """No contact at all, a measurement that waits, one that runs, one that failed: every page opens, and the overview
    says what goes on."""
    client = seen(sqlite_service, Role.MANAGER)
    queue, now = sqlite_service.queue, sqlite_service.now()

    def all_open() -> str:
        faults = [fault for path in of(Role.MANAGER) for fault in wrong_with(path, client.get(path))]
        assert faults == []
        return str(client.get("/").text)

    assert 'href="/imports/new"' in all_open()
    job = queue.ask(MEASURE, {}, asked_by="test", now=now, key="one")
    all_open()
    taken = queue.take("worker", [MEASURE], now + timedelta(seconds=1))
    assert taken is not None
    assert f'data-job="{job.id}"' in all_open()
    fault = {"code": "FC9001", "title": "<b>x</b>", "where": "\u202ex", "saw": "<i>", "allowed": "-", "cure": "-"}
    assert queue.end(taken.id, "worker", "failed", now + timedelta(seconds=2), faults=[fault])
    assert "data-job" not in all_open()
    assert wrong_with("/jobs/", client.get(f"/jobs/{job.id}")) == []
