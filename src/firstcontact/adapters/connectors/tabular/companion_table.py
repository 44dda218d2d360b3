"""One table beside the contacts, read from files named after it and judged row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import plan, sql
from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.answer import answer_value
from firstcontact.adapters.connectors.tabular.companion_mapping import named_answers, named_columns
from firstcontact.adapters.connectors.tabular.companion_name import KINDS, names_of
from firstcontact.adapters.connectors.tabular.duration import unit_by_name
from firstcontact.adapters.connectors.tabular.evidence import Evidence
from firstcontact.adapters.connectors.tabular.expression import Reader, Value, meaning, number_of, within
from firstcontact.adapters.connectors.tabular.mapping import SCALED, Mapping, Source
from firstcontact.adapters.connectors.tabular.nobody import customer_tokens
from firstcontact.adapters.connectors.tabular.raw import FILE, ROW
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.adapters.connectors.tabular.survey import Answers, identifiers, surveys
from firstcontact.adapters.connectors.validate import ENGINE_TYPES, FAULTS, LAST_ANSWER, codes_query
from firstcontact.contacts.rule import ANSWER_IMPOSSIBLE, ORPHAN, STRAY, RowRule, bit
from firstcontact.contacts.table import IDENTIFIERS, SURVEYS, Column, TableSpec
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

STRAY_ROWS = "fc_stray"
"""Rows of companion tables that were set aside, as the quarantine holds them."""

_ANSWERS = tuple(column.name for column in SURVEYS.columns if column.name not in ("contact_id", "answered_at"))
_MONEY = ("amount", "cost", "value")
_CHANCE = "sampling_probability"
_PLACE = {"answered_at": "answered_at", "reviewed_at": "ended_at", "retired_at": "ended_at", "left_at": "ended_at"}
"""Moments of companion tables borrow the place of a contact's, where their format is kept; `started_at` the others."""


