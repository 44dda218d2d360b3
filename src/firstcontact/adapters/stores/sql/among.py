"""Many keys in one question: handed over as one value, so that the question is the same however many they are.

Lists of values are written anew for every number of them, which costs more than asking; and databases bound how long
they may be. Both databases read a table of the keys first and find each by its index.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    func,
)


class Pairs:
    """Pairs of texts as a table.

    Args:
        connection: Where they are asked for.
        pairs: The pairs; none counts twice.
    """

    def __init__(self, connection: Connection, pairs: Collection[tuple[str, str]]) -> None:
        once = list(dict.fromkeys(pairs))
        if connection.dialect.name == "sqlite":
            rows = func.json_each(_bound(json.dumps(once), Text())).table_valued("value", name="among")
            self._first: Any = func.json_extract(rows.c.value, "$[0]")
            self._second: Any = func.json_extract(rows.c.value, "$[1]")
        else:
            sides = [_bound([pair[place] for pair in once], ARRAY(Text)) for place in range(2)]
            rows = func.unnest(*sides).table_valued("first", "second", name="among").render_derived()
            self._first, self._second = rows.c.first, rows.c.second
        self._rows: FromClause = rows

    def beside(self, table: Any, first: ColumnElement[str], second: ColumnElement[str]) -> Any:
        """Each of them with the rows of a table that hold it.

        Args:
            table: The table.
            first: Its column that holds the first of a pair.
            second: Its column that holds the second.
        """
        return self._rows.join(table, and_(first == self._first, second == self._second))

    def of_contact(self, table: Any) -> Any:
        """Where they name contacts: each with the rows of a table that belong to it."""
        return self.beside(table, table.c.source, table.c.contact_id)


def numbers_beside(connection: Connection, numbers: Collection[int], table: Any, column: ColumnElement[int]) -> Any:
    """Each of some numbers with the rows of a table that hold it.

    Args:
        connection: Where they are asked for.
        numbers: The numbers; none counts twice.
        table: The table.
        column: Its column.
    """
    once = list(dict.fromkeys(numbers))
    if connection.dialect.name == "sqlite":
        rows = func.json_each(_bound(json.dumps(once), Text())).table_valued("value", name="among")
        return rows.join(table, column == cast(rows.c.value, Integer))
    rows = func.unnest(_bound(once, ARRAY(BigInteger))).table_valued("value", name="among").render_derived()
    return rows.join(table, column == rows.c.value)


def _bound(value: Any, kind: Any) -> ColumnElement[Any]:
    given = bindparam(None, value, type_=kind, unique=True)
    return given if isinstance(kind, Text) else cast(given, kind)
