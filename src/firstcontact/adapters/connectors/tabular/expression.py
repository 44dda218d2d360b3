"""From a bound mapping to the engine's SQL: each column of ours, and what to note when a value does not fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import dates, lexicon, sql
from firstcontact.adapters.connectors.tabular.clean import clean_query
from firstcontact.adapters.connectors.tabular.dates import DateGuess
from firstcontact.adapters.connectors.tabular.mapping import UNITS, Mapping, Source
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.contacts.rule import DATE_ORDER, END_UNREADABLE, START_UNREADABLE, VALUE_UNREADABLE, RowRule
from firstcontact.contacts.table import NO_REASON, REASON_SEPARATOR, Column

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MOMENTS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE")
_ZONED = "TIMESTAMP WITH TIME ZONE"
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "UTINYINT", "USMALLINT",
            "UINTEGER", "UBIGINT")  # fmt: skip
MANY_WORDS = 500


@dataclass(frozen=True, slots=True)
class Value:
    """SQL of one column of ours.

    Attributes:
        query: The value.
        unfit: SQL that is true where the source has a value that cannot be read; `false` where that cannot happen.
        rule: What then holds of the row.
    """

    query: str
    unfit: str = "false"
    rule: RowRule = VALUE_UNREADABLE


@dataclass(slots=True)
class Reader:
    """Makes SQL for one relation under one mapping.

    Attributes:
        unknown_words: Words without a meaning of ours, with counts, by column of ours; filled while reading.
        seen_words: What each word became, by column of ours.
    """

    connection: DuckDBPyConnection
    relation: Relation
    mapping: Mapping
    dates: dict[str, DateGuess]
    zone: str
    unknown_words: dict[str, dict[str, int]] = field(default_factory=dict)
    seen_words: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)

    def text(self, column: str) -> str:
        """SQL of a source column as text, trimmed, with missing values as NULL."""
        kind = self.relation.columns[column]
        quoted = sql.name(column)
        tokens = tuple(dict.fromkeys((*self.mapping.missing, *self.mapping.missing_in.get(column, ()))))
        if kind in ("FLOAT", "DOUBLE"):
            quoted = (
                f"CASE WHEN {quoted} = trunc({quoted}) AND abs({quoted}) < 1e15 "
                f"THEN CAST(CAST({quoted} AS BIGINT) AS VARCHAR) ELSE CAST({quoted} AS VARCHAR) END"
            )
        elif kind != "VARCHAR":
            quoted = f"CAST({quoted} AS VARCHAR)"
        elif column in self.relation.tidy or (self.relation.typed and column not in self.relation.untidy):
            pass
        else:
            quoted = f"trim({quoted}, {sql.BLANKS})"
        sampled = self.relation.sample.get(column) or ()
        if self.relation.typed and column not in self.mapping.missing_in and not any(t in sampled for t in tokens):
            return quoted
        if kind != "VARCHAR" and not any(t for t in tokens):
            return quoted
        return f"(CASE WHEN {quoted} IN ({sql.texts(tokens)}) THEN NULL ELSE {quoted} END)"

    def first_of(self, source: Source) -> str:
        """SQL of the first source column that is not missing, or of all joined."""
        values = [self.text(column) for column in source.columns]
        if len(values) == 1:
            return values[0]
        if source.how == "join":
            return f"nullif(concat_ws(' ', {', '.join(values)}), '')"
        if source.how == "path":
            return _path(values)
        return f"coalesce({', '.join(values)})"

    def joined_moment(self, source: Source) -> str:
        """SQL of a moment as text; a typed date loses its midnight when a time stands beside it."""
        if source.how != "join":
            return self.first_of(source)
        values = []
        for place, column in enumerate(source.columns):
            kind = self.relation.columns[column]
            if kind in _MOMENTS:
                form = "%Y-%m-%d" if place == 0 else "%H:%M:%S"
                values.append(f"strftime({sql.name(column)}, '{form}')")
            else:
                values.append(self.text(column))
        return f"CASE WHEN {values[0]} IS NULL THEN NULL ELSE concat_ws(' ', {', '.join(values)}) END"

    def string(self, ours: str, source: Source) -> Value:
        if ours in ("reason", "first_reason") and len(source.columns) > 1:
            return Value(_path([self.text(column) for column in source.columns]))
        return Value(self.first_of(source))

    def is_typed_moment(self, source: Source) -> bool:
        """Whether the source columns are dates by type, so that nothing has to be parsed."""
        return source.how != "join" and all(self.relation.columns[c] in (*_MOMENTS, _ZONED) for c in source.columns)

    def local(self, ours: str, source: Source) -> tuple[str, str, str]:
        """SQL of a moment before the zone is applied.

        Returns:
            The moment, whether it is UTC already, and the text it was read from (`NULL` for typed columns).
        """
        if self.is_typed_moment(source):
            items = []
            for column in source.columns:
                kind = self.relation.columns[column]
                quoted = sql.name(column)
                if kind == _ZONED:
                    items.append(f"make_timestamp(epoch_us({quoted}))")
                else:
                    items.append(quoted if kind == "TIMESTAMP" else f"CAST({quoted} AS TIMESTAMP)")
            zoned = all(self.relation.columns[c] == _ZONED for c in source.columns)
            return (items[0] if len(items) == 1 else f"coalesce({', '.join(items)})"), str(zoned).lower(), "NULL"
        value = self.joined_moment(source)
        guess = self.dates[ours]
        if guess.cleaned:
            value = clean_query(value, guess.letters)
        reads = [dates.expression("{v}", form, offsets=guess.with_offset > 0) for form in guess.formats]
        moment = reads[0] if len(reads) == 1 else f"coalesce({', '.join(reads)})"
        offset = "false"
        if guess.with_offset:
            tests = [
                f"({dates.expression('{v}', form)} IS NOT NULL AND {dates.offset_test('{v}', form)})"
                for form in guess.formats
            ]
            offset = "true" if guess.with_offset == guess.parsed else " OR ".join(tests)
        return moment, offset, value

    def number(self, ours: str, source: Source, *, whole: bool) -> Value:
        """SQL of a figure; of several added, those that are missing count nothing beside one that is there."""
        if source.how == "sum":
            figures = [self.number(ours, Source((column,)), whole=whole) for column in source.columns]
            added = " + ".join(f"coalesce({figure.query}, 0)" for figure in figures)
            some = ", ".join(figure.query for figure in figures)
            return Value(
                f"CASE WHEN coalesce({some}) IS NOT NULL THEN {added} END",
                " OR ".join(f"coalesce({figure.unfit}, false)" for figure in figures),
            )
        if source.how == "stations":
            count = self.number(ours, replace(source, how="first_of"), whole=whole)
            return replace(count, query=f"greatest({count.query} - 1, 0)")
        kinds = {self.relation.columns[column] for column in source.columns}
        factor = UNITS[self.mapping.units[ours]] if ours in self.mapping.units else 1.0
        times = f" * {factor}" if factor != 1.0 else ""
        if len(source.columns) == 1 and kinds <= set(_NUMBERS):
            query = sql.name(source.columns[0]) + times
            return Value(f"CAST({query} AS {'BIGINT' if whole else 'DOUBLE'})")
        if len(source.columns) == 1 and kinds <= {"TIME", "INTERVAL"}:
            return Value(f"CAST(epoch({sql.name(source.columns[0])}) AS DOUBLE)")
        value = self.first_of(source)
        read = number_of(value)
        if ours.endswith("_seconds"):
            clock = f"regexp_matches({value}, '^\\d+:\\d{{1,2}}(:\\d{{1,2}}([.]\\d+)?)?$')"
            parts = f"string_split({value}, ':')"
            last = f"coalesce(try_cast({parts}[3] AS DOUBLE), 0)"
            # Two parts are minutes and seconds, as telephone systems write them.
            spoken = (
                f"CASE WHEN len({parts}) = 3 THEN try_cast({parts}[1] AS DOUBLE) * 3600 + try_cast({parts}[2] "
                "AS DOUBLE) * 60 "
                f"+ {last} ELSE try_cast({parts}[1] AS DOUBLE) * 60 + try_cast({parts}[2] AS DOUBLE) END"
            )
            read = f"CASE WHEN {clock} THEN {spoken} ELSE {read}{times} END"
        if whole:
            read = f"CASE WHEN {read} = trunc({read}) THEN try_cast({read} AS BIGINT) END"
        return Value(read, f"({value} IS NOT NULL AND {read} IS NULL)")

    def words(self, ours: str, source: Source) -> Value:
        """SQL of a column with few words: channel, direction, yes and no."""
        boolean = ours not in ("channel", "direction")
        if len(source.columns) == 1 and self.relation.columns[source.columns[0]] == "BOOLEAN" and boolean:
            return Value(sql.name(source.columns[0]))
        value = self.first_of(source)
        found = self.connection.execute(
            f"SELECT v, count(*) AS n FROM (SELECT {value} AS v FROM {self.relation.table}) WHERE v IS NOT NULL "
            f"GROUP BY v ORDER BY n DESC, v LIMIT {MANY_WORDS}"
        ).fetchall()
        meanings: dict[str, list[str]] = {}
        seen: dict[str, tuple[str, int]] = {}
        for word, n in found:
            ours_word = meaning(ours, str(word), self.mapping)
            if ours_word is None:
                self.unknown_words.setdefault(ours, {})[str(word)] = int(n)
                if boolean:
                    continue
                ours_word = str(word)
            seen[str(word)] = (ours_word, int(n))
            meanings.setdefault(ours_word, []).append(str(word))
        self.seen_words[ours] = seen
        if boolean:
            cases = " ".join(
                f"WHEN {value} IN ({sql.texts(meanings[w])}) THEN {w}" for w in ("true", "false") if w in meanings
            )
            query = f"CASE {cases} END" if cases else "CAST(NULL AS BOOLEAN)"
            unknown = self.unknown_words.get(ours)
            return Value(query, f"({value} IS NOT NULL AND {query} IS NULL)" if unknown else "false")
        changed = {w: [s for s in sources if s != w] for w, sources in meanings.items()}
        cases = " ".join(f"WHEN {value} IN ({sql.texts(s)}) THEN {sql.text(w)}" for w, s in changed.items() if s)
        return Value(f"CASE {cases} ELSE {value} END" if cases else value)

    def many(self, source: Source) -> Value:
        if len(source.columns) == 1 and self.relation.columns[source.columns[0]].endswith("[]"):
            return Value(f"CAST({sql.name(source.columns[0])} AS VARCHAR[])")
        return Value(f"string_split_regex({self.first_of(source)}, '\\s*[,;|]\\s*')")


def within(reader: Reader, column: Column, value: Value) -> Value:
    """A figure that is missing, and its row unfit, where it is out of its column's range."""
    if column.least is None or column.most is None:
        return value
    if value.unfit == "false" and reader.relation.typed:
        # Figures of a typed file cannot be unreadable: a glance at both ends is cheaper than a look at each.
        query = f"SELECT min({value.query}), max({value.query}) FROM {reader.relation.table}"
        ends = reader.connection.execute(query).fetchone()
        if ends is None or all(end is None or column.holds(end) for end in ends):
            return value
    held = f"{value.query} {'>' if column.above else '>='} {column.least} AND {value.query} <= {column.most}"
    return replace(
        value,
        query=f"CASE WHEN {held} THEN {value.query} END",
        unfit=f"(coalesce({value.unfit}, false) OR coalesce(NOT ({held}), false))",
    )


