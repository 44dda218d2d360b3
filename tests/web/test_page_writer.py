"""Pages speak through one writer, which knows the sentences of the pages and those of the report."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from firstcontact.doors import web
from firstcontact.doors.web.page import writer_of
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import caller_of

WEB = Path(str(web.__file__)).parent
MADE_IN = {"page.py", "snapshot.py"}
"""Files that make writers: of a visitor, and of a run, whose days are the business's."""


def test_no_page_makes_a_writer_of_its_own() -> None:
    """`Writer.of` speaks the report's sentences alone: through it a page would say its own in English."""
    found = []
    for path in sorted(WEB.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Writer", "Writer.of"}:
                found.append(path.name)
    assert set(found) == MADE_IN


@pytest.mark.parametrize("sentence", ["Case events", "Repeat rate"])
def test_the_writer_of_a_visitor_knows_sentences_of_pages_and_of_the_report(
    sqlite_service: Service, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the visitor's language, whichever of both a sentence is of."""
    said: list[str] = []

    def noting(request: object) -> object:
        made = writer_of(request)  # type: ignore[arg-type]
        said.append(made.say(sentence))
        return made

    monkeypatch.setattr("firstcontact.doors.web.pages.policy.writer_of", noting)
    client = caller_of(sqlite_service)(Role.MANAGER)
    for language in ("en", "he"):
        client.get("/policy", headers={"Accept": "text/html", "Accept-Language": language})
    assert said[0] == sentence
    assert not said[1].isascii()
