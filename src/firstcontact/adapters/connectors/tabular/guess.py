"""A first mapping for a file nobody has described: by what columns are called and by what is in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import lexicon, sql
from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.duration import handle_time, unit_by_name
from firstcontact.adapters.connectors.tabular.evidence import ACCEPT, Evidence, Guess, name_fit
from firstcontact.adapters.connectors.tabular.identity import find_update, identify, latest
from firstcontact.adapters.connectors.tabular.mapping import Mapping, Source
from firstcontact.adapters.connectors.tabular.nobody import missing_in
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.adapters.connectors.tabular.survey import identifiers, surveys
from firstcontact.adapters.connectors.tabular.system import name_system
from firstcontact.contacts.loaded import SourceKind
from firstcontact.contacts.table import CONTACTS, EXTRA_PREFIX

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def guess(connection: DuckDBPyConnection, relation: Relation) -> tuple[Mapping, list[Guess]]:
    """Guess a mapping.

    Args:
        connection: The engine's own connection.
        relation: The rows.

    Returns:
        The mapping, without `started_at` where nothing looks like it, and what each guess rests on.
    """
    seen = Evidence.of(connection, relation)
    kind: SourceKind = "contact"
    update: dict[str, Source] = {}
    columns = _exact(seen)
    ours = bool(columns)
    if ours:
        update = latest(seen, find_update(seen))
    else:
        columns, kind, update = _by_name(seen)
    known = identifiers(seen)
    nobody = missing_in(seen, columns, known)
    answers = surveys(seen)
    mapping = Mapping(
        kind=kind,
        columns=columns,
        missing=tuple(sorted(seen.tokens)),
        missing_in=nobody | answers.missing,
        values=_words(seen, columns) | answers.values,
        units={} if ours else _units(columns),
        source=name_system(seen.plain.values()),
        extra=tuple(column for column in relation.columns if column.startswith(EXTRA_PREFIX)),
        identifiers=known,
        surveys=answers.columns,
        scales=answers.scales,
        update=update,
        bad_values="missing",
    )
    return mapping, seen.guesses


def _exact(seen: Evidence) -> dict[str, Source]:
    """Columns that bear our names already, as our own simulator and exports write them."""
    folded = {name.casefold(): name for name in seen.relation.columns}
    if not {"contact_id", "started_at"} <= set(folded):
        return {}
    if "customer_id" not in folded and seen.candidates(words.NAMES["customer_id"]):
        return {}  # ours by half: the rest goes by other names
    columns = {c.name: Source((folded[c.name],)) for c in CONTACTS.columns if c.name in folded}
    for ours, source in columns.items():
        seen.note(ours, source, "the column bears this very name", 1.0)
    return columns


def _by_name(seen: Evidence) -> tuple[dict[str, Source], SourceKind, dict[str, Source]]:
    columns: dict[str, Source] = {}
    start = seen.date("started_at", words.NAMES["started_at"])
    if start is None:
        start = seen.any_date()
    if start is not None:
        columns["started_at"] = start
    ends = _ends(seen)
    if ends is not None:
        columns["ended_at"] = ends
    kind, identity, update = identify(seen, columns)
    columns.update(identity)
    for ours in ("queued_at", "answered_at"):
        found = seen.date(ours, words.NAMES[ours])
        if found is not None:
            columns[ours] = found
    ticket = kind != "contact"
    order = [
        "channel", "direction", "customer_id", "agent_says_resolved", "abandoned", "settled", "queue", "reason",
        "first_queue", "first_reason", "team",
        "agent_id",
        "transfers", "escalated_to", "wrap_up", "handle_seconds", "hold_seconds", "asset_id", "language",
        "article_ids", "cost",
    ] + ([] if ticket or "case_id" in columns else ["case_id"])  # fmt: skip
    for ours in order:
        if ticket and ours == "handle_seconds":
            continue
        found = handle_time(seen) if ours == "handle_seconds" else seen.named(ours, words.NAMES[ours])
        if found is None:
            continue
        columns[ours] = _deeper(seen, ours, found) if ours in _LEVELS else found
    _drop_foreign_firsts(seen, columns)
    if "settled" in columns and not seen.is_state(columns["settled"].columns[0]):
        seen.forget("settled", columns)
    _abandoned_by_outcome(seen, columns)
    _transfers_by_stations(seen, columns)
    if "reason" not in columns and "wrap_up" in columns and seen.fits("reason", columns["wrap_up"].columns[0])[0]:
        columns["reason"] = columns["wrap_up"]
        seen.note("reason", columns["wrap_up"], "no column says why; the code chosen at the end stands in for it", 0.6)
    return columns, kind, update


def _transfers_by_stations(seen: Evidence, columns: dict[str, Source]) -> None:
    """Zendesk counts the agents and groups a ticket came to: the first of them is no transfer."""
    found = [c for c, plain in seen.plain.items() if plain in ("assignee stations", "group stations")]
    found = sorted((c for c in found if seen.fits("transfers", c)[0]), key=lambda c: seen.plain[c])
    if "transfers" not in columns and found:
        columns["transfers"] = Source(tuple(found), "stations")
        seen.taken |= set(found)
        seen.note("transfers", columns["transfers"], "places it came to; the first is no transfer", 0.9)


def _ends(seen: Evidence) -> Source | None:
    """Resolved before closed: settled is when the customer was told so, not when a timer closed the record."""
    first = seen.date("ended_at", words.NAMES["ended_at"])
    if first is None or first.how == "join":
        return first
    name = seen.plain[first.columns[0]]
    if not re.search(r"resol|solv|реш|נפתר|解", name):
        return first
    for score, column in seen.candidates(words.NAMES["ended_at"]):
        if re.search(r"clos|затв|прикл|נסגר|סגירה|关|關", seen.plain[column]) and seen.moment_share(column) >= ACCEPT:
            both = Source((first.columns[0], column))
            seen.taken.add(column)
            seen.guesses = [g for g in seen.guesses if g.ours != "ended_at"]
            seen.note("ended_at", both, f"{name_fit(score)}; resolved, else closed", score)
            return both
    return first


_LEVELS = {"reason": words.DEEPER_REASONS, "first_reason": words.FIRST_DEEPER_REASONS}
_FIRSTS = {"first_reason": "reason", "first_queue": "queue"}


def _drop_foreign_firsts(seen: Evidence, columns: dict[str, Source]) -> None:
    """A first reason or queue speaks the words of the final one; did it not, every contact would have changed."""
    for first, final in _FIRSTS.items():
        if first not in columns:
            continue
        counts = seen.values[columns[first].columns[0]]
        known = seen.values[columns[final].columns[0]] if final in columns else {}
        if sum(n for value, n in counts.items() if value in known) < 0.5 * sum(counts.values()):
            seen.forget(first, columns)


def _deeper(seen: Evidence, ours: str, first: Source) -> Source:
    """The levels below a reason, as far as columns for them exist."""
    levels = [first.columns[0]]
    for _, column in seen.candidates(_LEVELS[ours]):
        if seen.fits("reason", column)[0] and len(levels) < 4:
            levels.append(column)
    if len(levels) == 1:
        return first
    order = list(seen.relation.columns)
    deeper = sorted(levels[1:], key=order.index)
    path = Source((levels[0], *deeper), "path")
    seen.taken |= set(deeper)
    seen.guesses = [g for g in seen.guesses if g.ours != ours]
    seen.note(ours, path, "by their names: a category and its subcategories", 0.9)
    return path


def _abandoned_by_outcome(seen: Evidence, columns: dict[str, Source]) -> None:
    """Abandonment is often one word among the outcomes rather than a column of its own."""
    if "abandoned" in columns:
        return
    for column, counts in seen.values.items():
        plain = seen.plain[column]
        if not re.search(
            r"disposition|outcome|result|status|call type|interaction type|disconnect|изход|תוצאה|结果", plain
        ):
            continue
        if plain == "disposition" and {"ucid", "segment"} & set(seen.plain.values()) and "3" in counts:
            columns["abandoned"] = Source((column,))
            seen.note("abandoned", columns["abandoned"], "an Avaya call record, where disposition 3 is abandoned", 0.8)
            return
        leaving = lexicon.ABANDON_WORDS | (lexicon.UNANSWERED_WORDS if seen.is_outcome(column) else frozenset())
        if len(counts) <= 60 and any(v.casefold() in leaving for v in counts):
            columns["abandoned"] = Source((column,))
            seen.note("abandoned", columns["abandoned"], "one of its words means abandoned", 0.8)
            return


def _words(seen: Evidence, columns: dict[str, Source]) -> dict[str, dict[str, str]]:
    """Outcomes that are not an abandonment mean that it was not abandoned."""
    source = columns.get("abandoned")
    if source is None or seen.relation.columns[source.columns[0]] == "BOOLEAN":
        return {}
    counts = seen.values[source.columns[0]]
    if all(v.casefold() in lexicon.TRUE_WORDS | lexicon.FALSE_WORDS for v in counts):
        return {}
    if all(value.isdigit() for value in counts):
        return {"abandoned": {value: str(value == "3").lower() for value in sorted(counts)}}
    leaving = lexicon.ABANDON_WORDS
    if seen.is_outcome(source.columns[0]):
        leaving |= lexicon.UNANSWERED_WORDS
    rows = seen.connection.execute(
        f"SELECT DISTINCT trim({sql.name(source.columns[0])}) FROM {seen.relation.table} "
        f"WHERE {sql.name(source.columns[0])} IS NOT NULL LIMIT 200"
    ).fetchall()
    return {
        "abandoned": {
            str(row[0]): str(str(row[0]).casefold() in leaving).lower()
            for row in sorted(rows) if str(row[0]) not in seen.tokens
        }
    }  # fmt: skip


def _units(columns: dict[str, Source]) -> dict[str, str]:
    """Units that the columns' names say."""
    found = {
        ours: unit_by_name(*columns[ours].columns) for ours in ("handle_seconds", "hold_seconds") if ours in columns
    }
    return {ours: unit for ours, unit in found.items() if unit is not None and unit != "seconds"}
