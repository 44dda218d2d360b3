"""Abandonment rate: customers who left before being answered."""

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
        excluded(linked, but=("abandoned", "no_customer", "no_reason", "part_of_contact")),
        yes(linked.abandoned),
    )


MEASURE = Measure(
    id="abandonment_rate",
    title="Abandonment",
    estimand="share of received contacts that the customer left before being answered",
    unit="share",
    reduce=reduce,
    rests_on=frozenset({"abandoned"}),
    needs="an abandoned column",
    columns=("abandoned",),
)