def date_rule(ours: str) -> RowRule:
    """Which rule an unreadable moment breaks.

    >>> date_rule("ended_at").code
    'FC2004'
    """
    return {"started_at": START_UNREADABLE, "ended_at": END_UNREADABLE}.get(ours, VALUE_UNREADABLE)


def order_rule(guess: DateGuess, value: str, rule: RowRule) -> list[tuple[str, RowRule]]:
    """Conditions on an unreadable moment: possible in the other order of day and month only, or not at all."""
    if guess.order is None or not guess.order.against:
        return [("true", rule)]
    other = f"{dates.expression(value, guess.order.other)} IS NOT NULL"
    return [(other, DATE_ORDER), (f"NOT ({other})", rule)]


def meaning(ours: str, word: str, mapping: Mapping) -> str | None:
    """What a word of the source means in one of our columns; None where nobody knows.

    >>> meaning("channel", "Voice", Mapping()), meaning("settled", "In Progress", Mapping())
    ('phone', 'false')
    """
    own = mapping.values.get(ours, {})
    if word in own:
        return own[word]
    folded = " ".join(word.replace("_", " ").split()).casefold()
    by_fold = {key.casefold(): value for key, value in own.items()}
    if folded in by_fold:
        return by_fold[folded]
    if ours == "channel":
        return lexicon.CHANNEL_WORDS.get(folded)
    if ours == "direction":
        return lexicon.DIRECTION_WORDS.get(folded)
    if ours == "settled" and folded in lexicon.SETTLED_STATES:
        return "true"
    if ours == "settled" and folded in lexicon.OPEN_STATES | lexicon.AWAITING_STATES:
        return "false"
    if ours == "abandoned" and folded in lexicon.ABANDON_WORDS:
        return "true"
    if folded in lexicon.TRUE_WORDS:
        return "true"
    return "false" if folded in lexicon.FALSE_WORDS else None


