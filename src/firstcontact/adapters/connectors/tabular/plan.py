"""How the columns of ours will be read: formats of moments, zone, and the one query that makes candidate rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from firstcontact.adapters.connectors.tabular import dates, fault, sql
from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.dates import DateGuess
from firstcontact.adapters.connectors.tabular.expression import (
    Reader,
    Value,
    date_rule,
    number_of,
    order_rule,
)
from firstcontact.adapters.connectors.tabular.guess import BAD_WORDS, GOOD_WORDS
from firstcontact.adapters.connectors.tabular.mapping import DATE_COLUMNS, Mapping, Source
from firstcontact.adapters.connectors.tabular.reader import FILE, ROW
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.adapters.connectors.validate import ENGINE_TYPES, FAULTS, VERSION
from firstcontact.contacts.rule import RULES, by_code, bit
from firstcontact.contacts.table import CONTACTS, EXTRA_PREFIX
from firstcontact.kernel.errors import Faults
from firstcontact.kernel.finding import Finding

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SOFT = "fc_soft"
SURVEY_PREFIX, IDENTIFIER_PREFIX = "fc_survey_", "fc_id_"
_CORE = ("started_at", "ended_at")


@dataclass(slots=True)
class DatePlan:
    """Formats of every moment that the mapping reads, and the span of local readings to convert."""

    zone: str
    guesses: dict[str, DateGuess] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    span: tuple[Any, Any] = (None, None)

    def formats(self) -> dict[str, tuple[str, ...]]:
        """As the mapping records them; typed columns have none."""
        return {ours: guess.formats for ours, guess in self.guesses.items() if not guess.typed}

    def to_utc(self, moment: str, offset: str) -> str:
        """SQL of a moment in UTC, given SQL of the reading and of whether it is UTC already."""
        if self.zone == "UTC" or offset == "true":
            return moment
        local = dates.local_to_utc(moment, self.zone, *self.span)
        return local if offset == "false" else f"CASE WHEN {offset} THEN {moment} ELSE {local} END"

    def utc(self, reader: Reader, ours: str, source: Source) -> str:
        """SQL of one moment in UTC on its own, for a query that reads just this."""
        moment, offset, value = reader.local(ours, source)
        return self.to_utc(f"({moment.replace('{v}', value)})", offset.replace("{v}", value))


def _moments(mapping: Mapping) -> dict[str, Source]:
    found = {ours: source for ours, source in mapping.columns.items() if ours in DATE_COLUMNS}
    found |= {ours: source for ours, source in mapping.update.items() if ours in ("updated_at", "reopened_at")}
    if "answered_at" in mapping.surveys:
        found["survey_answered_at"] = mapping.surveys["answered_at"]
    return found


def plan_dates(connection: DuckDBPyConnection, relation: Relation, mapping: Mapping, zone: str) -> DatePlan:
    """Decide the formats of all moments from the whole of their columns, and say what that rests on.

    Raises:
        FirstcontactError: FC1013 when a column mixes the two orders of day and month.
    """
    plan = DatePlan(zone)
    reader = Reader(connection, relation, mapping, {}, zone)
    day_first = not zone.startswith(words.DAY_FIRST_EXCEPT)
    faults = Faults()
    sources = _moments(mapping)
    for ours, source in sources.items():
        if reader.is_typed_moment(source):
            plan.guesses[ours] = DateGuess((), 0, 0, typed=True)
            continue
        sample = [value for column in source.columns for value in list(relation.sample.get(column, ()))[:500]]
        if source.how == "join" or not sample:
            sample = _some(connection, relation, reader.joined_moment(source))
        plan.guesses[ours] = _find(reader, source, sample, mapping.dates.get(ours, ()), day_first)
    _agree(plan, day_first)
    for ours, source in sources.items():
        guess = plan.guesses[ours]
        label = (" + " if source.how == "join" else ", else ").join(source.columns)
        if guess.order is not None and guess.order.mixed and ours not in mapping.dates:
            faults.add(
                fault.MIXED_ORDER, where=f"{relation.files[0]}: {label}",
                saw=f"{guess.order.proven:,} values possible only with {guess.order.chosen}, {guess.order.against:,} only the "
                f"other way, {guess.order.either:,} either way",
                allowed="one order of day and month in a column",
                cure="export the dates as year-month-day, or split the file by where the rows come from",
            )  # fmt: skip
        plan.findings += _about_date(ours, label, guess, zone, ours in mapping.dates)
    faults.raise_if_any()
    _span(connection, relation, mapping, plan, sources)
    if "started_at" in sources:
        plan.findings += _about_zone(plan)
    return plan


def _find(reader: Reader, source: Source, sample: list[str], decided: tuple[str, ...], day_first: bool) -> DateGuess:
    """Formats of one text column. Trimming is dear and rarely needed, so it is tried only where values do not parse."""
    relation, connection = reader.relation, reader.connection
    tried = {c for c in source.columns if c not in relation.untidy and c not in relation.tidy}
    relation.tidy |= tried
    guess = DateGuess((dates.ISO,), 0, 0)
    for _ in range(2):
        value = reader.joined_moment(source)
        if decided:
            guess = dates.counted(connection, relation.table, value, decided)
        else:
            guess = dates.infer(connection, relation.table, value, sample, day_first) or DateGuess((dates.ISO,), 0, 0)
        if not tried or (guess.values and guess.parsed == guess.values):
            break
        relation.tidy -= tried
        tried = set()
    return guess


def _some(connection: DuckDBPyConnection, relation: Relation, value: str) -> list[str]:
    rows = connection.execute(
        f"SELECT DISTINCT v FROM (SELECT {value} AS v FROM {relation.table}) WHERE v IS NOT NULL LIMIT 500"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _agree(plan: DatePlan, day_first: bool) -> None:
    """A column that leaves day and month open is read as the columns beside it that do not."""
    proofs = Counter[str]()
    for guess in plan.guesses.values():
        if guess.order is not None and guess.order.proven:
            proofs[guess.order.chosen] += guess.order.proven
    if not proofs:
        return
    decided = proofs.most_common(1)[0][0]
    for ours, guess in plan.guesses.items():
        order = guess.order
        if order is None or order.proven or order.chosen == decided:
            continue
        swapped = tuple(order.other if dates.swapped(form) == order.other else form for form in guess.formats)
        plan.guesses[ours] = replace(
            guess, formats=swapped, order=replace(order, chosen=decided, other=dates.swapped(order.other))
        )


def _about_date(ours: str, label: str, guess: DateGuess, zone: str, decided: bool) -> list[Finding]:
    if guess.typed:
        return []
    found = [
        Finding(
            "dates",
            f"{ours} is read from {label} as {' or '.join(guess.formats)}.",
            guess.rests_on,
            override=f'dates.{ours} = ["%d/%m/%Y %H:%M"] in the mapping',
        )
    ]
    if guess.order is not None and not decided:
        if not guess.order.proven and not guess.order.against and guess.order.either:
            found.append(
                Finding(
                    "dates",
                    f"{label}: no value tells day from month, so {guess.order.chosen} was taken.",
                    f"all {guess.order.either:,} values fit both orders; the zone is {zone}",
                    "warning",
                    f'dates.{ours} = ["{guess.order.other}"] in the mapping for the other order',
                )
            )
        elif guess.order.against:
            found.append(
                Finding(
                    "dates",
                    f"{label}: {guess.order.against:,} values are possible only in the other order of day and month; "
                    "their rows are set aside.",
                    guess.rests_on,
                    "warning",
                )
            )
    if 0 < guess.with_offset < guess.parsed and not any(form in dates.EPOCHS for form in guess.formats):
        found.append(
            Finding(
                "zone",
                f"{label}: {guess.with_offset:,} values carry their own offset from UTC and {guess.parsed - guess.with_offset:,} "
                f"do not; those were understood in {zone}.",
                "counted over the whole column",
                "warning",
                "--zone NAME",
            )
        )
    return found


def _about_zone(plan: DatePlan) -> list[Finding]:
    guess = plan.guesses["started_at"]
    if guess.typed or (guess.parsed and guess.with_offset == guess.parsed):
        return []
    return [
        Finding(
            "zone",
            f"Times without an offset are understood in {plan.zone}.",
            "" if plan.zone != "UTC" else "no zone was named",
            override="--zone Europe/Sofia, or zone in the mapping",
        )
    ]


def _span(
    connection: DuckDBPyConnection, relation: Relation, mapping: Mapping, plan: DatePlan, sources: dict[str, Source]
) -> None:
    """First and last local reading, so that a zone's changes of offset are few."""
    if plan.zone == "UTC":
        return
    reader = Reader(connection, relation, mapping, plan.guesses, plan.zone)
    items = []
    for ours, source in sources.items():
        moment, _, value = reader.local(ours, source)
        moment = moment.replace("{v}", value)
        inside = f"FILTER ({moment} BETWEEN TIMESTAMP '1990-01-01' AND TIMESTAMP '2100-01-01')"
        items += [f"min({moment}) {inside}", f"max({moment}) {inside}"]
    row = connection.execute(f"SELECT {', '.join(items)} FROM {relation.table}").fetchone()
    known = [value for value in row or () if value is not None]
    plan.span = (min(known), max(known)) if known else (None, None)


