"""Rows that are about something else and quote a person: found by whole values, removed or blanked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import JSON, Column, Connection, String, Table, Text, cast, func, or_, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import in_parts
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.remove import remove
from firstcontact.contacts.table import TABLES
from firstcontact.measurement.linking.identifier import OWN_ID
from firstcontact.measurement.reference.identifier import spell
from firstcontact.services.erase import Key, Subject
from firstcontact.services.mention import Mention

ERASED = {"erased": True}
"""What stands where something was quoted."""

_PLACES: tuple[tuple[Table, str, Any], ...] = (
    (schema.job, "arguments", ERASED),
    (schema.job, "result", ERASED),
    (schema.job, "faults", []),
    (schema.audit_event, "detail", ERASED),
    (schema.audit_event, "object", None),
    (schema.delivery, "body", "{}"),
    (schema.import_, "preview", None),
    (schema.import_, "faults", []),
    (schema.identity_decision, "note", None),
)
"""Where something may be quoted, and what stands there instead."""

_TEXTS: tuple[tuple[Table, str], ...] = (
    (schema.text, "body"),
    (schema.contact_before, "body"),
    (schema.quarantine, "raw"),
)
"""What others said, where only the mention goes."""

_IMPERSONAL = frozenset(
    column.name for spec in TABLES for column in spec.columns if column.type == "string" and not column.personal
)
"""Columns that name no customer: what is equal there is equal by chance."""

_MAY_QUOTE = frozenset({"wrap_up", "case_id", "asset_id", "title", "reason"})
"""Of these the ones that may hold more than a name of something: what mentions somebody there does so."""

_OF_OTHERS = _IMPERSONAL - _MAY_QUOTE
_NOT_SEARCHED = _OF_OTHERS | {"repeat_of", "leg_of", "issue_id"}


class Quotes:
    """Finds and removes what quotes a person.

    Args:
        database: The operational store.
        region: Gives the country in which national telephone numbers are read.
    """

    def __init__(self, database: Database, region: Callable[[], str | None]) -> None:
        self._database = database
        self._region = region

    def erase(self, subject: Subject) -> dict[str, int]:
        """Remove or blank what quotes a person; gives how many rows, by what they are."""
        mention = Mention(subject.values)
        counts: dict[str, int] = {}
        with self._database.reading() as connection:
            aside = self.set_aside(connection, subject)
        counts["quarantine"] = self._remove(schema.quarantine, aside)
        with self._database.reading() as connection:
            versions = self._versions(connection, mention)
        quoted = {"quoted_in_contact_before": self._remove(schema.contact_before, versions)}
        for table, name in _TEXTS:
            quoted[f"quoted_in_{table.name}"] = quoted.get(f"quoted_in_{table.name}", 0) + self._mark(
                table, name, mention
            )
        for table, name, blank in _PLACES:
            with self._database.reading() as connection:
                ids = [
                    row.id
                    for row in self._holding(connection, table, [name], mention, table.c.id)
                    if _holds(row[1], mention)
                ]
            label = f"quoted_in_{table.name}"
            for part in in_parts(ids):
                with self._database.writing() as connection:
                    blanked = update(table).where(table.c.id.in_(part)).values({name: blank})
                    quoted[label] = quoted.get(label, 0) + connection.execute(blanked).rowcount
        return counts | {name: count for name, count in quoted.items() if count}

    def set_aside(self, connection: Connection, subject: Subject) -> list[int]:
        """Rows that were set aside and are the person's: by a contact, a value, or, garbled, by a mention."""
        table, mention, keys = schema.quarantine, Mention(subject.values), set(subject.keys)
        asked = select(table.c.id, table.c.source, table.c.raw)
        return [
            row.id
            for row in connection.execute(asked.execution_options(yield_per=1000))
            if self._is_about(row.source, row.raw, keys, mention)
        ]

    def search(self, connection: Connection, subject: Subject) -> list[str]:
        """Columns in which a row still mentions a person."""
        mention = Mention(subject.values)
        found = []
        for table in schema.metadata.sorted_tables:
            names = [column.name for column in table.columns if _may_quote(column)]
            left = set()
            for row in self._holding(connection, table, names, mention) if names else ():
                left |= {name for name in names if _holds(row._mapping[name], mention)}
            found += [f"store: {table.name}.{name}" for name in sorted(left)]
        return found

    def _mark(self, table: Table, name: str, mention: Mention) -> int:
        """Put a mark where what somebody else said mentions the person; gives in how many rows."""
        key = next(iter(table.primary_key.columns))
        with self._database.reading() as connection:
            rows = [(row[0], row[1]) for row in self._holding(connection, table, [name], mention, key)]
        changed = 0
        for part in in_parts(rows):
            with self._database.writing() as connection:
                for one, said in part:
                    value = (
                        mention.out_of_cell(said, _OF_OTHERS)
                        if isinstance(said, str)
                        else mention.out_of_data(said, _OF_OTHERS)
                    )
                    if value != said:
                        changed += connection.execute(update(table).where(key == one).values({name: value})).rowcount
        return changed

    def _remove(self, table: Table, ids: list[int]) -> int:
        removed = 0
        for part in in_parts(ids):
            with self._database.writing() as connection:
                removed += remove(connection, table, table.c.id.in_(part))
        return removed

    def _holding(
        self, connection: Connection, table: Table, names: list[str], mention: Mention, *key: Column[Any]
    ) -> Iterator[Any]:
        """Rows in which the characters of a value occur in one of some columns; whether as a word is to be seen."""
        holds = func.instr if self._database.is_sqlite else func.strpos
        for part in in_parts(mention.forms, 50 // len(names) + 1):
            quoted = or_(*(holds(cast(table.c[name], Text), form) > 0 for name in names for form in part))
            asked = select(*key, *(table.c[name] for name in names)).where(quoted)
            yield from connection.execute(asked.execution_options(yield_per=1000))

    def _versions(self, connection: Connection, mention: Mention) -> list[int]:
        """Earlier versions of somebody else's contacts that were the person's then."""
        table = schema.contact_before
        holds = func.instr if self._database.is_sqlite else func.strpos
        found: set[int] = set()
        forms = sorted({json.dumps(one)[1:-1] for one in mention.values})
        for part in in_parts(forms, 50):
            quoted = or_(*(holds(cast(table.c.body, Text), form) > 0 for form in part))
            for row in connection.execute(select(table.c.id, table.c.body).where(quoted)):
                named = [row.body["columns"].get("customer_id"), *(value for _, value in row.body["identifiers"])]
                if any(mention.names(one) for one in named):
                    found.add(row.id)
        return sorted(found)

    def _is_about(self, source: str | None, raw: str, keys: set[Key], mention: Mention) -> bool:
        try:
            item = json.loads(raw)
        except (ValueError, RecursionError):
            return mention.in_text(raw)
        if not isinstance(item, dict):
            return mention.in_data(item)
        if (str(item.get("source", source)), str(item.get("contact_id"))) in keys:
            return True
        pairs = [(OWN_ID, item.get("customer_id"))]
        pairs += [(column, item[column]) for column in item if column not in _IMPERSONAL]
        given = item.get("identifiers")
        for one in given if isinstance(given, list) else []:
            if isinstance(one, dict):
                pairs.append((str(one.get("kind")), one.get("value")))
        region = self._region()
        return any(
            mention.names(value) or (isinstance(value, str) and mention.names(spell(kind, value, region)))
            for kind, value in pairs
        )


def _may_quote(column: Any) -> bool:
    """Whether a column may hold text that is not the program's own."""
    kind = column.type
    written = isinstance(kind, JSON | schema.Faults) or (isinstance(kind, String) and kind.length is None)
    return written and column.name not in _NOT_SEARCHED


def _holds(value: Any, mention: Mention) -> bool:
    return mention.in_cell(value, _OF_OTHERS) if isinstance(value, str) else mention.in_data(value, _OF_OTHERS)
