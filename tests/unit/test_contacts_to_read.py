"""Contacts drawn to be read for a root cause are found by its name, inside its reason or in all reasons together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstcontact import bootstrap
from firstcontact.adapters.stores.kept_contact import ParquetContacts
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.ask_contacts import asked_pairs, question_of
from firstcontact.services.contact_question import Question
from firstcontact.services.find_contacts import Show, find_contacts

CAUSE = "escalated: level 2"


@pytest.fixture(scope="module")
def kept() -> Iterator[ParquetContacts]:
    """What reads contacts."""
    opened = ParquetContacts(lambda: bootstrap.open_engine("256MB", threads=1))
    yield opened
    opened.close()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Six contacts, four of which were drawn: two for all reasons, two inside one."""
    names = [f"c{number}" for number in range(6)]
    reasons = ["bill", "bill", "cancel", "bill", "cancel", "bill"]
    moment = [datetime(2026, 1, 1)] * 6  # noqa: DTZ001 - UTC, as everywhere inside
    teams = ["North", "South"] * 3
    contacts = {"contact_id": names, "reason": reasons, "team": teams, "started_at": moment}
    pq.write_table(pa.table(contacts), tmp_path / "contacts.parquet")
    drawn = {"contact_id": ["c0", "c2", "c1", "c3"], "cause": [CAUSE] * 4, "reason": [None, None, "bill", "bill"]}
    pq.write_table(pa.table(drawn), tmp_path / "to_read.parquet")
    return tmp_path


def _ids(kept: ParquetContacts, run: Path, question: Question, teams: frozenset[str] | None = None) -> set[str]:
    found = find_contacts(kept, run, question, Show(columns=("contact_id",)), teams)
    assert found.total == found.rows.num_rows
    return set(found.rows["contact_id"].to_pylist())


def test_what_was_drawn_for_a_cause_is_listed(kept: ParquetContacts, run: Path) -> None:
    """Those of all reasons where none is asked for, those of one where it is, and of one's own teams alone."""
    assert _ids(kept, run, Question(cause=CAUSE)) == {"c0", "c2"}
    assert _ids(kept, run, Question(cause=CAUSE, reason="bill")) == {"c1", "c3"}
    assert _ids(kept, run, Question(cause=CAUSE, reason="bill"), frozenset({"North"})) == set()
    assert _ids(kept, run, Question(cause=CAUSE), frozenset({"North"})) == {"c0", "c2"}


def test_a_cause_that_does_not_stand_out_is_refused(kept: ParquetContacts, run: Path) -> None:
    """So is any where the run drew nothing."""
    for question in (Question(cause="no such cause"), Question(cause=CAUSE, reason="cancel")):
        with pytest.raises(FirstcontactError, match="FC9504"):
            _ids(kept, run, question)
    (run / "to_read.parquet").unlink()
    with pytest.raises(FirstcontactError, match="FC9506"):
        _ids(kept, run, Question(cause=CAUSE))


def test_a_cause_stands_in_an_address() -> None:
    """And is read back from it."""
    question = Question(cause=CAUSE, reason="bill")
    assert question_of(asked_pairs(question)) == question
