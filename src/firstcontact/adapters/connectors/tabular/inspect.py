"""What a source holds and how it is understood, before anything is measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import mapping_file, sql
from firstcontact.adapters.connectors.tabular.evidence import Guess
from firstcontact.adapters.connectors.tabular.expression import meaning
from firstcontact.adapters.connectors.tabular.mapping import SCALED, Mapping, Source
from firstcontact.adapters.connectors.tabular.raw import Raw
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.contacts.inspection import (
    ColumnWords,
    InspectedColumn,
    InspectedFile,
    Inspection,
    MissingToken,
    UnusedColumn,
    Word,
)
from firstcontact.contacts.ledger import RowLedger
from firstcontact.kernel.errors import Fault
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.privacy import pattern

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SAMPLES = 3

MOST_WORDS = 30
"""Different words that are listed at most; a column with more holds something else."""

LONGEST_WORD = 40

WORDED = ("channel", "direction", "settled", "agent_says_resolved", "abandoned")
"""Columns of contacts whose words mean something."""

_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?\s*%?")


def describe(
    connection: DuckDBPyConnection,
    relation: Relation,
    raws: Sequence[Raw],
    mapping: Mapping,
    guesses: Sequence[Guess],
    zone: str,
    *,
    show_values: bool,
) -> Inspection:
    """Everything about a source but what would become of its rows.

    Args:
        connection: The engine's own connection.
        relation: The rows of contacts.
        raws: Its files.
        mapping: How it is understood, formats of dates included.
        guesses: What that rests on.
        zone: In which local times are understood.
        show_values: Whether samples are values; patterns of their characters otherwise.
    """
    used = set(mapping.source_columns())
    unused = [name for name in relation.columns if name not in used]
    why = {guess.ours: guess for guess in guesses}
    columns = []
    for ours, source in _all_sources(mapping).items():
        guess = why.get(ours)
        columns.append(
            InspectedColumn(
                ours, _shown(source), guess.rests_on if guess else "set in the mapping",
                guess.confidence if guess else 1.0, _samples(relation, source.columns, mapping, show_values),
            )
        )  # fmt: skip
    return Inspection(
        files=tuple(InspectedFile(raw.label, raw.rows, len(raw.rejects), raw.facts) for raw in raws),
        rows=relation.rows + sum(len(raw.rejects) for raw in raws),
        kind=mapping.kind,
        zone=zone,
        columns=tuple(columns),
        unused=tuple(
            UnusedColumn(
                name, _filled(relation, name, mapping), len(relation.sample[name]),
                _samples(relation, (name,), mapping, show_values),
            )
            for name in unused
        ),
        missing=count_missing(connection, relation, mapping),
        findings=(),
        ledger=None,
        faults=(),
        mapping=mapping.as_dict(),
        mapping_file=mapping_file.write(mapping, guesses, unused),
        words=_words(relation, mapping),
    )  # fmt: skip


def complete(
    inspection: Inspection, findings: Sequence[Finding], ledger: RowLedger | None, faults: Sequence[Fault]
) -> Inspection:
    """The inspection with what loading said."""
    return replace(inspection, findings=tuple(findings), ledger=ledger, faults=tuple(faults))


def _all_sources(mapping: Mapping) -> dict[str, Source]:
    sources = dict(mapping.columns)
    sources |= {f"identifiers.{kind}": Source(columns) for kind, columns in mapping.identifiers.items()}
    sources |= {f"surveys.{ours}": source for ours, source in mapping.surveys.items()}
    sources |= {f"updates.{ours}": source for ours, source in mapping.update.items()}
    return sources | {f"extra.{name}": Source((name,)) for name in mapping.extra}


def _words(relation: Relation, mapping: Mapping) -> tuple[ColumnWords, ...]:
    """What the words of a column are taken to mean: the one thing of a file that is shown as it is.

    So only of columns whose words are few, and only where each of them is short and looks like nobody's.
    """
    sources = {ours: mapping.columns[ours] for ours in WORDED if ours in mapping.columns}
    sources |= {ours: mapping.surveys[ours] for ours in (*SCALED, "resolved") if ours in mapping.surveys}
    if "settled" not in sources and "state" in mapping.update:
        sources["settled"] = mapping.update["state"]
    found = []
    for ours, source in sources.items():
        if len(source.columns) != 1:
            continue
        tokens = _tokens(mapping, source.columns[0])
        counts = [(word, n) for word, n in relation.sample[source.columns[0]].most_common() if word not in tokens]
        if ours in SCALED:
            counts = [(word, n) for word, n in counts if not _NUMBER.fullmatch(word)]
        if 0 < len(counts) <= MOST_WORDS and all(_is_plain(word) for word, _ in counts):
            words = (Word(word, n, _meaning(ours, word, mapping)) for word, n in counts)
            found.append(ColumnWords(ours, tuple(words)))
    return tuple(found)


def _meaning(ours: str, word: str, mapping: Mapping) -> str | None:
    if ours in SCALED:
        return mapping.values.get(ours, {}).get(word)
    return meaning(ours, word, mapping) or (word if ours == "channel" else None)


def _is_plain(word: str) -> bool:
    """Whether a value may be a word of a list rather than somebody's name, number or address.

    >>> _is_plain("In Progress"), _is_plain("0541234567"), _is_plain("a@b.example"), _is_plain("x" * 50)
    (True, False, False, False)
    """
    return len(word) <= LONGEST_WORD and "@" not in word and sum(character.isdigit() for character in word) < 5


def _shown(source: Source) -> str:
    between = {"first_of": ", else ", "join": " + ", "path": " > ", "sum": " + ", "stations": ", else "}[source.how]
    return between.join(source.columns)


def _tokens(mapping: Mapping, column: str) -> set[str]:
    return {*mapping.missing, *mapping.missing_in.get(column, ())}


def _samples(relation: Relation, columns: Sequence[str], mapping: Mapping, show_values: bool) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for column in columns:
        tokens = _tokens(mapping, column)
        for value, _ in relation.sample[column].most_common(40):
            if value in tokens:
                continue
            found[value[:60] if show_values else pattern(value)] = None
            if len(found) == SAMPLES:
                return tuple(found)
    return tuple(found)


def _filled(relation: Relation, column: str, mapping: Mapping) -> float:
    tokens = _tokens(mapping, column)
    have = sum(n for value, n in relation.sample[column].items() if value not in tokens)
    return have / relation.sampled if relation.sampled else 0.0


def count_missing(connection: DuckDBPyConnection, relation: Relation, mapping: Mapping) -> tuple[MissingToken, ...]:
    """How often each token occurs in the columns that are used; typed columns are counted in the sample only."""
    items: list[tuple[str, str]] = []
    for column in mapping.source_columns():
        if relation.columns.get(column) != "VARCHAR":
            continue
        if relation.typed and column not in mapping.missing_in:
            continue
        items += [(token, column) for token in sorted(_tokens(mapping, column))]
    if not items:
        return ()
    counts = ", ".join(f"count(*) FILTER ({sql.name(column)} = {sql.text(token)})" for token, column in items)
    row = connection.execute(f"SELECT {counts} FROM {relation.table}").fetchone() or ()
    found: dict[str, dict[str, int]] = {}
    for (token, column), n in zip(items, row, strict=True):
        if n:
            found.setdefault(token, {})[column] = int(n)
    return tuple(MissingToken(token, tuple(columns), sum(columns.values())) for token, columns in sorted(found.items()))
