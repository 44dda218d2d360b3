"""The one query that makes candidate rows: every column of ours, and every fault that shows while reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import history, sql
from firstcontact.adapters.connectors.tabular.answer import answer_value
from firstcontact.adapters.connectors.tabular.expression import Reader, Value, date_rule, number_of, order_rule, within
from firstcontact.adapters.connectors.tabular.mapping import Mapping, Source
from firstcontact.adapters.connectors.tabular.plan import DatePlan, moments_of
from firstcontact.adapters.connectors.tabular.raw import FILE, ROW
from firstcontact.adapters.connectors.validate import FAULTS, VERSION
from firstcontact.contacts.rule import bit
from firstcontact.contacts.table import CONTACTS, EXTRA_PREFIX
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SOFT = "fc_soft"
SURVEY_PREFIX, IDENTIFIER_PREFIX = "fc_survey_", "fc_id_"
_CORE = ("started_at", "ended_at")


@dataclass(slots=True)
class Projection:
    """The query that makes candidate rows.

    Attributes:
        query: Gives `fc_file`, `fc_row`, `fc_faults`, perhaps `fc_version` and `fc_soft`, and the columns.
        columns: Names of the columns.
        extra: Own name of each further source column, by its candidate column.
        clean: Whether no value can be unfit, because all columns that need reading have types of their own.
        soft: Columns whose unreadable values count as missing, by their bit in `fc_soft`.
    """

    query: str
    columns: list[str]
    extra: dict[str, str]
    clean: bool
    soft: list[str]

    def soft_findings(self, connection: DuckDBPyConnection, rows: str) -> list[Finding]:
        """How many values were read as missing because they did not fit."""
        if not self.soft:
            return []
        counts = ", ".join(f"count(*) FILTER ({SOFT} & {1 << i} <> 0)" for i in range(len(self.soft)))
        row = connection.execute(f"SELECT {counts} FROM {rows}").fetchone()
        return [
            Finding(
                "values",
                Sentence(
                    "values.soft",
                    "{column}: {count:,} values do not fit and are read as missing.",
                    "{column}: {count:,} value does not fit and is read as missing.",
                    "count",
                    column=name.replace(SURVEY_PREFIX, "surveys."),
                    count=n,
                ),
                Sentence("values.soft.rests", "not a number, a date, or yes or no"),
                "warning",
                Sentence("values.soft.cure", 'bad_values = "quarantine" in the mapping sets their rows aside instead'),
            )
            for name, n in zip(self.soft, row or (), strict=True)
            if n
        ]


@dataclass(slots=True)
class _Query:
    """The candidate query while it grows: texts inside, readings in the middle, UTC and faults outside.

    Three levels, so that no text is parsed twice.
    """

    reader: Reader
    plan: DatePlan
    mapping: Mapping
    inner: list[str] = field(default_factory=lambda: [FILE, ROW])
    middle: list[str] = field(default_factory=lambda: ["*"])
    outer: list[str] = field(default_factory=lambda: [FILE, ROW])
    faults: list[str] = field(default_factory=list)
    soft: list[tuple[str, str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    typed: bool = True

    @property
    def strict(self) -> bool:
        return self.mapping.bad_values == "quarantine"

    def moment(self, ours: str, source: Source) -> None:
        """A moment: its text, its reading, and its place in UTC."""
        moment, offset, value = self.reader.local(ours, source)
        self.columns.append(ours)
        reading, text = f"d_{ours}", f"v_{ours}"
        if value == "NULL":
            self.inner.append(f"{moment} AS {reading}")
            self.outer.append(f"{self.plan.to_utc(reading, offset)} AS {sql.name(ours)}")
            return
        self.typed = False
        self.inner.append(f"{value} AS {text}")
        self.middle.append(f"{moment.replace('{v}', text)} AS {reading}")
        self.outer.append(f"{self.plan.to_utc(reading, offset.replace('{v}', text))} AS {sql.name(ours)}")
        unfit = f"({text} IS NOT NULL AND {reading} IS NULL)"
        if self.strict or ours in _CORE:
            for condition, rule in order_rule(self.plan.guesses[ours], text, date_rule(ours)):
                self.faults.append(f"CASE WHEN {unfit} AND {condition} THEN {bit(rule)} ELSE 0 END")
        else:
            self.soft.append((ours, unfit))

    def value(self, ours: str, value: Value) -> None:
        """Anything else, and whether it fits."""
        self.inner.append(f"{value.query} AS {sql.name(ours)}")
        self.outer.append(sql.name(ours))
        self.columns.append(ours)
        if value.unfit == "false":
            return
        self.typed = False
        unfit = sql.name("u_" + ours)
        self.inner.append(f"{value.unfit} AS {unfit}")
        if self.strict:
            self.faults.append(f"CASE WHEN {unfit} THEN {bit(value.rule)} ELSE 0 END")
        else:
            self.soft.append((ours, unfit))

    def derived(self) -> None:
        """What can be had without a column of its own: an id from file and row, settled from the end."""
        if "contact_id" not in self.columns:
            files = f" || '-' || {FILE}" if len(self.reader.relation.files) > 1 else ""
            self.value("contact_id", Value(f"'row'{files} || '-' || {ROW}"))
        if self.mapping.kind != "contact" and "settled" not in self.columns and "ended_at" in self.columns:
            self.outer.append("ended_at IS NOT NULL AS settled")
            self.columns.append("settled")

    def version(self) -> None:
        """Which of two rows of a ticket is the later one."""
        source = self.mapping.update.get("version")
        if self.mapping.kind == "ticket-update":
            return
        if source is not None:
            self.inner.append(f"{number_of(self.reader.first_of(source))} AS fc_number")
            self.outer.append(f"fc_number AS {VERSION}")
        elif "updated_at" in self.columns:
            self.outer.append(f"epoch_us({sql.name('updated_at')}) AS {VERSION}")

    def text(self) -> str:
        """The whole query."""
        faults = " | ".join(f"({item})" for item in self.faults) or "0"
        outer = [*self.outer, f"CAST({faults} AS BIGINT) AS {FAULTS}"]
        if self.soft:
            bits = (f"(CASE WHEN {unfit} THEN {1 << i} ELSE 0 END)" for i, (_, unfit) in enumerate(self.soft))
            outer.append(f"CAST({' | '.join(bits)} AS BIGINT) AS {SOFT}")
        return (
            f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(self.middle)} FROM (SELECT {', '.join(self.inner)} "
            f"FROM {self.reader.relation.table}))"
        )


_PLAIN_TYPES = {"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "DATE"}


def project(reader: Reader, plan: DatePlan, mapping: Mapping) -> Projection:
    """Build the query from the source's rows to candidate rows."""
    query = _Query(reader, plan, mapping)
    for ours, source in moments_of(mapping).items():
        if ours != "updated_at" or mapping.kind != "ticket-update":
            query.moment(ours, source)
    for ours, value in _values(reader, mapping).items():
        query.value(ours, value)
    for ours, kept in history.first_values(reader).items() if mapping.kind == "ticket-update" else ():
        query.value(ours, Value(kept))
    query.derived()
    extra: dict[str, str] = {}
    for column in mapping.extra:
        name = column if column.startswith(EXTRA_PREFIX) else EXTRA_PREFIX + column
        kind = reader.relation.columns[column]
        # A figure is cut by a value that can be compared and shown: nested and binary ones are taken as text.
        plain = sql.name(column) if kind in _PLAIN_TYPES else f"CAST({sql.name(column)} AS VARCHAR)"
        query.value(name, Value(reader.text(column) if kind == "VARCHAR" else plain))
        extra[name] = name.removeprefix(EXTRA_PREFIX)
    query.version()
    clean = query.typed and reader.relation.typed
    return Projection(query.text(), query.columns, extra, clean, [name for name, _ in query.soft])


