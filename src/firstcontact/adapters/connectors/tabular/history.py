"""One row an update of a ticket: the last state is the contact, and what changed on the way becomes case events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import lexicon, sql
from firstcontact.adapters.connectors.tabular.expression import Reader, meaning, number_of
from firstcontact.adapters.connectors.tabular.raw import FILE, ROW

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UPDATES, LAST = "fc_update", "fc_last"


def order_updates(reader: Reader, moment: str) -> int:
    """Put each ticket's updates in order and set the last ones apart.

    The later update is the one with the higher version, then the later update time, then the later row.

    Args:
        reader: For the relation with all updates.
        moment: SQL of the update's moment in UTC, `NULL` where none is mapped.

    Returns:
        How many updates have a ticket number. Leaves the engine tables `fc_update` (every update with its order and
        what can change) and `fc_last` (the source's row of each last state with `first_values`, and rows without a
        ticket number).
    """
    mapping, run = reader.mapping, reader.connection.execute

    def optional(ours: str, *, number: bool = False) -> str:
        source = mapping.update.get(ours) or mapping.columns.get(ours)
        if source is None:
            return "NULL"
        value = reader.first_of(source)
        return number_of(value) if number else value

    state = mapping.update.get("state") or mapping.columns.get("settled")
    settled, awaiting = _states(reader, reader.first_of(state)) if state else ("NULL", "NULL")
    key = reader.first_of(mapping.columns["contact_id"])
    firsts = _firsts(reader)
    also = "".join(f", CAST({query} AS VARCHAR) AS {now}" for now, query in firsts.values() if now != "queue")
    # The window ends at the current row: at a ticket's last row it holds every update.
    begun = "".join(f", first_value({now} IGNORE NULLS) OVER w AS {_kept(ours)}" for ours, (now, _) in firsts.items())
    known = "".join(f", u.{_kept(ours)}" for ours in firsts)
    run(
        f"CREATE OR REPLACE TEMP TABLE {UPDATES} AS SELECT *, "
        f"row_number() OVER w AS place, lead({ROW}) OVER w IS NULL AS last{begun} FROM ("
        f"SELECT {FILE}, {ROW}, {key} AS ticket, CAST({optional('version', number=True)} AS DOUBLE) AS version, "
        f"CAST({moment} AS TIMESTAMP) AS moment, CAST({settled} AS BOOLEAN) AS settled, CAST({awaiting} AS "
        "BOOLEAN) AS awaiting, "
        f"CAST({optional('queue')} AS VARCHAR) AS queue, CAST({optional('agent_id')} AS VARCHAR) AS agent, "
        f"CAST({optional('reopen_count', number=True)} AS DOUBLE) AS reopens{also} FROM {reader.relation.table}) "
        f"WHERE ticket IS NOT NULL "
        f"WINDOW w AS (PARTITION BY ticket ORDER BY version NULLS FIRST, moment NULLS FIRST, {FILE}, {ROW})"
    )
    run(
        f"CREATE OR REPLACE TEMP TABLE {LAST} AS SELECT s.*{known} FROM {reader.relation.table} s "
        f"LEFT JOIN {UPDATES} u ON u.{FILE} = s.{FILE} AND u.{ROW} = s.{ROW} WHERE u.last OR u.ticket IS NULL"
    )
    row = run(f"SELECT count(*) FROM {UPDATES}").fetchone()
    return int(row[0]) if row else 0


def first_values(reader: Reader) -> dict[str, str]:
    """Columns of `fc_last` with what a ticket was first given, by contact column.

    Those that the source itself has a column for are left to it.
    """
    return {ours: _kept(ours) for ours in _firsts(reader)}


def _firsts(reader: Reader) -> dict[str, tuple[str, str]]:
    """By contact column: under which name an update keeps its own value, and the SQL of that."""
    columns = reader.mapping.columns
    found = {}
    if "queue" in columns and "first_queue" not in columns:
        found["first_queue"] = ("queue", reader.first_of(columns["queue"]))
    if "reason" in columns and "first_reason" not in columns:
        whole = reader.first_of(columns["reason"])
        if columns["reason"].how == "path":
            # A subcategory without its category is no reason that could have been wrong.
            whole = f"CASE WHEN {reader.text(columns['reason'].columns[0])} IS NOT NULL THEN {whole} END"
        found["first_reason"] = ("reason", whole)
    return found


def _kept(ours: str) -> str:
    return f"fc_{ours}"


def _states(reader: Reader, value: str) -> tuple[str, str]:
    """SQL that says of a state whether it is a settled one, and whether it waits for somebody."""
    found = reader.connection.execute(
        f"SELECT DISTINCT v FROM (SELECT {value} AS v FROM {reader.relation.table}) WHERE v IS NOT NULL LIMIT 500"
    ).fetchall()
    states = [str(row[0]) for row in found]
    settled = [state for state in states if meaning("settled", state, reader.mapping) == "true"]
    awaiting = [state for state in states if state.casefold() in lexicon.AWAITING_STATES]
    return _in(value, settled), _in(value, awaiting)


def _in(value: str, states: list[str]) -> str:
    return f"({value} IN ({sql.texts(states)}))" if states else "false"


def write_case_events(connection: DuckDBPyConnection, table: str, contacts: str) -> int:
    """What happened to each ticket, from the differences between its updates.

    - `settled`: it came into a solved or closed state (going on from solved to closed is an `update`).
    - `reopen`: it left such a state, or its count of reopens rose.
    - `reassignment`: its queue or its agent changed from one to another (a first assignment is an `update`).
    - `awaiting`: it came into a state of waiting.
    - `update`: none of these.

    The first row describes the ticket as it was created, and is an event only where it is settled or waiting already.

    Args:
        connection: The engine's own connection.
        table: Name under which the events are kept.
        contacts: Table whose `contact_id` are the tickets that count.

    Returns:
        How many events.
    """
    changed = (
        "(before.queue IS NOT NULL AND now.queue IS NOT NULL AND before.queue <> now.queue) OR "
        "(before.agent IS NOT NULL AND now.agent IS NOT NULL AND before.agent <> now.agent)"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS WITH step AS (SELECT now.ticket, now.moment, now.agent, now.place, "
        "coalesce(now.settled AND NOT coalesce(before.settled, false), false) AS settled, "
        "coalesce((before.settled AND NOT now.settled) OR now.reopens > before.reopens, false) AS reopen, "
        f"coalesce({changed}, false) AS reassignment, "
        "coalesce(now.awaiting AND NOT coalesce(before.awaiting, false), false) AS awaiting "
        f"FROM {UPDATES} now LEFT JOIN {UPDATES} before ON before.ticket = now.ticket AND before.place = now.place - 1 "
        f"WHERE now.moment IS NOT NULL AND now.ticket IN (SELECT contact_id FROM {contacts})), "
        "kinds AS (SELECT *, list_filter([CASE WHEN reopen THEN 'reopen' END, CASE WHEN reassignment THEN "
        "'reassignment' END, "
        "CASE WHEN awaiting THEN 'awaiting' END, CASE WHEN settled THEN 'settled' END, "
        "CASE WHEN place > 1 AND NOT (reopen OR reassignment OR awaiting OR settled) THEN 'update' END], "
        "lambda kind: kind IS NOT NULL) AS kinds FROM step) "
        'SELECT ticket AS contact_id, moment AS "at", unnest(kinds) AS kind, agent AS agent_id, '
        "CAST(NULL AS VARCHAR) AS channel FROM kinds"
    )
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
