"""The interface names every table of the contacts' vocabulary."""

from __future__ import annotations

from typing import get_args

from firstcontact.contacts.table import TABLES
from firstcontact.doors.api.table_name import TableName


def test_every_table_can_be_sent() -> None:
    """A table that is added can be named in the interface, in the order in which it is described."""
    assert list(get_args(TableName)) == [table.name for table in TABLES]