def number_of(value: str) -> str:
    """SQL that reads a number written with a point or a comma, with or without thousands apart."""
    plain = f"replace(replace({value}, ' ', ''), chr(160), '')"
    grouped = f"regexp_matches({plain}, '^[-+]?\\d{{1,3}}(,\\d{{3}})+([.]\\d+)?$')"
    comma = f"regexp_matches({plain}, '^[-+]?\\d+,\\d+$')"
    return (
        f"coalesce(try_cast({plain} AS DOUBLE), CASE WHEN {grouped} THEN try_cast(replace({plain}, ',', '') AS DOUBLE) "
        f"WHEN {comma} THEN try_cast(replace({plain}, ',', '.') AS DOUBLE) END)"
    )


def _path(values: list[str]) -> str:
    """Levels joined from the top; a missing level above a present one shows as such, missing ones below are cut."""
    if len(values) == 1:
        return values[0]
    result = values[-1]
    separator = sql.text(REASON_SEPARATOR)
    for value in reversed(values[:-1]):
        below = f"({result})"
        result = (
            f"CASE WHEN {below} IS NULL THEN {value} "
            f"ELSE coalesce({value}, {sql.text(NO_REASON)}) || {separator} || {below} END"
        )
    return result


def without(mapping: Mapping, ours: Iterable[str]) -> Mapping:
    """The mapping without some of its columns."""
    gone = set(ours)
    return replace(mapping, columns={k: v for k, v in mapping.columns.items() if k not in gone})
