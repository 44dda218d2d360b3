"""Repeat rate: contacts that are themselves returns inside the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import excluded, yes
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    return Reduction(
        (*excluded(linked), ("left_censored", linked.history_short)),
        yes(linked.repeat),
    )


MEASURE = Measure(
    id="repeat_rate",
    title="Repeat rate",
    estimand="share of contacts that follow another of the same customer and reason inside the window",
    unit="share",
    reduce=reduce,
    rests_on=frozenset({"customer"}),
    needs="customer ids or identifiers",
)