def _values(reader: Reader, mapping: Mapping) -> dict[str, Value]:
    """SQL of every column that is no moment: contact columns, and what companion tables take from the same row."""
    values = {
        ours: _contact_value(reader, ours, source)
        for ours, source in mapping.columns.items()
        if CONTACTS.column(ours).type != "timestamp"
    }
    if mapping.kind == "ticket" and "reopen_count" in mapping.update:
        values["fc_reopens"] = reader.number("fc_reopens", mapping.update["reopen_count"], whole=True)
    for ours, source in mapping.surveys.items():
        if ours != "answered_at":
            values[SURVEY_PREFIX + ours] = answer_value(reader, ours, source)
    for kind, names in mapping.identifiers.items():
        for place, column in enumerate(names):
            values[f"{IDENTIFIER_PREFIX}{kind}_{place}"] = Value(reader.text(column))
    return values


def _contact_value(reader: Reader, ours: str, source: Source) -> Value:
    kind = CONTACTS.column(ours).type
    if ours in ("channel", "direction") or kind == "boolean":
        return reader.words(ours, source)
    if kind in ("float64", "int64"):
        return within(reader, CONTACTS.column(ours), reader.number(ours, source, whole=kind == "int64"))
    return reader.many(source) if kind == "list<string>" else reader.string(ours, source)
