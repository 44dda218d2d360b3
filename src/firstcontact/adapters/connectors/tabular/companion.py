"""The tables beside the contacts: from columns of the same rows, or from files named after them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import sql
from firstcontact.adapters.connectors.tabular.companion_table import STRAY_ROWS, CompanionTable
from firstcontact.adapters.connectors.tabular.mapping import Mapping
from firstcontact.adapters.connectors.tabular.project import IDENTIFIER_PREFIX, SURVEY_PREFIX
from firstcontact.adapters.connectors.tabular.raw import Raw
from firstcontact.adapters.connectors.tabular.source import unite
from firstcontact.adapters.connectors.validate import ENGINE_TYPES
from firstcontact.contacts.table import SURVEYS, TABLES
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
    given: Mapping,
    zone: str,
    absorbed: Counter[str],
    findings: list[Finding],
) -> None:
    """Read the files named after other tables. Their rows are part of contacts, so they are absorbed under its name.

    Rows that lack something required, are about nobody's contact, or hold an impossible answer stand in `STRAY_ROWS`
    afterwards.

    Args:
        connection: The engine's own connection, with the contacts in place.
        companions: Files by the table they are named after.
        tables: Engine table by table; those read are added.
        given: The contacts' mapping; its scales and words are those of the companions too.
        zone: In which local times are understood.
        absorbed: Counts of rows that became part of contacts; added to.
        findings: What is worth telling; added to.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {STRAY_ROWS} (row_number BIGINT, file VARCHAR, codes VARCHAR[], raw VARCHAR)"
    )
    for spec in TABLES:
        raws = companions.get(spec.name)
        if not raws:
            continue
        relation = unite(connection, raws, f"fc_source_{spec.name}")
        kept = CompanionTable(connection, relation, spec, given, zone).read(tables, findings)
        absorbed[spec.name] += kept
        findings.append(
            Finding(
                "files",
                Sentence(
                    "files.companion",
                    "{count:,} rows of {table} come from {files}.",
                    "{count:,} row of {table} comes from {files}.",
                    "count",
                    count=kept,
                    table=spec.name,
                    files=", ".join(relation.files[:3]),
                ),
                Sentence("files.companion.rests", "the file's name"),
            )
        )