@dataclass(slots=True)
class Projection:
    """The query that makes candidate rows.

    Attributes:
        query: Gives `fc_file`, `fc_row`, `fc_faults`, perhaps `fc_version` and `fc_soft`, and the columns.
        columns: Names of the columns.
        extra: Candidate column of each further source column, by that column's own name.
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
                f"{name}: {n:,} values do not fit and are read as missing.",
                "not a number, a date, or yes or no",
                "warning",
                'bad_values = "quarantine" in the mapping sets their rows aside instead',
            )
            for name, n in zip(self.soft, row or (), strict=True)
            if n
        ]


def project(reader: Reader, plan: DatePlan, mapping: Mapping, opened: Any) -> Projection:
    """Build the query from the source's rows to candidate rows."""
    relation = reader.relation
    moments = {o: s for o, s in _moments(mapping).items() if o != "updated_at" or mapping.kind == "ticket"}
    inner, outer, faults, soft = [FILE, ROW], [FILE, ROW], [], []
    typed = True
    strict = mapping.bad_values == "quarantine"
    parsed: dict[str, str] = {}
    for ours, source in moments.items():
        moment, offset, value = reader.local(ours, source)
        if value == "NULL":
            inner.append(f"{moment} AS d_{ours}")
        else:
            typed = False
            inner.append(f"{value} AS v_{ours}")
            moment, offset = moment.replace("{v}", f"v_{ours}"), offset.replace("{v}", f"v_{ours}")
        parsed[ours] = moment
    # Three levels: texts, then readings, then UTC, so that no text is parsed twice.
    middle = ["*"]
    for ours, source in moments.items():
        moment, offset, value = reader.local(ours, source)
        if value == "NULL":
            outer.append(f"{plan.to_utc(f'd_{ours}', offset)} AS {sql.name(ours)}")
            continue
        middle.append(f"{parsed[ours]} AS d_{ours}")
        offset = offset.replace("{v}", f"v_{ours}")
        outer.append(f"{plan.to_utc(f'd_{ours}', offset)} AS {sql.name(ours)}")
        unfit = f"(v_{ours} IS NOT NULL AND d_{ours} IS NULL)"
        if strict or ours in _CORE:
            for condition, rule in order_rule(plan.guesses[ours], f"v_{ours}", date_rule(ours)):
                faults.append(f"CASE WHEN {unfit} AND {condition} THEN {bit(rule)} ELSE 0 END")
        else:
            soft.append((ours, unfit))
    columns = list(moments)
    for ours, value in _values(reader, mapping).items():
        inner.append(f"{value.query} AS {sql.name(ours)}")
        outer.append(sql.name(ours))
        columns.append(ours)
        if value.unfit != "false":
            typed = False
            inner.append(f"{value.unfit} AS {sql.name('u_' + ours)}")
            if strict:
                faults.append(f"CASE WHEN {sql.name('u_' + ours)} THEN {bit(value.rule)} ELSE 0 END")
            else:
                soft.append((ours, sql.name("u_" + ours)))
    if "contact_id" not in columns:
        files = f" || '-' || {FILE}" if len(relation.files) > 1 else ""
        inner.append(f"'row'{files} || '-' || {ROW} AS contact_id")
        outer.append("contact_id")
        columns.append("contact_id")
    if "source" not in columns:
        name = mapping.source or relation.files[0]
        inner.append(f"{sql.text(name)} AS source")
        outer.append("source")
        columns.append("source")
    if mapping.kind != "contact" and "settled" not in columns and "ended_at" in columns:
        inner.append("0 AS settled")
        outer.append("ended_at IS NOT NULL AS settled")
        columns.append("settled")
    extra = {}
    for column in mapping.extra:
        name = column if column.startswith(EXTRA_PREFIX) else EXTRA_PREFIX + column
        value = reader.text(column) if relation.columns[column] == "VARCHAR" else sql.name(column)
        inner.append(f"{value} AS {sql.name(name)}")
        outer.append(sql.name(name))
        columns.append(name)
        extra[name.removeprefix(EXTRA_PREFIX)] = name
    outer.append(f"CAST({' | '.join(f'({item})' for item in faults) or '0'} AS BIGINT) AS {FAULTS}")
    if soft:
        bits = " | ".join(f"(CASE WHEN {unfit} THEN {1 << i} ELSE 0 END)" for i, (_, unfit) in enumerate(soft))
        outer.append(f"CAST({bits} AS BIGINT) AS {SOFT}")
    if mapping.kind == "ticket":
        version = mapping.update.get("version")
        if version is not None:
            inner.append(f"{number_of(reader.first_of(version))} AS fc_number")
            outer.append(f"fc_number AS {VERSION}")
        elif "updated_at" in columns:
            outer.append(f"epoch_us({sql.name('updated_at')}) AS {VERSION}")
    query = (
        f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(middle)} FROM (SELECT {', '.join(inner)} "
        f"FROM {relation.table}))"
    )
    return Projection(query, columns, extra, typed and relation.typed, [name for name, _ in soft])


