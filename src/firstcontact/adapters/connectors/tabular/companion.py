"""The tables beside the contacts: from columns of the same rows, or from files named after them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import plan, sql
from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.answer import answer_value
from firstcontact.adapters.connectors.tabular.evidence import Evidence
from firstcontact.adapters.connectors.tabular.expression import Reader, Value
from firstcontact.adapters.connectors.tabular.mapping import SCALED, Mapping, Source
from firstcontact.adapters.connectors.tabular.nobody import customer_tokens
from firstcontact.adapters.connectors.tabular.project import IDENTIFIER_PREFIX, SURVEY_PREFIX
from firstcontact.adapters.connectors.tabular.raw import FILE, ROW, Raw
from firstcontact.adapters.connectors.tabular.source import Relation, unite
from firstcontact.adapters.connectors.tabular.survey import Answers, surveys
from firstcontact.adapters.connectors.validate import ENGINE_TYPES, FAULTS, codes_query
from firstcontact.contacts.rule import ANSWER_IMPOSSIBLE, ORPHAN, STRAY, RowRule, bit
from firstcontact.contacts.table import SURVEYS, TABLES, Column, TableSpec
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


STRAY_ROWS = "fc_stray"
"""Rows of companion tables that were set aside, as the quarantine holds them."""


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
        kept = _Companion(connection, relation, spec, given, zone).read(tables, findings)
        absorbed[spec.name] += kept
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


# A contact has one survey: the answer given last. Earlier ones stay absorbed rows.
_LAST_ANSWER = (
    " QUALIFY row_number() OVER (PARTITION BY contact_id "
    "ORDER BY answered_at DESC NULLS LAST, resolved, contacts_needed, csat, nps, ces) = 1"
)
_ANSWERS = tuple(column.name for column in SURVEYS.columns if column.name not in ("contact_id", "answered_at"))


class _Companion:
    """One table read from files of its own, judged row by row."""

    def __init__(
        self, connection: DuckDBPyConnection, relation: Relation, spec: TableSpec, given: Mapping, zone: str
    ) -> None:
        self.connection, self.relation, self.spec, self.zone = connection, relation, spec, zone
        self.seen = Evidence.of(connection, relation)
        self.sources: dict[str, Source] = {}
        self.answers = Answers()
        contact = self._contact_id()
        if contact is not None:
            self.sources["contact_id"] = Source((contact,))
            self.seen.taken.add(contact)
        if spec is SURVEYS:
            self.answers = surveys(self.seen, own=True)
            self.sources |= self.answers.columns
        else:
            self._by_name()
        nobody = {}
        if "value" in self.sources:
            column = self.sources["value"].columns[0]
            nobody[column] = tuple(sorted(customer_tokens(self.seen, column)))
        self.nobody = [token for tokens in nobody.values() for token in tokens]
        mapping = Mapping(
            missing=tuple(sorted(self.seen.tokens)),
            missing_in=self.answers.missing,
            values=self.answers.values | {k: v for k, v in given.values.items() if k in ("resolved", *SCALED)},
            scales=self.answers.scales | given.scales,
            zones=given.zones,
            zone=zone,
        )
        dated = plan.plan_dates(connection, relation, _as_moments(mapping, self.sources), zone)
        self.dated = dated
        self.reader = Reader(connection, relation, mapping, dated.guesses, zone)

    def _contact_id(self) -> str | None:
        """The column that names contacts: of those that may by name, the one whose values are ids of contacts."""
        if "contact_id" not in self.spec.names:
            return None
        found = [column for _, column in self.seen.candidates((*words.CONTACT_IDS, *words.TICKET_IDS))][:5]
        shares = {}
        for column in found if len(found) > 1 else []:
            row = self.connection.execute(
                f"SELECT avg(CAST(CAST({sql.name(column)} AS VARCHAR) IN (SELECT contact_id FROM contacts) AS INT)) "
                f"FROM {self.relation.table} WHERE {sql.name(column)} IS NOT NULL"
            ).fetchone()
            shares[column] = float(row[0] or 0) if row else 0.0
            if shares[column] >= 0.5:
                return column
        return max(found, key=lambda column: shares.get(column, 0.0)) if found else None

    def _by_name(self) -> None:
        for column in self.spec.columns:
            if column.name == "contact_id":
                continue
            names = (words.plain_name(column.name), *words.TABLE_NAMES.get(column.name, ()))
            found = self.seen.candidates(names, loose=False)
            if found:
                self.sources[column.name] = Source((found[0][1],))
                self.seen.taken.add(found[0][1])

    def _value(self, column: Column, source: Source) -> tuple[Value, RowRule]:
        """SQL of one column, whether its value cannot be one, and what then holds of the row."""
        if column.type == "timestamp":
            query = self.dated.utc(self.reader, _alias(column.name), source)
            return Value(query, f"({self.reader.joined_moment(source)} IS NOT NULL AND {query} IS NULL)"), STRAY
        if self.spec is SURVEYS and column.name in _ANSWERS and column.name != "resolved":
            return answer_value(self.reader, column.name, source), ANSWER_IMPOSSIBLE
        if column.type == "boolean":
            return self.reader.words("resolved", source), STRAY
        if column.type in ("float64", "int64"):
            return self.reader.number(column.name, source, whole=column.type == "int64"), STRAY
        return Value(self.reader.first_of(source)), STRAY

    def read(self, tables: dict[str, str], findings: list[Finding]) -> int:
        """Make the table, set aside what cannot be used, and say how answers were read.

        Returns:
            How many rows were absorbed.
        """
        items, faults = [], []
        for column in self.spec.columns:
            source = self.sources.get(column.name)
            if source is None:
                items.append(f"CAST(NULL AS {ENGINE_TYPES[column.type]}) AS {sql.name(column.name)}")
                if column.required:
                    faults.append(str(bit(STRAY)))
                continue
            value, rule = self._value(column, source)
            items.append(f"CAST({value.query} AS {ENGINE_TYPES[column.type]}) AS {sql.name(column.name)}")
            unfit = value.unfit if not column.required else f"{value.unfit} OR {value.query} IS NULL"
            if unfit != "false":
                faults.append(f"CASE WHEN {unfit} THEN {bit(rule)} ELSE 0 END")
        staging, fault_bits = f"fc_staging_{self.spec.name}", " | ".join(f"({item})" for item in faults) or "0"
        orphan = "0"
        if "contact_id" in self.spec.names:
            orphan = f"CASE WHEN contact_id NOT IN (SELECT contact_id FROM contacts) THEN {bit(ORPHAN)} ELSE 0 END"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {staging} AS SELECT * REPLACE ({FAULTS} | ({orphan}) AS {FAULTS}) FROM "
            f"(SELECT {FILE}, {ROW}, CAST({fault_bits} AS BIGINT) AS {FAULTS}, {', '.join(items)} "
            f"FROM {self.relation.table})"
        )
        names = ", ".join(sql.name(name) for name in self.spec.names)
        earlier = f"SELECT {names} FROM {tables[self.spec.name]} UNION ALL " if self.spec.name in tables else ""
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE fc_joined AS {earlier}SELECT {names} FROM {staging} "
            f"WHERE {FAULTS} = 0 AND {self._says_something()}"
        )
        chosen = _LAST_ANSWER if self.spec is SURVEYS else ""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {self.spec.name} AS SELECT * FROM fc_joined{chosen}")
        self.connection.execute("DROP TABLE fc_joined")
        tables[self.spec.name] = self.spec.name
        aside = self._set_aside(staging)
        self.connection.execute(f"DROP TABLE {staging}; DROP VIEW {self.relation.table}")
        findings += self._about_answers()
        return self.relation.rows - aside

    def _says_something(self) -> str:
        """A condition: a survey that nobody answered and an identifier of nobody are absorbed and say nothing."""
        if self.spec is SURVEYS:
            return "(" + " OR ".join(f"{name} IS NOT NULL" for name in _ANSWERS) + ")"
        return f"value NOT IN ({sql.texts(self.nobody)})" if self.nobody else "true"

    def _set_aside(self, staging: str) -> int:
        files = "[" + ", ".join(sql.text(name) for name in self.relation.files) + "]"
        packed = ", ".join(f"{sql.name(name)} := s.{sql.name(name)}" for name in self.relation.columns)
        row = self.connection.execute(f"SELECT count(*) FROM {staging} WHERE {FAULTS} <> 0").fetchone()
        if not row or not row[0]:
            return 0
        self.connection.execute(
            f"INSERT INTO {STRAY_ROWS} SELECT s.{ROW}, {files}[s.{FILE}], {codes_query('t.' + FAULTS)}, "
            f"CAST(to_json(struct_pack({packed})) AS VARCHAR) FROM {self.relation.table} s "
            f"JOIN {staging} t ON t.{FILE} = s.{FILE} AND t.{ROW} = s.{ROW} WHERE t.{FAULTS} <> 0"
        )
        return int(row[0])

    def _about_answers(self) -> list[Finding]:
        why = {guess.ours: guess.rests_on for guess in self.seen.guesses}
        return [
            Finding(
                "surveys",
                Sentence(
                    "surveys.read",
                    "{column} is read from {source} of {file}.",
                    column=ours,
                    source=source.columns[0],
                    file=self.relation.files[0],
                ),
                why.get(f"surveys.{ours}", ""),
                override=Sentence(
                    "in-mapping", "{setting} in the mapping", setting=f"scales.{ours} = {{ low = 1, high = 5 }}"
                )
                if ours in SCALED
                else "",
            )
            for ours, source in self.answers.columns.items()
            if ours != "answered_at"
        ]


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
