"""Which contacts a figure rests on, and which it leaves out and why: in words, for one contact and one measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.measurement.measures.pattern import CAUSES, COLUMN_CODES, OPEN, PLAIN, SCORED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from firstcontact.measurement.measures.measure import Measure
    from firstcontact.measurement.policy.model import Policy

MET, NOT_MET, UNSAID, COUNTED, ANSWERED, OUT = "met", "not_met", "open", "counted", "answered", "out:"
"""Counted with score 1; with 0; the definition does not say; counted in a measure that is no share, or without an
answer where only answers tell; counted with an answer; left out, before the code of the cause."""

NEW = "new"
"""Counted in R-FCR before anything of the time to a return has passed; what looks at single weeks passes it over."""

TAKEN: tuple[str, ...] = (MET, NOT_MET, UNSAID, COUNTED, ANSWERED, NEW)
"""Of contacts that a measure counts."""

PREFIX = "in_"
"""Before the id of a measure: the column of contacts that says how each enters it."""


def rests_on(measure: Measure) -> tuple[str, ...]:
    """The states of the contacts whose number is a figure's n.

    >>> from firstcontact.measurement.measures.catalog import MEASURES
    >>> rests_on(MEASURES["s_fcr"]), "met" in rests_on(MEASURES["fcr_issue"])
    (('answered',), True)
    """
    return (ANSWERED,) if measure.answers else TAKEN


def member_columns(linked: ir.Table, measures: Sequence[Measure], policy: Policy) -> dict[str, ir.StringValue]:
    """How each contact enters each measure, by column.

    Args:
        linked: Linked, judged and annotated contacts.
        measures: Measures that the data support.
        policy: The policy.
    """
    return {f"{PREFIX}{one.id}": _member(linked, one, policy) for one in measures}


def _member(linked: ir.Table, measure: Measure, policy: Policy) -> ir.StringValue:
    """In the order of `measures.pattern.digit`: the first cause that holds, else how it is counted."""
    reduction, share = measure.reduce(linked, policy), measure.kind == "share"
    branches: list[tuple[ir.BooleanValue, ir.StringValue]] = []
    for code, condition in reduction.causes:
        name = linked[code] if code in COLUMN_CODES else ibis.literal(code)
        branches.append((condition.fill_null(False), ibis.literal(OUT) + name))
    if reduction.open is not None:
        branches.append((reduction.open.fill_null(False), ibis.literal(UNSAID)))
    if share and reduction.score is not None:
        branches.append((reduction.score > 0, ibis.literal(MET)))
    if measure.answers in reduction.terms:
        branches.append(((reduction.terms[measure.answers] > 0).fill_null(False), ibis.literal(ANSWERED)))
    return ibis.cases(*branches, else_=ibis.literal(NOT_MET if share else COUNTED))


def state(number: ir.IntegerValue, codes: Sequence[str], plain: str = NOT_MET) -> ir.StringValue:
    """A digit of `measures.pattern` in words.

    Args:
        number: The digit.
        codes: The causes that digits from 3 on stand for.
        plain: What a contact is called that is counted without a score of 1.
    """
    names = {PLAIN: plain, SCORED: MET, OPEN: UNSAID}
    names |= {place: f"{OUT}{code}" for place, code in enumerate(codes, start=CAUSES)}
    return ibis.cases(*((number == place, name) for place, name in names.items()))
