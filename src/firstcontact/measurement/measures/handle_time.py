"""Average handle time: talk, hold and after-contact work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import excluded, not_recorded
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    return Reduction(
        (*excluded(linked, but=("no_customer", "no_reason", "part_of_contact")), not_recorded(linked.handle_seconds)),
        linked.handle_seconds,
    )


MEASURE = Measure(
    id="handle_time",
    title="Average handle time",
    estimand="mean seconds of talk, hold and after-contact work, each leg of a transferred contact on its own",
    unit="seconds",
    reduce=reduce,
    kind="mean",
    rests_on=frozenset({"handle_seconds"}),
    needs="a handle time column",
    columns=("handle_seconds",),
)
