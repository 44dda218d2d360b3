"""Jobs are seen as they are, asked for once, stopped, and spoken of in the visitor's words."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from firstcontact.doors.web.job_words import KINDS, STEPS, kind_words, step_words
from firstcontact.measurement.explain.catalog import EXPLANATIONS
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import caller_of

SOURCE = Path(__file__).parents[2] / "src" / "firstcontact"
HTML = {"Accept": "text/html"}


def browser(service: Service, role: Role) -> TestClient:
    made = caller_of(service)(role)
    made.headers.update(HTML)
    return made


def test_measuring_is_asked_for_once_and_stopped(sqlite_service: Service) -> None:
    """Pressed twice it is one job; its page shows how far it is, and that it was stopped."""
    client = browser(sqlite_service, Role.MANAGER)
    first, second = client.post("/jobs"), client.post("/jobs")
    assert first.url == second.url
    job_id = first.url.path.rpartition("/")[2]
    assert f'data-job="{job_id}"' in first.text
    stopped = client.post(f"{first.url.path}/cancel").text
    assert "It will not go on." in stopped
    assert "data-job" not in stopped
    assert job_id in client.get("/jobs?state=cancelled").text
    assert job_id not in client.get("/jobs?state=waiting").text


def test_a_job_of_a_schedule_says_when_it_is_due(sqlite_service: Service) -> None:
    """What waits for its hour does not look as if it were stuck; what waits for its turn waits."""
    due = sqlite_service.now() + timedelta(hours=3)
    later = sqlite_service.queue.ask("link", {}, asked_by="schedule", now=sqlite_service.now(), due_at=due)
    soon = sqlite_service.queue.ask("tidy", {}, asked_by="schedule", now=sqlite_service.now())
    client = browser(sqlite_service, Role.MANAGER)
    page = client.get("/jobs").text
    assert re.findall(r'<span class="badge">Due ([^<]*)</span>', page) == [f"{due:%-d %b %Y, %H:%M}"]
    assert (f'data-job="{later.id}"' in page, f'data-job="{soon.id}"' in page) == (False, True)
    assert client.get(f"/api/v1/jobs/{later.id}").json()["due_at"].startswith(f"{due:%Y-%m-%dT%H:%M}")


def test_what_went_wrong_is_said_in_words(sqlite_service: Service) -> None:
    """A job that failed says so in the list and in four clauses on its page; nothing in it becomes markup."""
    now = sqlite_service.now()
    job = sqlite_service.queue.ask("measure", {}, asked_by="<i>x</i>", now=now)
    sqlite_service.queue.take("w", ["measure"], now)
    fault = {"code": "FC9502", "title": "a <b>title", "where": "there", "saw": "this", "allowed": "that", "cure": "do"}
    sqlite_service.queue.end(job.id, "w", "failed", now, faults=[fault])
    client = browser(sqlite_service, Role.QUALITY)
    listed, page = client.get("/jobs").text, client.get(f"/jobs/{job.id}").text
    assert "A &lt;b&gt;title" in listed
    for part in ("A &lt;b&gt;title", "there", "this", "that", "FC9502", "&lt;i&gt;x"):
        assert part in page
    assert "/cancel" not in listed + page
    assert client.post("/jobs").status_code == 403
    assert client.get(f"/jobs/{'0' * 32}").status_code == 404
    assert browser(sqlite_service, Role.AGENT).get("/jobs").status_code == 403


def test_what_the_service_asks_for_itself_is_not_said_to_be_somebodys(sqlite_service: Service) -> None:
    """Whatever part of the program asks for a job, the pages call it the service; people stand there by their name."""
    parts = {"erasure", "retention"} | {
        part
        for path in (SOURCE / "services", SOURCE / "adapters")
        for file in path.rglob("*.py")
        for part in re.findall(r'asked_by="(\w+)"', file.read_text(encoding="utf-8"))
    }
    assert {"import", "ingest", "announce"} <= parts
    assert 'self._restate("erasure")' in (SOURCE / "services" / "erase.py").read_text(encoding="utf-8")
    for number, part in enumerate(sorted(parts)):
        sqlite_service.queue.ask("link", {}, asked_by=part, now=sqlite_service.now(), key=str(number))
    sqlite_service.queue.ask("link", {}, asked_by="dana@example.org", now=sqlite_service.now(), key="dana")
    page = browser(sqlite_service, Role.MANAGER).get("/jobs").text
    assert page.count("<bdi>the service</bdi>") == len(parts)
    assert "<bdi>dana@example.org</bdi>" in page


def test_every_step_that_a_job_tells_can_be_translated(sqlite_service: Service) -> None:
    """What the handlers of jobs tell stands in the table, word for word; so does every kind of job."""
    told: set[str] = set()
    places = ["services", "adapters/connectors", "measurement/explain"]
    unseen = {"fit.py", "simulate.py", "prove.py", "plan.py", "draw_audit.py", "define.py"}
    for place in places:
        for path in sorted((SOURCE / place).rglob("*.py")):
            if path.name not in unseen:
                told |= set(re.findall(r'\b(?:progress|watch|tell)\("([^"{}]+)"', path.read_text(encoding="utf-8")))
    told |= {one.title for one in EXPLANATIONS}
    told -= {", ", "import.finished"}  # separators and events, no steps
    assert told - STEPS == set()
    assert len(told) > 20
    assert set(sqlite_service.handlers) == set(KINDS)


@pytest.mark.parametrize(
    ("step", "said"),
    [("counting", "COUNTING"), ("linking, 1,200 contacts so far", "LINKING, 1,200 CONTACTS SO FAR"), ("Own", "Own")],
)
def test_a_step_with_a_number_in_it_is_translated_around_it(step: str, said: str) -> None:
    """The number stays, the words around it are the visitor's; names of definitions stay as they are."""
    assert step_words(step, lambda text: text.upper().replace("%(COUNT)S", "%(count)s")) == said
    assert kind_words("measure", str.upper) == "MEASURE EVERYTHING"
