"""The audit's page finds what it names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import firstcontact
from firstcontact.doors.web.pages.audit import KINDS
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import caller_of

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
                        found |= set(re.findall(r"^[a-z_]+\.(?=[a-z_]*$)", value.value))
    return found


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
    shown = set(re.findall(r'<code dir="ltr">([a-z.]+)</code></td>', page))
    assert shown == {"person.look", "people.merge", "proposal.accepted"}
    asked = "&".join(f"action={one}" for one in KINDS["person"][1])
    assert {one["action"] for one in client.get(f"/api/v1/audit?{asked}").json()["items"]} == shown
    assert [one.action for one in sqlite_service.audit.page(action="job.ask")] == ["job.ask"]
