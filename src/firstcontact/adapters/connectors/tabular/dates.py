"""How a source writes moments: found from a sample of shapes, then counted over the whole column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import sql
from firstcontact.adapters.connectors.tabular.shape import EPOCHS, EXCEL, ISO, candidates
from firstcontact.kernel.sentence import Sentence, either

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MIXED_TOLERANCE = 0.01
"""Up to this share of proven values in the other day and month order are typing errors; above, the column is mixed."""

OFFSET_PATTERN = r"(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[ \d:][+-]\d{2})$"
_HAS_OFFSET = rf"\d{{1,2}}:\d{{2}}(:\d{{2}}([.,]\d+)?)? ?{OFFSET_PATTERN}"
TOGETHER = 2_000_000
"""Up to so many rows, equal texts are put together before they are read."""
ORDERS = {
    "day first": Sentence("dates.day-first", "day first"),
    "month first": Sentence("dates.month-first", "month first"),
}
"""The two orders, in words."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the values say about day and month.

    Attributes:
        chosen: `day first` or `month first`; empty where the format leaves no choice.
        proven: Values possible only in the chosen order.
        against: Values possible only in the other order.
        either: Values possible in both.
        other: The format of the other order.
    """

    chosen: str
    proven: int
    against: int
    either: int
    other: str

    @property
    def mixed(self) -> bool:
        return self.against > MIXED_TOLERANCE * (self.proven + self.against)


@dataclass(frozen=True, slots=True)
class DateGuess:
    """How one column of ours is written.

    Attributes:
        formats: In order of trying. `strptime` formats, or one of `SPECIAL`.
        values: Values that are not missing.
        parsed: Those among them that one of the formats reads.
        with_offset: Those that carry their own offset from UTC.
        order: Day and month, where the format leaves a choice.
        typed: Whether the column has a type of its own, so nothing had to be guessed.
        cleaned: Whether words and marks (`a.m.`, `GMT+2`, `г.`, marks of direction) are taken out before reading.
        letters: What the abbreviations of zones in the column mean.
    """

    formats: tuple[str, ...]
    values: int
    parsed: int
    with_offset: int = 0
    order: Order | None = None
    typed: bool = False
    cleaned: bool = False
    letters: dict[str, str] = field(default_factory=dict)

    @property
    def share(self) -> float:
        return self.parsed / self.values if self.values else 0.0

    @property
    def rests_on(self) -> str:
        """The evidence in a sentence."""
        if self.typed:
            return Sentence("dates.typed", "the column has a date type")
        text = Sentence(
            "dates.parse",
            "{parsed:,} of {values:,} values parse as {format}",
            "the only value parses as {format}",
            "values",
            parsed=self.parsed,
            values=self.values,
            format=either(self.formats),
        )
        if self.order is not None:
            text = Sentence(
                "dates.parse.order",
                "{said}; {proven:,} only with {order}, {either:,} either way",
                said=text,
                proven=self.order.proven,
                order=ORDERS.get(self.order.chosen, self.order.chosen),
                either=self.order.either,
            )
            if self.order.against:
                text = Sentence(
                    "dates.parse.against", "{said}, {count:,} only the other way", said=text, count=self.order.against
                )
        if self.cleaned:
            text = Sentence(
                "dates.parse.cleaned", "{said}; words and marks beside the figures were taken out first", said=text
            )
        return text


def expression(value: str, form: str, *, offsets: bool = True) -> str:
    """SQL that reads a text as a moment without zone: UTC where the text has an offset, else as it stands.

    Args:
        value: SQL of the text, missing values as NULL.
        form: One of `SPECIAL` or a `strptime` format.
        offsets: Whether a value may carry an offset; where none does, reading is cheaper.
    """
    if form == ISO and not offsets:
        return f"try_cast({value} AS TIMESTAMP)"
    if form == ISO:
        return f"make_timestamp(epoch_us(try_cast({value} AS TIMESTAMPTZ)))"
    if form in EPOCHS:
        return f"make_timestamp(CAST(round(try_cast({value} AS DOUBLE) * {EPOCHS[form]}) AS BIGINT))"
    if form == EXCEL:
        return f"make_timestamp(CAST(round((try_cast({value} AS DOUBLE) - 25569) * 86400) AS BIGINT) * 1000000)"
    if form.endswith("%z"):
        return f"make_timestamp(epoch_us(try_strptime({value}, {sql.text(form)})))"
    return f"try_strptime({value}, {sql.text(form)})"


def offset_test(value: str, form: str) -> str:
    """SQL that says whether a text carries its own offset from UTC, given that it has this format."""
    if form == ISO:
        return f"regexp_matches({value}, {sql.text(_HAS_OFFSET)})"
    return "true" if form.endswith("%z") or form in EPOCHS else "false"


def infer(
    connection: DuckDBPyConnection, relation: str, value: str, sample: Iterable[str], day_first: bool
) -> DateGuess | None:
    """Find the formats of a text column and count over the whole of it.

    Args:
        connection: The engine's own connection.
        relation: Query or table that holds the column.
        value: SQL of the text, missing values as NULL.
        sample: Some of its values.
        day_first: The order to take where no value decides.

    Returns:
        What was found; None where no shape of a moment occurs. A mix of orders is reported, not resolved.
    """
    groups = candidates(sample)
    if not groups:
        return None
    for _ in range(3):
        counts = _count(connection, relation, value, groups)
        if counts["parsed"] == counts["values"]:
            break
        rest = unread(connection, relation, value, [form for group in groups for form in group])
        further = [group for group in candidates(rest) if group not in groups]
        if not further:
            break
        groups += further
    formats = [_choose(group, counts, day_first) for group in groups]
    order: Order | None = None
    for group in groups:
        if len(group) == 2 and (counts[group[0]] or counts[group[1]]):
            only = (counts[group[0]] - counts[_both(group)], counts[group[1]] - counts[_both(group)])
            chosen = formats[groups.index(group)]
            mine, other = (only[0], only[1]) if chosen == group[0] else (only[1], only[0])
            found = Order(
                "day first" if chosen == group[0] else "month first", mine, other, counts[_both(group)],
                group[1] if chosen == group[0] else group[0],
            )  # fmt: skip
            if order is None:
                order = found
            elif order.chosen == found.chosen:
                order = Order(order.chosen, order.proven + found.proven, order.against + found.against,
                              order.either + found.either, order.other)  # fmt: skip
            else:
                order = Order(order.chosen, order.proven, order.against + found.proven,
                              order.either + found.either + found.against, order.other)  # fmt: skip
    used = tuple(form for form in dict.fromkeys(formats) if counts[form])
    if not used:
        return None
    if (order is not None and order.against) or len(used) < len(groups):
        return _totals(connection, relation, value, used, order)
    return DateGuess(used, counts["values"], counts["parsed"], counts["offset"], order)


def counted(connection: DuckDBPyConnection, relation: str, value: str, formats: tuple[str, ...]) -> DateGuess:
    """Count over the whole column how well formats fit that somebody decided."""
    order = None
    for form in formats:
        other = swapped(form)
        if other == form or other in formats:
            continue
        counts = _count(connection, relation, value, [(form, other)])
        either = counts[_both((form, other))]
        chosen = "day first" if form.index("%d") < form.index("%m") else "month first"
        order = Order(chosen, counts[form] - either, counts[other] - either, either, other)
    return _totals(connection, relation, value, formats, order)


def swapped(form: str) -> str:
    """The format with day and month in each other's place, unless the year leads, which settles the order.

    >>> swapped("%d/%m/%Y"), swapped("%Y-%m-%d")
    ('%m/%d/%Y', '%Y-%m-%d')
    """
    if form.startswith("%Y") or not {"%d", "%m"} <= set(re.findall("%.", form)):
        return form
    return form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def _totals(
    connection: DuckDBPyConnection, relation: str, value: str, used: tuple[str, ...], order: Order | None
) -> DateGuess:
    parsed = " OR ".join(f"{expression('v', form)} IS NOT NULL" for form in used)
    offset = " OR ".join(f"({expression('v', form)} IS NOT NULL AND {offset_test('v', form)})" for form in used)
    row = connection.execute(
        f"SELECT count(v), count(*) FILTER ({parsed}), count(*) FILTER ({offset}) FROM (SELECT {value} AS v "
        f"FROM {relation})"
    ).fetchone()
    row = row or (0, 0, 0)
    return DateGuess(used, int(row[0]), int(row[1]), int(row[2]), order)


def _both(group: tuple[str, ...]) -> str:
    return " & ".join(group)


def _count(connection: DuckDBPyConnection, relation: str, value: str, groups: list[tuple[str, ...]]) -> dict[str, int]:
    """Values, those that parse at all, those with an offset, and for each format and pair of formats."""
    forms = list(dict.fromkeys(form for group in groups for form in group))
    read = {form: f"f{i}" for i, form in enumerate(forms)}
    offset = " OR ".join(f"({read[form]} IS NOT NULL AND {offset_test('v', form)})" for form in forms)
    wanted = {
        "values": "v IS NOT NULL",
        "parsed": " OR ".join(f"{column} IS NOT NULL" for column in read.values()),
        "offset": offset,
    }
    for group in groups:
        for form in group:
            wanted[form] = f"{read[form]} IS NOT NULL"
        if len(group) == 2:
            wanted[_both(group)] = " AND ".join(f"{read[form]} IS NOT NULL" for form in group)
    counts = ", ".join(f"coalesce(sum(n) FILTER ({test}), 0)" for test in wanted.values())
    readings = ", ".join(f"{expression('v', form)} AS {column}" for form, column in read.items())
    # To read a text takes four times as long as to find it among others, but many millions of them need memory.
    rows = connection.execute(f"SELECT count(*) FROM {relation}").fetchone() or (0,)
    texts = f"SELECT v, 1 AS n FROM (SELECT {value} AS v FROM {relation})"
    if rows[0] <= TOGETHER:
        texts = f"SELECT v, count(*) AS n FROM (SELECT {value} AS v FROM {relation}) GROUP BY v"
    row = connection.execute(f"SELECT {counts} FROM (SELECT v, n, {readings} FROM ({texts}))").fetchone()
    return dict(zip(wanted, (int(n) for n in row or ()), strict=True))


def _choose(group: tuple[str, ...], counts: dict[str, int], day_first: bool) -> str:
    if len(group) == 1:
        return group[0]
    day, month = group
    if counts[day] == counts[month]:
        return day if day_first else month
    return day if counts[day] > counts[month] else month


def unread(connection: DuckDBPyConnection, relation: str, value: str, formats: list[str]) -> list[str]:
    """Some different values that none of the formats reads."""
    read = " OR ".join(f"{expression('v', form)} IS NOT NULL" for form in formats)
    rows = connection.execute(
        f"SELECT DISTINCT v FROM (SELECT {value} AS v FROM {relation}) WHERE v IS NOT NULL AND NOT ({read}) LIMIT 200"
    ).fetchall()
    return [str(row[0]) for row in rows]


def local_to_utc(value: str, zone: str, first: object, last: object) -> str:
    """SQL that turns a local reading into UTC by comparisons with the zone's changes of offset."""
    from datetime import datetime

    from firstcontact.contacts.rule import EARLIEST, LATEST
    from firstcontact.kernel.clock import offsets

    low = max(first, EARLIEST) if isinstance(first, datetime) else EARLIEST
    high = min(last, LATEST) if isinstance(last, datetime) else EARLIEST
    changes = offsets(zone, min(low, high), max(low, high))
    if len(changes) == 1:
        return f"{value} - INTERVAL '{changes[0].seconds} seconds'" if changes[0].seconds else value
    cases = " ".join(
        f"WHEN {value} >= TIMESTAMP '{change.start_local}' THEN {value} - INTERVAL '{change.seconds} seconds'"
        for change in reversed(changes[1:])
    )
    return f"CASE {cases} ELSE {value} - INTERVAL '{changes[0].seconds} seconds' END"