class CompanionTable:
    """One table read from files of its own.

    Args:
        connection: The engine's own connection, with the contacts in place.
        relation: The rows.
        spec: What they hold.
        given: The contacts' mapping; its scales and words are those of the companion too.
        zone: In which local times are understood.
    """

    def __init__(
        self, connection: DuckDBPyConnection, relation: Relation, spec: TableSpec, given: Mapping, zone: str
    ) -> None:
        self.connection, self.relation, self.spec, self.zone = connection, relation, spec, zone
        self.seen = Evidence.of(connection, relation)
        self.named = named_columns(given.companions.get(spec.name, {}), relation.columns, relation.files[0], spec.name)
        self.sources: dict[str, Source] = dict(self.named)
        self.seen.taken |= {name for source in self.named.values() for name in source.columns}
        self.wide: dict[str, tuple[str, ...]] = {}
        self.answers = Answers()
        contact = self.named["contact_id"].columns[0] if "contact_id" in self.named else self._contact_id()
        if contact is not None:
            self.sources["contact_id"] = Source((contact,))
            self.seen.taken.add(contact)
        if spec is SURVEYS:
            self.answers = named_answers(surveys(self.seen, own=True), self.named, self.seen)
            self.sources |= self.answers.columns
        else:
            self._by_name()
        if spec is IDENTIFIERS and "value" not in self.sources:
            self.wide = {kind: names for kind, names in identifiers(self.seen).items() if names != (contact,)}
        mapping = Mapping(
            missing=tuple(sorted(self.seen.tokens)),
            missing_in=self.answers.missing | self._nobody(),
            values=self.answers.values | {k: v for k, v in given.values.items() if k in ("resolved", *SCALED)},
            scales=self.answers.scales | given.scales,
            units=self._units(),
            zones=given.zones,
            columns={_place(c.name): self.sources[c.name] for c in self._moments()},
        )
        self.dated = plan.plan_dates(connection, relation, mapping, zone)
        self.reader = Reader(connection, relation, mapping, self.dated.guesses, zone)

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
        """Every column by what it is called; one of moments, or of yes and no, by what it holds too."""
        for column in self.spec.columns:
            if column.name == "contact_id" or column.name in self.named:
                continue
            names = names_of(self.spec, column.name)
            if column.type == "timestamp" and (source := self.seen.date(column.name, names, loose=False)):
                self.sources[column.name] = source
                continue
            for _, found in self.seen.candidates(names, loose=False):
                if column.type != "boolean" or self._says_yes_or_no(found):
                    self.sources[column.name] = Source((found,))
                    self.seen.taken.add(found)
                    break

    def _says_yes_or_no(self, column: str) -> bool:
        counts = self.seen.values[column]
        known = sum(n for value, n in counts.items() if meaning("resolved", value, Mapping()) is not None)
        return known >= 0.5 * sum(counts.values())

    def _moments(self) -> list[Column]:
        return [c for c in self.spec.columns if c.type == "timestamp" and c.name in self.sources]

    def _nobody(self) -> dict[str, tuple[str, ...]]:
        """Values that stand for nobody, in columns that name customers and in those of identifiers side by side."""
        columns = [name for names in self.wide.values() for name in names]
        columns += self.sources["customer_id"].columns if "customer_id" in self.sources else ()
        found = {column: tuple(sorted(customer_tokens(self.seen, column))) for column in columns}
        return {column: tokens for column, tokens in found.items() if tokens}

    def _units(self) -> dict[str, str]:
        source = self.sources.get("handle_seconds")
        unit = unit_by_name(*source.columns) if source is not None else None
        return {"handle_seconds": unit} if unit is not None else {}

    def _value(self, column: Column, source: Source) -> tuple[Value, RowRule]:
        """SQL of one column, whether its value cannot be one, and what then holds of the row."""
        if column.type == "timestamp":
            query = self.dated.utc(self.reader, _place(column.name), source)
            return Value(query, f"({self.reader.joined_moment(source)} IS NOT NULL AND {query} IS NULL)"), STRAY
        if self.spec is SURVEYS and column.name in _ANSWERS and column.name != "resolved":
            return answer_value(self.reader, column.name, source), ANSWER_IMPOSSIBLE
        if column.type == "boolean":
            return self.reader.words("resolved", source), STRAY
        if column.name == "kind" and self.spec.name in KINDS:
            return Value(_known_word(self.reader.first_of(source), KINDS[self.spec.name])), STRAY
        if column.name == _CHANCE:
            return _chance(self.reader.first_of(source), source.columns[0]), STRAY
        if column.name in _MONEY and column.type == "float64":
            value = self.reader.first_of(source)
            read = number_of(f"regexp_replace({value}, '\\p{{Sc}}|^[A-Z]{{3}}\\b|\\b[A-Z]{{3}}$', '', 'g')")
            return within(self.reader, column, Value(read, f"({value} IS NOT NULL AND {read} IS NULL)")), STRAY
        if column.type in ("float64", "int64"):
            number = self.reader.number(column.name, source, whole=column.type == "int64")
            return within(self.reader, column, number), STRAY
        return Value(self.reader.first_of(source)), STRAY

    def read(self, tables: dict[str, str], findings: list[Finding]) -> int:
        """Make the table, set aside what cannot be used, and say how answers were read.

        Args:
            tables: Engine table by table; the one read is added.
            findings: What is worth telling; added to.

        Returns:
            How many rows were absorbed.
        """
        staging = f"fc_staging_{self.spec.name}"
        absent = self._stage(staging)
        names = ", ".join(sql.name(name) for name in self.spec.names)
        earlier = f"SELECT {names} FROM {tables[self.spec.name]} UNION ALL " if self.spec.name in tables else ""
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE fc_joined AS {earlier}SELECT {names} FROM ({self._said(staging)})"
        )
        # Earlier answers stay absorbed rows.
        chosen = LAST_ANSWER if self.spec is SURVEYS else ""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {self.spec.name} AS SELECT * FROM fc_joined {chosen}")
        self.connection.execute("DROP TABLE fc_joined")
        tables[self.spec.name] = self.spec.name
        aside = self._set_aside(staging)
        self.connection.execute(f"DROP TABLE {staging}; DROP VIEW {self.relation.table}")
        findings += self._about_columns(absent) + self._about_customers() + self._about_answers()
        return self.relation.rows - aside

    def _stage(self, staging: str) -> list[str]:
        """Keep every row with its values and its faults.

        Returns:
            Required columns that no column of the file holds.
        """
        items, faults, absent = [], [], []
        for column in self.spec.columns:
            source = self.sources.get(column.name)
            if source is None:
                items.append(f"CAST(NULL AS {ENGINE_TYPES[column.type]}) AS {sql.name(column.name)}")
                if column.required and not (self.wide and column.name in ("kind", "value")):
                    faults.append(str(bit(STRAY)))
                    absent.append(column.name)
                continue
            value, rule = self._value(column, source)
            items.append(f"CAST({value.query} AS {ENGINE_TYPES[column.type]}) AS {sql.name(column.name)}")
            unfit = value.unfit if not column.required else f"{value.unfit} OR {value.query} IS NULL"
            if unfit != "false":
                faults.append(f"CASE WHEN {unfit} THEN {bit(rule)} ELSE 0 END")
        items += [
            f"{self.reader.text(name)} AS {sql.name(_side(name))}" for names in self.wide.values() for name in names
        ]
        orphan = "0"
        if "contact_id" in self.spec.names:
            orphan = f"CASE WHEN contact_id NOT IN (SELECT contact_id FROM contacts) THEN {bit(ORPHAN)} ELSE 0 END"
        fault_bits = " | ".join(f"({item})" for item in faults) or "0"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {staging} AS SELECT * REPLACE ({FAULTS} | ({orphan}) AS {FAULTS}) FROM "
            f"(SELECT {FILE}, {ROW}, CAST({fault_bits} AS BIGINT) AS {FAULTS}, {', '.join(items)} "
            f"FROM {self.relation.table})"
        )
        return absent

    def _said(self, staging: str) -> str:
        """The rows that are fit and say something: not a survey that nobody answered, nor an identifier of nobody."""
        fit = f"FROM {staging} WHERE {FAULTS} = 0 AND "
        if self.wide:
            columns = [(kind, _side(name)) for kind, names in self.wide.items() for name in names]
            return " UNION ".join(
                f"SELECT contact_id, {sql.text(kind)} AS kind, {sql.name(column)} AS value {fit}{sql.name(column)} "
                "IS NOT NULL" for kind, column in columns
            )  # fmt: skip
        if self.spec is SURVEYS:
            return f"SELECT * {fit}(" + " OR ".join(f"{name} IS NOT NULL" for name in _ANSWERS) + ")"
        if self.spec is IDENTIFIERS and "value" in self.sources:
            nobody = sorted(customer_tokens(self.seen, self.sources["value"].columns[0]))
            return f"SELECT * {fit}" + (f"value NOT IN ({sql.texts(nobody)})" if nobody else "true")
        if len(self.spec.key) == 1:
            key = sql.name(self.spec.key[0])
            last = f"row_number() OVER (PARTITION BY {key} ORDER BY {FILE} DESC, {ROW} DESC) = 1"
            return f"SELECT * {fit}true QUALIFY {last}"
        return f"SELECT * {fit}true"

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

    def _about_columns(self, absent: list[str]) -> list[Finding]:
        """Which required columns were not found, so that a file set aside whole can be put right."""
        if not absent:
            return []
        return [
            Finding(
                "files",
                Sentence(
                    "files.companion.absent",
                    "{file}: no column was recognised as {columns}, so its rows are set aside.",
                    file=self.relation.files[0],
                    columns=", ".join(absent),
                ),
                Sentence("files.companion.absent.rests", "columns are found by their names"),
                "warning",
                Sentence("files.companion.absent.cure", "give the columns these names in the file"),
            )
        ]

    def _about_customers(self) -> list[Finding]:
        """That a table of customers speaks of none who has a contact: then their ids are written otherwise."""
        if "customer_id" not in self.sources:
            return []
        row = self.connection.execute(
            f"SELECT count(customer_id), count(*) FILTER (customer_id IN (SELECT customer_id FROM contacts WHERE "
            f"customer_id IS NOT NULL)) FROM {self.spec.name}"
        ).fetchone()
        if row is None or not row[0] or row[1]:
            return []
        return [
            Finding(
                "files",
                Sentence(
                    "files.companion.strangers",
                    "{file}: none of its {count:,} rows is about a customer of the contacts.",
                    "{file}: its only row is not about a customer of the contacts.",
                    "count",
                    file=self.relation.files[0],
                    count=int(row[0]),
                ),
                Sentence("files.companion.strangers.rests", "customers are matched by their ids as written"),
                "warning",
                Sentence("files.companion.strangers.cure", "export the same customer ids in both files"),
            )
        ]


def _place(name: str) -> str:
    return _PLACE.get(name, "started_at")


def _side(name: str) -> str:
    """Under which name a column of identifiers side by side is kept, apart from the names of ours."""
    return f"fc_id_{name}"


def _known_word(value: str, known: Sequence[str]) -> str:
    """SQL that gives a word of ours, however it is written (`Address change`), and any other as it stands."""
    plain = f"regexp_replace(lower({value}), '[ -]+', '_', 'g')"
    return f"CASE WHEN {plain} IN ({sql.texts(list(known))}) THEN {plain} ELSE {value} END"


def _chance(value: str, column: str) -> Value:
    """A chance of being drawn, as a share or in per cent: what was never drawn, or more than surely, is none."""
    plain = number_of(f"rtrim({value}, '% ')")
    percent = "true" if "%" in column or "percent" in column.casefold() else f"{value} LIKE '%\\%' ESCAPE '\\'"
    read = f"(CASE WHEN {percent} THEN {plain} / 100 ELSE {plain} END)"
    return Value(read, f"({value} IS NOT NULL AND coalesce({read} <= 0 OR {read} > 1, true))")