def _values(reader: Reader, mapping: Mapping) -> dict[str, Value]:
    """SQL of every column that is no moment: contact columns, and what companion tables take from the same row."""
    values: dict[str, Value] = {}
    for ours, source in mapping.columns.items():
        kind = CONTACTS.column(ours).type
        if kind == "timestamp":
            continue
        if ours in ("channel", "direction") or kind == "boolean":
            values[ours] = reader.words(ours, source)
        elif kind in ("float64", "int64"):
            values[ours] = reader.number(ours, source, whole=kind == "int64")
        elif kind == "list<string>":
            values[ours] = reader.many(source)
        else:
            values[ours] = reader.string(ours, source)
    if mapping.kind == "ticket" and "reopen_count" in mapping.update:
        values["fc_reopens"] = reader.number("fc_reopens", mapping.update["reopen_count"], whole=True)
    for ours, source in mapping.surveys.items():
        name = SURVEY_PREFIX + ours
        if ours == "answered_at":
            continue
        if ours == "resolved":
            values[name] = reader.words("resolved", source)
        elif ours in ("csat", "ces"):
            values[name] = Value(_scaled(reader, mapping, ours, source))
        else:
            number = reader.number(name, source, whole=True)
            ends = "BETWEEN 0 AND 10" if ours == "nps" else ">= 1"
            values[name] = Value(f"CASE WHEN {number.query} {ends} THEN {number.query} END")
    for kind_of, names in mapping.identifiers.items():
        for place, column in enumerate(names):
            values[f"{IDENTIFIER_PREFIX}{kind_of}_{place}"] = Value(reader.text(column))
    return values


