"""What customers answered and who they are, when it stands on the contacts' own rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import sql
from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.answer import MOST, ReadAnswers, read_answers
from firstcontact.adapters.connectors.tabular.companion_name import OWN_SURVEY_NAMES
from firstcontact.adapters.connectors.tabular.evidence import ACCEPT, Evidence, name_fit
from firstcontact.adapters.connectors.tabular.expression import meaning
from firstcontact.adapters.connectors.tabular.mapping import SCALED, Mapping, Scale, Source
from firstcontact.adapters.connectors.tabular.scale import plain_number
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.kernel.sentence import Sentence, listed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DIFFERENT = 2000
"""Different answers that are looked at; a question has fewer."""

_PHONE = re.compile(r"^(tel:|sip:)?\+?[\d\s().\-/]{6,22}(@.*|\s*(x|ext)\.?\s*\d+)?$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$|<[^@\s]+@[^@\s]+>$")
_ACCOUNT = re.compile(r"^\S[\S ]{1,40}$")


def identifiers(seen: Evidence) -> dict[str, tuple[str, ...]]:
    """Source columns by kind of identifier; a column that serves as customer may be one too."""
    found: dict[str, tuple[str, ...]] = {}
    tests = {"phone": _PHONE, "email": _EMAIL, "account": _ACCOUNT}
    for kind, names in words.IDENTIFIER_NAMES.items():
        place = set(names)
        chosen = []
        for column, plain in seen.plain.items():
            # `identifiers phone 2` is the second telephone number of records in the shape of the interface.
            bare = re.sub(r"^identifiers (\w+)( \d+)?$", r"\1", plain)
            bare = re.sub(r"^(requester|customer|contact|caller|client|user|sender) ", "", bare)
            if plain not in place and bare not in place:
                continue
            counts = seen.values[column]
            total = sum(counts.values())
            share = sum(n for v, n in counts.items() if tests[kind].match(v)) / total if total else 0.0
            if share >= 0.8:
                chosen.append(column)
                seen.note(f"identifiers.{kind}", Source((column,)), f"by its name; {share:.1%} of the sampled values "
                           "have the form", 0.9)  # fmt: skip
        if chosen:
            found[kind] = tuple(chosen)
            seen.taken |= set(chosen)
    return found


@dataclass(slots=True)
class Answers:
    """Where the customer's answers stand, and how they are read.

    Attributes:
        columns: Source by survey column.
        scales: Ends of the scale, by survey column.
        values: What words are worth, by survey column.
        missing: Answers that mean that nobody answered, by source column.
    """

    columns: dict[str, Source] = field(default_factory=dict)
    scales: dict[str, Scale] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)


def surveys(seen: Evidence, *, own: bool = False) -> Answers:
    """Survey columns with the ends of their scales.

    Args:
        seen: What is known of the rows.
        own: Whether the rows are a table of surveys, where a column may bear our very name.
    """
    found = Answers()
    for ours, names in words.SURVEY_NAMES.items():
        further = (words.plain_name(ours), *OWN_SURVEY_NAMES.get(ours, ())) if own else ()
        for score, column in seen.candidates((*further, *names)):
            counts = whole_column(seen, column)
            read = _read(seen, ours, column, counts, own=own) if ours in SCALED else None
            why = read.why if read is not None else _fits(seen, ours, column, counts)
            if why is None:
                continue
            if read is not None:
                found.scales[ours] = read.scale
                if read.values:
                    found.values[ours] = read.values
                if read.missing:
                    found.missing[column] = read.missing
            found.columns[ours] = Source((column,))
            seen.taken.add(column)
            seen.note(f"surveys.{ours}", found.columns[ours], listed([name_fit(score), why]), score)
            break
    return Answers() if set(found.columns) <= {"answered_at"} else found


def _read(seen: Evidence, ours: str, column: str, counts: Counter[str], *, own: bool) -> ReadAnswers | None:
    if own and column == ours and seen.relation.columns[column] in ("FLOAT", "DOUBLE"):
        figures = [float(value) for value in counts]
        if figures and min(figures) >= 0 and max(figures) <= 1:
            return ReadAnswers(Scale(0, 1), {}, (), Sentence("answers.own", "our own table: answers from 0 to 1"))
    return read_answers(counts)


def whole_column(seen: Evidence, column: str) -> Counter[str]:
    """All different values of a column that may hold answers, not only those of the sample."""
    rows = seen.connection.execute(
        f"SELECT trim(CAST({sql.name(column)} AS VARCHAR), {sql.BLANKS}) AS v, count(*) AS n FROM "
        f"{seen.relation.table} GROUP BY 1 ORDER BY n DESC, v LIMIT {DIFFERENT}"
    ).fetchall()
    return Counter({str(value): int(n) for value, n in rows if value is not None and str(value) not in seen.tokens})


def _fits(seen: Evidence, ours: str, column: str, counts: Counter[str]) -> Sentence | None:
    """Why a column may hold answers that have no scale; None where it does not."""
    total = sum(counts.values())
    if not total:
        return None

    def share(test: Callable[[str], bool]) -> float:
        return sum(n for value, n in counts.items() if test(value)) / total

    if ours == "nps":
        fits = share(lambda value: _between(value, 0, 10)) >= MOST
        said = Sentence("answers.scale", "answers from {low:g} to {high:g}", low=0, high=10)
    elif ours == "resolved":
        fits = share(lambda value: meaning("resolved", value, Mapping()) is not None) >= ACCEPT
        said = Sentence("answers.yes-no", "yes or no")
    elif ours == "contacts_needed":
        fits, said = share(str.isdigit) >= MOST, Sentence("answers.whole", "whole numbers")
    else:
        fits, said = seen.moment_share(column) >= ACCEPT, Sentence("answers.moments", "moments")
    return said if fits else None


def _between(value: str, low: float, high: float) -> bool:
    return plain_number(value) and low <= float(value.rstrip("%").replace(",", ".")) <= high


def with_scales(connection: DuckDBPyConnection, relation: Relation, mapping: Mapping) -> Mapping:
    """A mapping that names answers without their scale, with the scale that the answers show."""
    seen = Evidence.of(connection, relation)
    seen.tokens |= set(mapping.missing)
    scales, values, silent = dict(mapping.scales), dict(mapping.values), dict(mapping.missing_in)
    for ours in SCALED:
        if ours in mapping.scales or ours not in mapping.surveys:
            continue
        columns = mapping.surveys[ours].columns
        counts = sum((whole_column(seen, column) for column in columns), Counter[str]())
        for column in columns:
            counts -= Counter({token: counts[token] for token in mapping.missing_in.get(column, ())})
        read = read_answers(counts)
        if read is None:
            continue
        scales[ours] = read.scale
        values[ours] = read.values | values.get(ours, {})
        silent |= {column: (*silent.get(column, ()), *read.missing) for column in columns if read.missing}
    return replace(mapping, scales=scales, values={k: v for k, v in values.items() if v}, missing_in=silent)
