"""Contacts of a run are read where they lie, go with the run, and leave nothing of anybody in memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstcontact import bootstrap
from firstcontact.adapters.stores.kept_contact import ParquetContacts
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services.contact_question import Condition
from firstcontact.services.find_contacts import Show

WANTED = (Condition(("team",), "is", ("North",)),)


@pytest.fixture
def kept() -> Iterator[ParquetContacts]:
    """What reads contacts."""
    opened = ParquetContacts(lambda: bootstrap.open_engine("256MB", threads=1))
    yield opened
    opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two contacts."""
    found = tmp_path / "contacts.parquet"
    pq.write_table(pa.table({"contact_id": ["dana-1", "2"], "team": ["North", "South"], "started_at": [1, 2]}), found)
    return found


@pytest.mark.parametrize(
    "ask",
    [
        lambda kept, path: kept.columns(path),
        lambda kept, path: kept.count(path, WANTED),
        lambda kept, path: kept.find(path, WANTED, Show(columns=("team",))),
    ],
)
def test_contacts_that_go_meanwhile_are_no_longer_noted(
    kept: ParquetContacts, path: Path, ask: Callable[[ParquetContacts, Path], Any]
) -> None:
    """FC9506 where a later run comes into force between two steps of a request."""
    assert ask(kept, path)
    path.unlink()
    with pytest.raises(FirstcontactError, match="FC9506"):
        ask(kept, path)


def test_counts_are_remembered_without_what_was_asked_for(kept: ParquetContacts, path: Path) -> None:
    """A question is counted once; what was typed in it, and who was meant, stands nowhere afterwards."""
    typed = [Condition(("contact_id", "reason")[:1], "has", ("dana",)), Condition(("contact_id",), "is", ("dana-1",))]
    for conditions in ([typed[0]], [typed[1]], WANTED):
        assert kept.count(path, conditions) == 1
        assert kept.count(path, conditions) == 1
    assert len(kept._totals) == 3
    assert not re.search("dana|North", repr(kept._totals))
