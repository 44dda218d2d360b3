"""The tables beside the contacts: from columns of the same rows, or from files named after them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import plan, sql
from firstcontact.adapters.connectors.tabular.expression import Reader
from firstcontact.adapters.connectors.tabular.mapping import Mapping, Source
from firstcontact.adapters.connectors.tabular.project import IDENTIFIER_PREFIX, SURVEY_PREFIX
from firstcontact.adapters.connectors.tabular.raw import FILE, ROW, Raw, Reject
from firstcontact.adapters.connectors.tabular.source import Relation, unite
from firstcontact.adapters.connectors.validate import ENGINE_TYPES
from firstcontact.contacts.rule import STRAY
from firstcontact.contacts.table import SURVEYS, TABLES, TableSpec
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def from_rows(connection: DuckDBPyConnection, rows: str, mapping: Mapping, columns: Sequence[str]) -> dict[str, str]:
    """Identifiers and surveys that stand on the contacts' own rows.

    Returns:
        Engine table name by table, for those there are.
    """
    tables: dict[str, str] = {}
    seen = [c for c in columns if c.startswith(IDENTIFIER_PREFIX)]
    if seen:
        selects = []
        for column in seen:
            kind = column[len(IDENTIFIER_PREFIX) :].rsplit("_", 1)[0]
            selects.append(
                f"SELECT contact_id, {sql.text(kind)} AS kind, {sql.name(column)} AS value FROM {rows} "
                f"WHERE {sql.name(column)} IS NOT NULL"
            )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE identifiers AS {' UNION '.join(selects)}")
        tables["identifiers"] = "identifiers"
    if mapping.surveys:
        items, answers = ["contact_id"], []
        for answer in SURVEYS.columns[1:]:
            own = "survey_answered_at" if answer.name == "answered_at" else SURVEY_PREFIX + answer.name
            if own in columns:
                items.append(f"{sql.name(own)} AS {answer.name}")
                if answer.name != "answered_at":
                    answers.append(f"{sql.name(own)} IS NOT NULL")
            else:
                items.append(f"CAST(NULL AS {ENGINE_TYPES[answer.type]}) AS {answer.name}")
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE surveys AS SELECT {', '.join(items)} FROM {rows} "
            f"WHERE {' OR '.join(answers) or 'false'}"
        )
        tables["surveys"] = "surveys"
    return tables


def events_of_tickets(connection: DuckDBPyConnection, rows: str, columns: Sequence[str]) -> dict[str, str]:
    """What one row a ticket still tells about its history: that it was settled, and that it was reopened.

    How often a ticket was reopened is known, when only where a column says so; else the reopening is dated at the last
    settlement, which every reopened ticket that is settled now lies before.
    """
    selects = []
    agent = "agent_id" if "agent_id" in columns else "CAST(NULL AS VARCHAR)"
    if "settled" in columns and "ended_at" in columns:
        selects.append(f"SELECT contact_id, ended_at AS \"at\", 'settled' AS kind, {agent} AS agent_id FROM {rows} "
                       "WHERE settled AND ended_at IS NOT NULL")  # fmt: skip
    known = [c for c in ("reopened_at", "ended_at") if c in columns]
    reopened = " OR ".join(
        [f"{sql.name('fc_reopens')} > 0"] * ("fc_reopens" in columns)
        + ["reopened_at IS NOT NULL"] * ("reopened_at" in columns)
    )
    if reopened:
        selects.append(
            f"SELECT contact_id, coalesce({', '.join([*known, 'started_at'])}) AS \"at\", 'reopen' AS kind, "
            f"CAST(NULL AS VARCHAR) AS agent_id FROM {rows} WHERE {reopened}"
        )
    if not selects:
        return {}
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE case_events AS SELECT *, CAST(NULL AS VARCHAR) AS channel FROM ("
        + " UNION ALL ".join(selects) + ")"
    )  # fmt: skip
    return {"case_events": "case_events"}


def read_all(
    connection: DuckDBPyConnection,
    companions: dict[str, list[Raw]],
    tables: dict[str, str],
    zone: str,
    absorbed: Counter[str],
    findings: list[Finding],
) -> list[tuple[str, Reject]]:
    """Read the files named after other tables. Their rows are part of contacts, so they are absorbed under its name.

    Returns:
        The rows that lack something required, for the quarantine.
    """
    stray: list[tuple[str, Reject]] = []
    for spec in TABLES:
        raws = companions.get(spec.name)
        if not raws:
            continue
        relation = unite(connection, raws, f"fc_source_{spec.name}")
        kept, unfit = _read_one(connection, relation, spec, tables, zone)
        absorbed[spec.name] += kept
        stray += unfit
        findings.append(
            Finding(
                "files",
                Sentence(
                    "files.companion",
                    "{count:,} rows of {table} come from {files}.",
                    count=kept,
                    table=spec.name,
                    files=", ".join(relation.files[:3]),
                ),
                Sentence("files.companion.rests", "the file's name"),
            )
        )
    return stray


# A contact has one survey: the answer given last. Earlier ones stay absorbed rows.
_LAST_ANSWER = (
    " QUALIFY row_number() OVER (PARTITION BY contact_id "
    "ORDER BY answered_at DESC NULLS LAST, resolved, contacts_needed, csat, nps, ces) = 1"
)


def _read_one(
    connection: DuckDBPyConnection, relation: Relation, spec: TableSpec, tables: dict[str, str], zone: str
) -> tuple[int, list[tuple[str, Reject]]]:
    folded = {name.casefold(): name for name in relation.columns}
    have = {c.name: Source((folded[c.name],)) for c in spec.columns if c.name in folded}
    mapping = Mapping(missing=("", "NULL", "null"), zone=zone)
    dated = plan.plan_dates(connection, relation, _as_moments(mapping, have), zone)
    reader = Reader(connection, relation, mapping, dated.guesses, zone)
    items, unfit = [], []
    for column in spec.columns:
        source = have.get(column.name)
        if source is None:
            items.append(f"CAST(NULL AS {ENGINE_TYPES[column.type]}) AS {sql.name(column.name)}")
            if column.required:
                unfit.append("true")
            continue
        if column.type == "timestamp":
            query = dated.utc(reader, _alias(column.name), source)
        elif column.type == "boolean":
            query = reader.words("resolved", source).query
        elif column.type in ("float64", "int64"):
            query = reader.number(column.name, source, whole=column.type == "int64").query
        else:
            query = reader.first_of(source)
        items.append(f"{query} AS {sql.name(column.name)}")
        if column.required:
            unfit.append(f"{sql.name(column.name)} IS NULL")
    bad = " OR ".join(unfit) or "false"
    staging = f"fc_staging_{spec.name}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {staging} AS SELECT *, ({bad}) AS fc_unfit FROM "
        f"(SELECT {FILE}, {ROW}, {', '.join(items)} FROM {relation.table})"
    )
    names = ", ".join(sql.name(name) for name in spec.names)
    earlier = f"SELECT {names} FROM {tables[spec.name]} UNION ALL " if spec.name in tables else ""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE fc_joined AS {earlier}SELECT {names} FROM {staging} WHERE NOT fc_unfit"
    )
    chosen = _LAST_ANSWER if spec is SURVEYS else ""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {spec.name} AS SELECT * FROM fc_joined{chosen}")
    connection.execute("DROP TABLE fc_joined")
    tables[spec.name] = spec.name
    packed = ", ".join(f"{sql.name(name)} := s.{sql.name(name)}" for name in relation.columns)
    rows = connection.execute(
        f"SELECT s.{FILE}, s.{ROW}, CAST(to_json(struct_pack({packed})) AS VARCHAR) FROM {relation.table} s "
        f"JOIN {staging} t ON t.{FILE} = s.{FILE} AND t.{ROW} = s.{ROW} WHERE t.fc_unfit"
    ).fetchall()
    connection.execute(f"DROP TABLE {staging}; DROP VIEW {relation.table}")
    stray = [(relation.files[int(f) - 1], Reject(int(r), STRAY.code, raw or json.dumps({}))) for f, r, raw in rows]
    return relation.rows - len(stray), stray


def _alias(name: str) -> str:
    """Moments of companion tables borrow the place of a contact's, where their format is kept."""
    return {
        "answered_at": "answered_at",
        "reviewed_at": "ended_at",
        "retired_at": "ended_at",
        "left_at": "ended_at",
    }.get(name, "started_at")


def _as_moments(mapping: Mapping, have: dict[str, Source]) -> Mapping:
    from dataclasses import replace

    moments = {_alias(n): s for n, s in have.items() if n in ("at", "answered_at", "reviewed_at")}
    return replace(mapping, columns=moments)
