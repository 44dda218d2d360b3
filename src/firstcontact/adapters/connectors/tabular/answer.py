"""What the customer's answers are worth: how a column of them is read, and the engine's SQL for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from firstcontact.adapters.connectors.tabular import sql
from firstcontact.adapters.connectors.tabular.expression import Reader, Value, number_of
from firstcontact.adapters.connectors.tabular.mapping import SCALED, Scale, Source
from firstcontact.adapters.connectors.tabular.scale import (
    UNANSWERED,
    figure_of,
    order_of,
    plain_number,
    scale_of,
    worth,
)
from firstcontact.kernel.sentence import Sentence

MOST = 0.9
"""Share of the answers that must be answers before a column is believed to hold them; the others are faults."""


@dataclass(frozen=True, slots=True)
class ReadAnswers:
    """How one column of answers is read: its scale, what words are worth, what means nobody answered, and why."""

    scale: Scale
    values: dict[str, str]
    missing: tuple[str, ...]
    why: Sentence


def read_answers(counts: Counter[str]) -> ReadAnswers | None:
    """Find the scale of answers; None where they are none.

    Args:
        counts: How often each answer occurs.
    """
    if not counts:
        return None
    steps = order_of(counts)
    if steps is not None:
        values = {answer: worth(answer, steps) for answer in sorted(counts)}
        silent = tuple(answer for answer, share in values.items() if share is None)
        said = {answer: f"{share:g}" for answer, share in values.items() if share is not None}
        return ReadAnswers(
            Scale(0, 1), said, silent, Sentence("answers.order", "words of an order of {steps} steps", steps=len(steps))
        )
    figures: Counter[float] = Counter()
    spelt: dict[str, str] = {}
    fits = 0
    silent = tuple(sorted(answer for answer in counts if answer.casefold() in UNANSWERED))
    for answer, n in counts.items():
        if answer in silent:
            continue
        figure = float(answer.rstrip("%").replace(",", ".")) if plain_number(answer) else figure_of(answer)
        if figure is not None:
            figures[figure] += n
            fits += n
            if not plain_number(answer):
                spelt[answer] = f"{figure:g}"
    if fits < MOST * (sum(counts.values()) - sum(counts[answer] for answer in silent)):
        return None
    scale, zero = scale_of(figures)
    if scale is None:
        return None
    if zero:
        silent += tuple(answer for answer in counts if plain_number(answer) and float(answer.replace(",", ".")) == 0)
    span = scale.high - scale.low
    shares = {answer: f"{(float(figure) - scale.low) / span:.6g}" for answer, figure in sorted(spelt.items())}
    shares = {answer: share for answer, share in shares.items() if 0 <= float(share) <= 1}
    why = Sentence("answers.scale", "answers from {low:g} to {high:g}", low=scale.low, high=scale.high)
    if zero:
        why = Sentence("answers.zero", "{said}, and 0 for no answer", said=why)
    return ReadAnswers(scale, shares, silent, why)


def answer_value(reader: Reader, ours: str, source: Source) -> Value:
    """SQL of one of the customer's answers, and of whether it is impossible: outside its scale, or no answer at all."""
    if ours == "resolved":
        return reader.words("resolved", source)
    if ours in SCALED:
        return _scaled(reader, ours, source)
    number = reader.number(ours, source, whole=True)
    ends = "BETWEEN 0 AND 10" if ours == "nps" else ">= 1"
    query = f"CASE WHEN {number.query} {ends} THEN {number.query} END"
    return Value(query, f"({reader.first_of(source)} IS NOT NULL AND {query} IS NULL)")


def _scaled(reader: Reader, ours: str, source: Source) -> Value:
    """SQL of an answer as 0 to 1."""
    mapping = reader.mapping
    value = reader.first_of(source)
    scale = mapping.scales.get(ours) or Scale(0.0, 1.0)
    number = number_of(f"rtrim({value}, '%')")
    share = f"(({number}) - ({scale.low})) / ({scale.high - scale.low})"
    worded: dict[str, list[str]] = {}
    for answer, share_of in mapping.values.get(ours, {}).items():
        worded.setdefault(share_of, []).append(answer)
    cases = "".join(f"WHEN {value} IN ({sql.texts(answers)}) THEN {float(of)} " for of, answers in worded.items())
    query = f"CASE {cases}WHEN {share} BETWEEN 0 AND 1 THEN {share} END"
    return Value(query, f"({value} IS NOT NULL AND {query} IS NULL)")
