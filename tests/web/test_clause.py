"""What is wrong is said whole in the visitor's language: title, what was seen, what is allowed, what to do."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from babel import Locale

from firstcontact.contacts.rule import RULES
from firstcontact.doors.report.notation import Notation
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web import clause as clauses
from firstcontact.doors.web.clause_words import EDITED, MISFITS, ON_PAGE, told
from firstcontact.doors.web.form import in_words
from firstcontact.kernel.errors import ErrorKind, of_system
from firstcontact.kernel.sentence import clause, kept_with, restored_with
from firstcontact.services.access import NOT_ALLOWED, Role
from firstcontact.services.service import Service
from tests.service_fixture import caller_of

PART = re.compile(r"\{(\w+)")


class Said:
    """The sentences of a language, as far as a test needs them."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = known

    def gettext(self, text: str) -> str:
        return self.known.get(text, text)


def writer(language: str, **known: str) -> Writer:
    return Writer(Notation(Locale.parse(language), "UTC"), Said(known))


def test_every_clause_that_a_page_can_show_reaches_a_translator() -> None:
    """A clause is a text written where the fault is made, one made by `clause`, or a value; else it stays English."""
    assert [f"{one.place} {one.text}" for path in clauses.sources() for one in clauses.read(path)[1]] == []


def test_the_clauses_that_are_collected_are_those_of_the_kinds_a_page_can_show() -> None:
    """Each kind declared where a page's faults are made has its title among them, and a clause or more."""
    found = {forms[-1] for _, forms in clauses.collected()}
    lacking = []
    for path in clauses.sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and getattr(node.args[0], "value", None) in ErrorKind.registry:
                title = ErrorKind.registry[node.args[0].value].title  # type: ignore[attr-defined]
                lacking += [title] if title not in found else []
    assert lacking == []
    assert {"no such id", "text of {count} characters", "correct it", "the file is empty"} <= found


def test_an_unmarked_clause_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that is put together, or that a parameter brings, is named with its line."""
    source = tmp_path / "some.py"
    source.write_text(
        "def wrong(saw: str, allowed: Sentence):\n"
        "    raise KIND.fault(where=here, saw=saw, allowed=allowed, cure=f'take {n} of them')\n"
        "raise KIND.fault(where=here, saw=f'{a}-{b}', allowed='one' if a else clause('two'), cure=near(a))\n"
    )
    monkeypatch.setattr(clauses, "PACKAGE", tmp_path)
    found, unmarked = clauses.read(source)
    assert [(one.place, one.text) for one in unmarked] == [
        ("some.py:2", "saw"),
        ("some.py:2", "f'take {n} of them'"),
        ("some.py:3", "near(a)"),
    ]
    assert found == [("two",), ("one",)]


def test_what_only_a_program_can_do_is_said_otherwise_on_a_page() -> None:
    """Each such clause exists, and what stands in its place asks for no part that it does not have."""
    known = {forms[-1] for path in clauses.sources() for forms in clauses.read(path)[0]}
    known |= {rule.cure for rule in RULES}
    assert sorted(set(ON_PAGE) - known) == []
    assert [old for old, new in EDITED.items() if not set(PART.findall(new)) <= set(PART.findall(old))] == []
    assert all("--" not in text and "api/" not in text for text in EDITED.values())


def test_a_clause_is_said_with_its_numbers_and_a_value_keeps_its_direction() -> None:
    """Words are translated, numbers written as the language does; what has no translation stands from left to right."""
    speaks = writer("he", **{"{count:,} rows": "{count:,} שורות", "no such id": "אין מזהה כזה"})
    assert told(clause("{count:,} rows", count=1234), speaks) == "1,234 שורות"
    assert told("no such id", speaks) == "אין מזהה כזה"
    assert told("Aaaa 99<b>", speaks) == '<bdi dir="ltr">Aaaa 99&lt;b&gt;</bdi>'
    assert told(clause("as \u202e{name}", name="x"), speaks) == '<bdi dir="ltr">as �x</bdi>'
    assert told(clause("{rows}, {name}", rows=clause("{count:,} rows", count=2), name="x"), speaks).startswith(
        "2 שורות"
    )
    assert told("", speaks) == ""
    assert told(of_system(OSError(28, "No space left on device")), writer("en")) == "No space left on device"


def test_numbers_of_an_engine_and_paths_are_kept_as_plain_data() -> None:
    """Whatever a clause is made of, a job can keep it, and it is said again as it was."""
    said = clause("{count:,} rows of {path}", count=np.int64(1234), path=Path("some.csv"))
    kept = json.loads(json.dumps(kept_with({"saw": said})))
    assert restored_with(kept)["saw"] == "1,234 rows of some.csv"
    assert restored_with(kept)["saw"].parts == {"count": 1234, "path": "some.csv"}  # type: ignore[attr-defined]


def test_what_is_to_be_typed_is_code_from_left_to_right() -> None:
    """A setting and its value do not change places in a sentence from right to left, and no mark is typed with them."""
    cure = clause('type `{key} = "{value}"`', key="a<b", value="x")
    speaks = writer("he", **{cure.pattern: 'כתבו `{key} = "{value}"`'})
    assert told(cure, speaks) == 'כתבו <code dir="ltr">a&lt;b = &#34;x&#34;</code>'
    assert told(cure, writer("en")) == 'type <code dir="ltr">a&lt;b = &#34;x&#34;</code>'
    assert told("one ` alone", writer("en")) == "one ` alone"


def test_on_a_page_nobody_is_sent_to_the_interface() -> None:
    """In English, too: a visitor loads the page anew, and learns that a field was empty."""
    assert told("read it again", writer("en")) == "load the page anew"
    assert told(clause("at most {most}", most=3), writer("en")) == "at most 3"
    assert told("missing", writer("bg", **{MISFITS["missing"]: "нищо"})) == "нищо"
    (one,) = in_words(
        [NOT_ALLOWED.fault(where="email", saw="a", allowed="b", cure="list them").as_dict()], writer("en")
    )
    assert (one.title[:1].isupper(), one.where, one.cure) == (True, "email", "go back to the list")


def test_a_fault_that_was_kept_is_said_as_one_that_was_just_made(sqlite_service: Service) -> None:
    """A job's fault comes out of the store with what its clauses were made of, and the interface says the same text."""
    now = sqlite_service.now()
    job = sqlite_service.queue.ask("measure", {}, asked_by="x", now=now)
    sqlite_service.queue.take("w", ["measure"], now)
    cure, count = "ask an administrator", clause("{count:,} rows", count=1234)
    fault = NOT_ALLOWED.fault(where="the file", saw=count, allowed="{ low = 1 }", cure=cure).as_dict()
    sqlite_service.queue.end(job.id, "w", "failed", now, faults=[fault])
    kept = sqlite_service.queue.find(job.id)
    assert kept is not None
    assert kept.faults == [fault]
    (said,) = in_words(kept.faults, writer("zh_Hant", **{"{count:,} rows": "{count:,} 列", cure: "請洽管理員"}))
    assert (said.saw, said.cure) == ("1,234 列", "請洽管理員")
    assert said.allowed == '<bdi dir="ltr">{ low = 1 }</bdi>'
    answer = caller_of(sqlite_service)(Role.ADMINISTRATOR).get(f"/api/v1/jobs/{job.id}").json()
    assert answer["faults"] == [{name: str(text) for name, text in fault.items()}]
