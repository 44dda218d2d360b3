"""Reasons that differ only by capital letters or blanks are one reason: each is given its commonest spelling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MARKS = {ord(mark): None for mark in "\u200b\u200e\u200f\u061c\u2066\u2067\u2068\u2069\ufeff"}


def _fold(level: str) -> str:
    return _tidy(level).casefold()


def _tidy(level: str) -> str:
    return " ".join(level.translate(_MARKS).split())


def common_spelling(counts: Counter[str]) -> dict[str, str]:
    """The commonest spelling of each reason that is spelt otherwise, level by level.

    Args:
        counts: How often each reason occurs, as a path.

    Returns:
        The spelling to use, by the one to replace. Of two equally common spellings the first in the alphabet is used.

    >>> common_spelling(Counter({"Billing": 9, "billing": 2, "BILLING  > Fee": 1, "Move": 1}))
    {'billing': 'Billing', 'BILLING  > Fee': 'Billing > Fee'}
    """
    spelt: dict[tuple[str, ...], Counter[str]] = {}
    paths = {reason: reason.split(REASON_SEPARATOR) for reason in counts}
    for reason, levels in paths.items():
        folded = tuple(_fold(level) for level in levels)
        for depth, level in enumerate(levels, start=1):
            spelt.setdefault(folded[:depth], Counter())[_tidy(level)] += counts[reason]
    chosen = {key: min(found, key=lambda one: (-found[one], one)) for key, found in spelt.items()}
    renamed = {}
    for reason, levels in paths.items():
        folded = tuple(_fold(level) for level in levels)
        better = REASON_SEPARATOR.join(chosen[folded[: depth + 1]] for depth in range(len(levels)))
        if better != reason:
            renamed[reason] = better
    return renamed


def _count(connection: DuckDBPyConnection, rows: str, column: str) -> Counter[str]:
    found = connection.execute(
        f"SELECT {column}, count(*) FROM {rows} WHERE {column} IS NOT NULL GROUP BY 1"
    ).fetchall()
    return Counter({str(reason): int(n) for reason, n in found})


def fold_reasons(connection: DuckDBPyConnection, rows: str, columns: Sequence[str] = ("reason",)) -> list[Finding]:
    """Give every reason in a table its commonest spelling.

    Args:
        connection: The engine's own connection.
        rows: Table with the columns.
        columns: `reason`, and further ones that hold reasons too and are spelt alike.

    Returns:
        What was done, where anything was.
    """
    by_column = {column: _count(connection, rows, column) for column in columns}
    counts = by_column["reason"]
    every = common_spelling(sum(by_column.values(), Counter[str]()))
    if not every:
        return []
    table = pa.table({"old": pa.array(list(every), pa.string()), "new": pa.array(every.values(), pa.string())})
    connection.register("fc_spelling", table)
    for column in columns:
        connection.execute(f"UPDATE {rows} SET {column} = s.new FROM fc_spelling s WHERE {column} = s.old")
    connection.unregister("fc_spelling")
    renamed = {spelt: better for spelt, better in every.items() if spelt in counts}
    if not renamed:
        return []
    left = len({renamed.get(reason, reason) for reason in counts})
    return [
        Finding(
            "reasons",
            Sentence(
                "reasons.spelling",
                "reason: {spelt:,} spellings differ only by capital letters or blanks from a "
                "commoner one, and are read as that one (contacts: {rows:,}).",
                "reason: {spelt:,} spelling differs only by capital letters or blanks from a "
                "commoner one, and is read as that one (contacts: {rows:,}).",
                "spelt",
                spelt=len(renamed),
                rows=sum(counts[reason] for reason in renamed),
            ),
            Sentence(
                "reasons.spelling.rests",
                "{before:,} spellings stand for {after:,} reasons",
                "{before:,} spellings stand for {after:,} reason",
                "after",
                before=len(counts),
                after=left,
            ),
        )
    ]
