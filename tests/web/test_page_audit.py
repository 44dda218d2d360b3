"""The audit's page finds what it names."""

from __future__ import annotations

import ast
import html
import re
from datetime import datetime
from pathlib import Path
from typing import get_args

import firstcontact
from firstcontact.doors.web.audit_words import ACTIONS
from firstcontact.doors.web.pages.audit import KINDS
from firstcontact.services.access import Role
from firstcontact.services.decide_identity import ProposalState, Verb
from firstcontact.services.mend import AsideState
from firstcontact.services.service import Service
from tests.service_fixture import caller_of
from tests.web.test_accounts_api import account

NOTES = {"Event", "note", "_note"}
"""By what the code notes something."""

SOURCE = Path(firstcontact.__file__).parent


def beginnings() -> set[str]:
    """How every word begins by which the code notes something: the noun and its dot."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        if "connectors" in path.parts:
            continue  # what these note are columns
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) in NOTES:
                for value in ast.walk(call):
                    if isinstance(value, ast.Constant) and isinstance(value.value, str):
                        found |= set(re.findall(r"^[a-z_-]+\.(?=[a-z_-]*$)", value.value))
    return found


def words() -> set[str]:
    """Every whole word by which the code notes something."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        if "connectors" not in path.parts:
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) in NOTES:
                    plain = [one for one in ast.iter_child_nodes(call) if isinstance(one, ast.Constant)]
                    said = [one.value for one in plain if isinstance(one.value, str)]
                    found |= {one for one in said if re.fullmatch(r"[a-z_-]+\.[a-z_-]+", one)}
    return found


def test_every_word_of_the_audit_is_said_in_words() -> None:
    """No code stands on the page for what is noted, nor for what an import, a proposal or a record ends with."""
    made = {f"import.{one}" for one in ("running", "undoing")} | {f"people.{one}" for one in get_args(Verb)}
    made |= {f"proposal.{one}" for one in get_args(ProposalState) if one != "open"}
    made |= {f"quarantine.{one}" for one in get_args(AsideState) if one != "open"}
    found = words()
    assert {"account.add", "job.ask", "backup.write", "linkage-audit.draw"} <= found
    assert found | made == set(ACTIONS)


def test_every_word_of_the_audit_belongs_to_one_kind() -> None:
    """Whatever the code notes is found under exactly one of the kinds of the filter, and no kind is always empty."""
    noted = beginnings()
    assert {"account.", "contact.", "people.", "subject.", "backup."} <= noted
    held = [beginning for _, each in KINDS.values() for beginning in each]
    assert noted - set(held) == set()
    assert len(held) == len(set(held))
    assert all(noted & set(each) for _, each in KINDS.values())


def test_a_kind_finds_all_its_words(sqlite_service: Service) -> None:
    """Of a kind with several words all are found, and nothing else; the interface finds the same."""
    for action in ("person.look", "people.merge", "proposal.accepted", "personal.x", "job.ask"):
        sqlite_service.audit.note("x@example.org", action, now=sqlite_service.now())
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    page = client.get("/audit?kind=person").text
    shown = set(re.findall(r'href="/audit\?kind=([a-z.-]+)" title', page))
    assert shown == {"person.look", "people.merge", "proposal.accepted"}
    asked = "&".join(f"action={one}" for one in KINDS["person"][1])
    assert {one["action"] for one in client.get(f"/api/v1/audit?{asked}").json()["items"]} == shown
    assert [one.action for one in sqlite_service.audit.page(action="job.ask")] == ["job.ask"]


def test_the_audit_is_a_sentence_with_names(sqlite_service: Service) -> None:
    """Who, what, to whom and with what, in words: an account by its address, a file by its name, roles as pages call
    them, nothing of the program's own writing; what is hostile is escaped, and Hebrew holds no code either."""
    added = account(sqlite_service, Role.TEAM_LEAD, "North")
    now, note = sqlite_service.now(), sqlite_service.audit.note
    change = {"fields": ["role", "teams"], "role": ["agent", "manager"], "teams": [["<b>South</b>"], []]}
    note("boss@example.org", "account.change", object=added.id, detail=change, now=now)
    note("token:<i> of boss@example.org", "policy.publish", object="3", detail={"hash": "a" * 64}, now=now)
    note("boss@example.org", "token.add", object="f" * 32, detail={"name": "x", "permissions": ["me:read"]}, now=now)
    value = {"every_hours": 24, "zone": None, "by": ["team", "week"], "definitions": True}
    note("boss@example.org", "setting.change", object="measurement", detail={"value": value}, now=now)
    note("boss@example.org", "contact.export", object="r", detail={"contacts": 1200, "measure": "fcr_issue"}, now=now)
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    main = client.get("/audit", headers={"Accept-Language": "en"}).text.partition("<tbody>")[2].partition("</tbody>")[0]
    said = re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]*>", " ", main)))
    for sentence in (
        f"changed an account {added.email}", "role: Agent before, Manager now", "teams: <b>South</b> before, – now",
        "the token “<i>” of boss@example.org", "put a policy into force version 3", "may: seeing one's own account",
        "every so many hours: 24 time zone: – further cuts: team, week every known definition: yes",
        "contacts: 1,200 measure: First contact resolution",
    ):  # fmt: skip
        assert sentence in said, sentence
    assert ("<i>" in main, "<b>" in main) == (False, False)
    other = client.get("/audit", headers={"Accept-Language": "he"}).text.partition("<tbody>")[2]
    for text in (said, html.unescape(re.sub("<[^>]*>", " ", other))):
        assert not re.search(r"[0-9a-f]{16}|\['|\{'|None|True|[a-z]+:read|every_hours", text), text


def test_the_audit_is_asked_by_who_what_and_when(sqlite_service: Service) -> None:
    """One kind of event alone, one account alone, and the days of the visitor's zone; what is no day asks nothing."""
    for day in (1, 2, 3):
        for who in ("a@example.org", "b@example.org"):
            sqlite_service.audit.note(who, "job.ask", now=datetime(2026, 3, day, 23, 30), detail={"kind": "measure"})  # noqa: DTZ001
    client = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    client.cookies.set("zone", "Europe/Sofia")

    def count(asked: str) -> int:
        return client.get(f"/audit?{asked}").text.count('class="done"')

    assert count("kind=job.ask") == 6
    assert count("kind=job.ask&actor=a@example.org") == 3
    # Half past eleven at night in UTC is the next day there.
    assert [count(f"kind=job.ask&since=2026-03-0{day}") for day in (2, 3, 4, 5)] == [6, 4, 2, 0]
    assert count("kind=job.ask&since=2026-03-03&until=2026-03-04") == 2
    assert count("kind=job.ask&since=tomorrow") == 6
    chosen = client.get("/audit?kind=job.ask").text
    assert '<option value="job.ask" selected>asked for a job</option>' in chosen
