"""How moments will be read: formats found over whole columns, the zone, and what is worth telling about both."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from firstcontact.adapters.connectors.tabular import dates, fault, shape
from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.clean import SHARED, clean_moment, clean_query, letters_in, offsets_of
from firstcontact.adapters.connectors.tabular.dates import DateGuess
from firstcontact.adapters.connectors.tabular.expression import (
    Reader,
)
from firstcontact.adapters.connectors.tabular.mapping import DATE_COLUMNS, Mapping, Source
from firstcontact.adapters.connectors.tabular.source import Relation, find_tidy
from firstcontact.kernel.errors import Faults
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence, clause, either

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


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


def moments_of(mapping: Mapping) -> dict[str, Source]:
    """Every moment that a mapping reads, by the name its format is kept under."""
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
    find_tidy(connection, relation, mapping.source_columns())
    reader = Reader(connection, relation, mapping, {}, zone)
    day_first = not zone.startswith(words.DAY_FIRST_EXCEPT)
    faults = Faults()
    sources = moments_of(mapping)
    for ours, source in sources.items():
        if reader.is_typed_moment(source):
            plan.guesses[ours] = DateGuess((), 0, 0, typed=True)
            continue
        sample = [value for column in source.columns for value in list(relation.sample.get(column, ()))[:500]]
        if source.how == "join" or not sample:
            sample = _some(connection, relation, reader.joined_moment(source))
        plan.guesses[ours] = _find(reader, source, sample, mapping.dates.get(ours, ()), day_first)
    _agree(plan)
    for ours, source in sources.items():
        guess = plan.guesses[ours]
        label = _label(source)
        if guess.order is not None and guess.order.mixed and ours not in mapping.dates:
            faults.add(
                fault.MIXED_ORDER, where=f"{relation.files[0]}: {label}",
                saw=clause(
                    "{proven:,} values possible only with {order}, {against:,} only the other way, "
                    "{either:,} either way",
                    proven=guess.order.proven, order=guess.order.chosen, against=guess.order.against,
                    either=guess.order.either,
                ),
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
    """Formats of one text column."""
    value, table, none = reader.joined_moment(source), reader.relation.table, DateGuess((shape.ISO,), 0, 0)

    def find(value: str, sample: list[str]) -> DateGuess | None:
        if decided:
            return dates.counted(reader.connection, table, value, decided)
        return dates.infer(reader.connection, table, value, sample, day_first)

    plain = find(value, sample)
    if plain is not None and plain.parsed == plain.values:
        return plain
    # Words and marks cost a pass over every value, so they are looked for only where something cannot be read.
    unread = sample
    if plain is not None:
        unread = [*sample, *dates.unread(reader.connection, table, value, list(plain.formats))]
    letters = letters_in(unread, offsets_of(reader.zone, reader.mapping.zones))
    cleaned = find(clean_query(value, letters), [clean_moment(one, letters) for one in unread])
    if cleaned is None or cleaned.parsed <= (plain.parsed if plain is not None else 0):
        return plain or none
    return replace(cleaned, cleaned=True, letters=letters)


def _some(connection: DuckDBPyConnection, relation: Relation, value: str) -> list[str]:
    rows = connection.execute(
        f"SELECT DISTINCT v FROM (SELECT {value} AS v FROM {relation.table}) WHERE v IS NOT NULL LIMIT 500"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _agree(plan: DatePlan) -> None:
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


def _label(source: Source) -> str:
    """The columns that a moment is read from, in words."""
    if source.how == "join":
        return " + ".join(source.columns)
    said = source.columns[0]
    for column in source.columns[1:]:
        said = Sentence("source.else", "{first}, else {next}", first=said, next=column)
    return said


def _about_date(ours: str, label: str, guess: DateGuess, zone: str, decided: bool) -> list[Finding]:
    if guess.typed:
        return []
    found = [
        Finding(
            "dates",
            Sentence(
                "dates.read",
                "{column} is read from {source} as {format}.",
                column=ours,
                source=label,
                format=either(guess.formats),
            ),
            guess.rests_on,
            override=Sentence("in-mapping", "{setting} in the mapping", setting=f'dates.{ours} = ["%d/%m/%Y %H:%M"]'),
        )
    ]
    if guess.letters:
        shared = sorted(set(guess.letters) & set(SHARED))
        found.append(
            Finding(
                "zone",
                Sentence(
                    "zone.letters",
                    "{source}: letters of zones are read as {meanings}.",
                    source=label,
                    meanings=", ".join(f"{name} = UTC{offset}" for name, offset in guess.letters.items()),
                ),
                Sentence("zone.letters.shared", "other countries use {letters} too", letters=", ".join(shared))
                if shared
                else Sentence("zone.letters.usual", "by the usual meaning of the letters"),
                "warning" if shared else "info",
                Sentence(
                    "in-mapping", "{setting} in the mapping", setting=f'zones.{next(iter(guess.letters))} = "+00:00"'
                ),
            )
        )
    if guess.order is not None and not decided:
        if not guess.order.proven and not guess.order.against and guess.order.either:
            found.append(
                Finding(
                    "dates",
                    Sentence(
                        "dates.either",
                        "{source}: no value tells day from month, so {order} was taken.",
                        source=label,
                        order=dates.ORDERS.get(guess.order.chosen, guess.order.chosen),
                    ),
                    Sentence(
                        "dates.either.rests",
                        "all {count:,} values fit both orders; the zone is {zone}",
                        "the only value fits both orders; the zone is {zone}",
                        "count",
                        count=guess.order.either,
                        zone=zone,
                    ),
                    "warning",
                    Sentence(
                        "dates.either.cure",
                        "{setting} in the mapping for the other order",
                        setting=f'dates.{ours} = ["{guess.order.other}"]',
                    ),
                )
            )
        elif guess.order.against:
            found.append(
                Finding(
                    "dates",
                    Sentence(
                        "dates.against",
                        "{source}: {count:,} values are possible only in the other order of day and month; their rows "
                        "are set aside.",
                        "{source}: {count:,} value is possible only in the other order of day and month; "
                        "its row is set aside.",
                        "count",
                        source=label,
                        count=guess.order.against,
                    ),
                    guess.rests_on,
                    "warning",
                )
            )
    if 0 < guess.with_offset < guess.parsed and not any(form in shape.EPOCHS for form in guess.formats):
        found.append(
            Finding(
                "zone",
                Sentence(
                    "zone.some",
                    "{source}: values with their own offset from UTC: {own:,}; without one: {rest:,}, "
                    "understood in {zone}.",
                    source=label,
                    own=guess.with_offset,
                    rest=guess.parsed - guess.with_offset,
                    zone=zone,
                ),
                Sentence("zone.some.rests", "counted over the whole column"),
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
            Sentence("zone.all", "Times without an offset are understood in {zone}.", zone=plan.zone),
            "" if plan.zone != "UTC" else Sentence("zone.all.rests", "no zone was named"),
            override=Sentence(
                "zone.all.cure", "{option}, or {setting} in the mapping", option="--zone Europe/Sofia", setting="zone"
            ),
        )
    ]


def _span(
    connection: DuckDBPyConnection, relation: Relation, mapping: Mapping, plan: DatePlan, sources: dict[str, Source]
) -> None:
    """First and last local reading, so that a zone's changes of offset are few."""
    if plan.zone == "UTC" or not sources:
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
