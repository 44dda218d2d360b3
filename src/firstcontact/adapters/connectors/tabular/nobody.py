"""Which values of a column mean nobody: looked for over the whole of it where it names customers."""

from __future__ import annotations

import re
from collections import Counter

from firstcontact.adapters.connectors.tabular import missing, sql
from firstcontact.adapters.connectors.tabular.evidence import Evidence
from firstcontact.adapters.connectors.tabular.mapping import Source

_NAMES = (
    "agent_id",
    "started_at",
    "ended_at",
    "queue",
    "first_queue",
    "team",
    "reason",
    "first_reason",
    "asset_id",
    "case_id",
)

_WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*")


def missing_in(
    seen: Evidence, columns: dict[str, Source], known: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Values that mean "nothing" in some columns only, by source column.

    Args:
        seen: What is known.
        columns: Source by contact column.
        known: Source columns by kind of identifier.
    """
    found: dict[str, tuple[str, ...]] = {}
    for column in dict.fromkeys(column for names in known.values() for column in names):
        tokens = customer_tokens(seen, column)
        if tokens:
            found[column] = tuple(sorted(tokens))
    for ours, source in columns.items():
        for column in source.columns:
            if column in found:
                continue
            if ours == "customer_id":
                tokens = customer_tokens(seen, column)
            elif ours in _NAMES:
                tokens = missing.in_names(seen.values[column])
            else:
                continue
            if tokens:
                found[column] = tuple(sorted(tokens))
    return found


def customer_tokens(seen: Evidence, column: str) -> set[str]:
    """Values of a column of customers or identifiers that mean nobody.

    Over the whole column: one placeholder for many people would join them all into one customer.
    """
    listed = missing.ANYWHERE | missing.IN_NAMES | missing.PLACEHOLDERS
    if seen.relation.columns[column] in _WHOLE:
        # Numbers are compared as numbers: to write ten million of them out takes seconds.
        value = sql.name(column)
        spelt = ", ".join(sorted(word for word in listed if _WHOLE_NUMBER.fullmatch(word)))
    else:
        text = seen.relation.columns[column] == "VARCHAR"
        value = sql.name(column) if text else f"CAST({sql.name(column)} AS VARCHAR)"
        if not seen.relation.typed:
            value = f"trim({value})"  # blanks of other kinds are rare in ids
        # Spelt out rather than folded: ten million comparisons of a plain column are far cheaper than as many foldings.
        forms = {form for word in listed for form in (word, word.upper(), word.capitalize(), word.title())}
        spelt = sql.texts(sorted(forms))
    rows = seen.connection.execute(
        f"SELECT v, count(*) FROM (SELECT {value} AS v FROM {seen.relation.table}) WHERE v IN ({spelt}) GROUP BY 1"
    ).fetchall()
    if not rows:
        return set()
    counts = Counter({str(value): int(n) for value, n in rows})
    tokens = (missing.anywhere(counts) - seen.tokens) | missing.in_names(counts)
    if any(v.casefold() in missing.PLACEHOLDERS for v in counts):
        top = seen.connection.execute(
            f"SELECT v, count(*) AS n FROM (SELECT {value} AS v FROM {seen.relation.table}) WHERE v IS NOT NULL "
            "GROUP BY v ORDER BY n DESC LIMIT 40"
        ).fetchall()
        tokens |= missing.placeholders(Counter({str(v): int(n) for v, n in top}) | counts)
    return tokens