def _scaled(reader: Reader, mapping: Mapping, ours: str, source: Source) -> str:
    """SQL of an answer as 0 to 1; answers outside the scale are missing."""
    value = reader.first_of(source)
    number = number_of(f"rtrim({value}, '%')")
    scale = mapping.scales.get(ours)
    low, high = (scale.low, scale.high) if scale else (0.0, 1.0)
    share = f"(({number}) - ({low})) / ({high - low})"
    return (
        f"CASE WHEN lower({value}) IN ({sql.texts(sorted(GOOD_WORDS))}) THEN 1.0 WHEN lower({value}) IN "
        f"({sql.texts(sorted(BAD_WORDS))}) THEN 0.0 WHEN {share} BETWEEN 0 AND 1 THEN {share} END"
    )


def word_findings(reader: Reader) -> list[Finding]:
    """Words of the source that no table knows."""
    found = []
    for ours, unknown in reader.unknown_words.items():
        if ours == "channel":
            text = f"channel: {len(unknown)} words are not among the known channels and are kept as they are."
        else:
            text = f"{ours}: {len(unknown)} words are not known as yes or no."
        found.append(
            Finding(
                "values", text, f"{sum(unknown.values()):,} rows", "info" if ours == "channel" else "warning",
                f"say what they mean under [values.{ours}] in the mapping",
            )
        )  # fmt: skip
    return found


def set_aside_findings(quarantined: Counter[str], read: int) -> list[Finding]:
    """One sentence a cause for the rows that were set aside."""
    order = [rule.code for rule in RULES]
    return [
        Finding(
            "quarantine", f"{n:,} rows {by_code(code).clause} were set aside ({code}).", f"{n / max(read, 1):.2%} of the rows read",
            "warning", by_code(code).cure,
        )
        for code, n in sorted(quarantined.items(), key=lambda item: order.index(item[0]))
    ]  # fmt: skip
