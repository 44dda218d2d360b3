"""What is known about a file's columns, and whether a column may be what its name suggests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import lexicon, missing, shape, sql
from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.expression import meaning
from firstcontact.adapters.connectors.tabular.mapping import Mapping, Source
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.contacts.table import CONTACTS
from firstcontact.kernel.sentence import Sentence

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ACCEPT = 0.99
"""Share of the values that must fit before a guess is believed."""

_TYPED_MOMENT = ("TIMESTAMP", "DATE")
_NUMBER = re.compile(r"^[-+]?[\d\s\u00a0]*\d([.,]\d+)*$")
_CLOCK = re.compile(r"^\d{1,3}:\d{2}(:\d{2}(\.\d+)?)?( ?[APap][Mm])?$")
_ISO_LIKE = re.compile(r"^\d{4}-\d{2}-\d{2}|^\d{1,2}/\d{1,2}/\d{2,4} \d")


@dataclass(frozen=True, slots=True)
class Guess:
    """One guess and what it rests on.

    Attributes:
        ours: Column of ours, or `identifiers.phone`, `surveys.csat`, `updates.version`.
        source: Where it is read from.
        rests_on: The evidence, in a sentence without values.
        confidence: 0 to 1; 1 when a person said so.
    """

    ours: str
    source: Source
    rests_on: str
    confidence: float


@dataclass(slots=True)
class Evidence:
    """Names and sampled values of the columns, what is taken already, and the guesses made.

    Attributes:
        connection: The engine's own connection, for what must be counted over whole columns.
        relation: The rows.
        guesses: What was guessed so far.
        taken: Source columns that serve a purpose already.
        plain: Plain name by column.
        values: Sampled values that are not missing, by column.
        tokens: Values that mean nothing anywhere.
    """

    connection: DuckDBPyConnection
    relation: Relation
    guesses: list[Guess] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    plain: dict[str, str] = field(default_factory=dict)
    values: dict[str, Counter[str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {""})

    @classmethod
    def of(cls, connection: DuckDBPyConnection, relation: Relation) -> Evidence:
        """What a relation's names and sample tell."""
        seen = cls(connection, relation)
        for counts in relation.sample.values():
            seen.tokens |= missing.anywhere(counts)
        for name, counts in relation.sample.items():
            # Jira and others write the name that people gave in brackets.
            given = re.fullmatch(r"custom field \((.+)\)", name.strip(), re.IGNORECASE)
            if given:
                seen.plain[name] = words.plain_name(given[1])
                seen.values[name] = Counter({value: n for value, n in counts.items() if value not in seen.tokens})
                continue
            bare = words.plain_name(re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", name))
            seen.plain[name] = bare or words.plain_name(name)
            seen.values[name] = Counter({value: n for value, n in counts.items() if value not in seen.tokens})
        return seen

    def candidates(self, names: Sequence[str], *, loose: bool = True) -> list[tuple[float, str]]:
        """Free source columns that may be meant, with how well their name fits."""
        found: list[tuple[float, str]] = []
        place = {plain: i for i, plain in enumerate(names)}
        for column, plain in self.plain.items():
            if column in self.taken:
                continue
            if plain in place:
                found.append((1.0 - 0.004 * place[plain], column))
                continue
            bare = re.sub(
                r"^(u|hs|sys|cf|custom field|ticket|call|case|incident|issue|interaction|conversation|request|"
                r"attributes|fields) ",
                "",
                plain,
            )
            bare = re.sub(r" (utc|gmt|local|name|timestamp)$", "", bare)
            if loose and bare != plain and bare in place:
                found.append((0.85 - 0.004 * place[bare], column))
        return sorted(found, key=lambda item: (-item[0], list(self.plain).index(item[1])))

    def named(self, ours: str, names: Sequence[str]) -> Source | None:
        """The best free column for one of ours, by name and content."""
        for score, column in self.candidates(names):
            fits, why = self.fits(ours, column)
            if fits:
                source = Source((column,))
                self.note(ours, source, f"{name_fit(score)}; {why}", score)
                # A name may serve twice: the caller's number is both a customer and an identifier.
                self.taken.add(column)
                return source
        return None

    def note(self, ours: str, source: Source, why: str, confidence: float) -> None:
        """Write down a guess."""
        self.guesses.append(Guess(ours, source, why, round(confidence, 2)))

    def forget(self, ours: str, columns: dict[str, Source]) -> None:
        """Take a guess back."""
        source = columns.pop(ours)
        self.taken -= set(source.columns)
        self.guesses = [guess for guess in self.guesses if guess.ours != ours]

    def fits(self, ours: str, column: str) -> tuple[bool, str]:
        """Whether what is in a column agrees with what it would be taken for."""
        counts = self.values[column]
        total = sum(counts.values())
        if total == 0:
            return False, "no values"
        kind = self.relation.columns[column]
        column_type = CONTACTS.column(ours).type if ours in CONTACTS.names else "string"
        if column_type in ("float64", "int64"):
            if kind in ("TIME", "INTERVAL"):
                return True, "a time by type"
            share = sum(n for v, n in counts.items() if _NUMBER.match(v) or _CLOCK.match(v)) / total
            return share >= ACCEPT, f"{share:.1%} of the sampled values are numbers"
        if column_type == "boolean":
            known = sum(n for v, n in counts.items() if meaning(ours, v, Mapping()) is not None) / total
            if ours == "settled":
                return known >= 0.5, f"{known:.1%} of the sampled values are states that are known"
            return known >= ACCEPT, f"{known:.1%} of the sampled values say yes or no"
        if ours in ("channel", "direction"):
            known = sum(n for v, n in counts.items() if meaning(ours, v, Mapping()) is not None) / total
            enough = 0.2 if ours == "channel" else ACCEPT
            return known >= enough and len(counts) <= 60, f"{len(counts)} different values, {known:.1%} known words"
        if ours in ("reason", "wrap_up") and self.is_outcome(column):
            return False, "outcomes of calls"
        if ours in ("reason", "first_reason"):
            share = len(counts) / total
            dated = sum(shape.is_moment(v) for v in list(counts)[:200]) / min(200, len(counts))
            # A title is a text of its own on almost every row; a reason comes back.
            return (
                share < 0.5 or total < 20
            ) and dated < 0.5, f"{len(counts):,} different values in {total:,} sampled rows"
        if ours == "customer_id":
            dated = sum(n for v, n in list(counts.items())[:200] if _ISO_LIKE.match(v))
            known = len(counts) > 1 or total < 20
            return not dated and known, f"{len(counts):,} different values in {total:,} sampled rows"
        if ours in ("agent_id", "team", "queue", "first_queue"):
            numeric = all(_CLOCK.match(v) for v in list(counts)[:50])
            return not numeric, f"{len(counts):,} different values in {total:,} sampled rows"
        return True, f"{total / max(self.relation.sampled, 1):.0%} of the sampled rows have a value"

    def moment_share(self, column: str) -> float:
        """Share of a column's sampled values that are moments."""
        if self.relation.columns[column].startswith(_TYPED_MOMENT):
            return 1.0
        counts = Counter(dict(list(self.values[column].items())[:600]))
        total = sum(counts.values())
        if not total:
            return 0.0
        # Numbers are moments only where the name says so, and then their size is looked at.
        return sum(n for value, n in counts.items() if shape.is_moment(value)) / total

    def date(self, ours: str, names: Sequence[str], *, loose: bool = True) -> Source | None:
        """The best free column of moments with one of these names; with its time of day, where that stands apart."""
        for score, column in self.candidates(names, loose=loose):
            share = self.moment_share(column)
            # Rows whose start or end cannot be read are set aside and said, so a few of them do not hide the column.
            if share < {"started_at": 0.5, "at": 0.5, "ended_at": 0.95}.get(ours, ACCEPT):
                continue
            if self.has_only_times(column):
                continue
            source, why = Source((column,)), f"{share:.1%} of the sampled values are moments"
            if self.only_dates(column):
                half = self.second_half(column)
                if half is not None:
                    source, why = Source((column, half), "join"), "a date and a time of day in two columns"
                    self.taken.add(half)
            self.taken.add(column)
            self.note(ours, source, f"{name_fit(score)}; {why}", score * min(1.0, share))
            return source
        return None

    def has_only_times(self, column: str) -> bool:
        """Whether a column holds times of day without a date."""
        counts = self.values[column]
        return bool(counts) and all(_CLOCK.match(v) for v in list(counts)[:50])

    def only_dates(self, column: str) -> bool:
        """Whether a column holds dates without a time of day."""
        if self.relation.columns[column] == "DATE":
            return True
        sample = list(self.values[column])[:50]
        return bool(sample) and all(not re.search(r"\d{1,2}:\d{2}|\d{9}", v) or v.endswith(" 00:00:00") for v in sample)

    def second_half(self, column: str) -> str | None:
        """The column with the times of day that belong to a column of dates: its neighbour, or called alike."""
        stem = re.sub(r"\bdate\b|\bdata\b|дата|תאריך|日期", " ", self.plain[column]).split()
        order = list(self.relation.columns)
        best: tuple[float, str] | None = None
        for other in order:
            if other in self.taken or other == column:
                continue
            if self.relation.columns[other] != "TIME" and not self.has_only_times(other):
                continue
            plain = self.plain[other]
            if plain not in words.SECOND_HALF and not re.search(r"\btime\b|\bhour\b|час|שעה|时间|時間", plain):
                continue
            alike = len(set(stem) & set(plain.split()))
            near = 1 / (1 + abs(order.index(other) - order.index(column)))
            if best is None or alike + near > best[0]:
                best = (alike + near, other)
        return best[1] if best else None

    def any_date(self) -> Source | None:
        """The earliest of the columns that hold moments, where no name helps."""
        found = [
            column for column in self.relation.columns
            if column not in self.taken and self.moment_share(column) >= ACCEPT and self.dated_text(column)
        ]  # fmt: skip
        if not found:
            return None
        full = max(found, key=lambda c: (sum(self.values[c].values()), -list(self.relation.columns).index(c)))
        self.taken.add(full)
        source = Source((full,))
        if self.only_dates(full) and (half := self.second_half(full)) is not None:
            source = Source((full, half), "join")
            self.taken.add(half)
        self.note("started_at", source, "no name helps; it holds moments on most rows", 0.5)
        return source

    def dated_text(self, column: str) -> bool:
        """Whether a column looks like moments rather than numbers."""
        if self.relation.columns[column].startswith(_TYPED_MOMENT):
            return True
        return not all(re.fullmatch(r"\d+(\.\d+)?", v) for v in list(self.values[column])[:50])

    def distinct(self, column: str) -> float:
        """Distinct values as a share of the rows that have one; a column empty on many rows is no key."""
        relation = self.relation
        value = sql.name(column)
        test = f"CAST({value} AS VARCHAR) NOT IN ({sql.texts(sorted(self.tokens))})"
        how = "approx_count_distinct" if relation.typed and relation.rows > 500_000 else "count(DISTINCT "
        distinct = f"{how}(v)" if how.startswith("approx") else f"{how} v)"
        row = self.connection.execute(
            f"SELECT count(*), {distinct} FROM (SELECT hash({value}) AS v FROM {relation.table} WHERE {value} "
            f"IS NOT NULL AND {test})"
        ).fetchone()
        if not row or not row[0] or row[0] < 0.5 * relation.rows:
            return 0.0
        # The approximate count errs by a few percent, and a file of half a million rows is no place to be strict.
        share = float(row[1]) / float(row[0])
        return min(1.0, share * 1.05) if how.startswith("approx") else share

    def different_rows(self) -> float:
        """Rows that differ from each other in anything, as a share of all."""
        columns = ", ".join(sql.name(column) for column in self.relation.columns)
        row = self.connection.execute(
            f"SELECT count(DISTINCT h), count(*) FROM (SELECT hash({columns}) AS h FROM {self.relation.table})"
        ).fetchone()
        return float(row[0]) / float(row[1]) if row and row[1] else 1.0

    def is_outcome(self, column: str) -> bool:
        """Whether a column holds what became of calls, in the words of a telephone system."""
        counts = self.values[column]
        known = sum(n for v, n in counts.items() if v.casefold() in lexicon.OUTCOME_WORDS or lexicon.ENDED_BY.match(v))
        codes = self.plain[column] == "disposition" and all(re.fullmatch(r"\d", v) for v in counts)
        return bool(counts) and (codes or known >= 0.9 * sum(counts.values()))

    def is_state(self, column: str) -> bool:
        """Whether a column holds states of a ticket."""
        counts = self.values[column]
        known = sum(n for v, n in counts.items() if meaning("settled", v, Mapping()) is not None)
        outcome = all(value.casefold() in lexicon.OUTCOME_WORDS for value in counts)
        return known >= 0.5 * sum(counts.values()) and len(counts) <= 60 and known > 0 and not outcome


def name_fit(score: float) -> Sentence:
    """How well a name fits, in words."""
    if score > 0.85:
        return Sentence("name.usual", "its name is one of the usual ones")
    return Sentence("name.resembles", "its name resembles a usual one")
