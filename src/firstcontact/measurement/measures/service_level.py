"""Service level: answered in time. 80/20 means 80 % answered within 20 seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.measurement.linking.portable import SECOND_US, microseconds
from firstcontact.measurement.measures.cause import excluded, not_recorded, yes
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, policy: Policy) -> Reduction:
    """How contacts become sums."""
    abandoned = linked.abandoned.fill_null(False)
    # Who left waited until the end; of anybody else only an answer says how long the wait was.
    end = ibis.ifelse(abandoned, linked.ended_at, linked.answered_at)
    waited = microseconds(end) - microseconds(linked.queued_at)
    limit = round(policy.service_level.seconds * SECOND_US)
    # Who leaves before the limit gave nobody the chance to answer in time: left out. Who leaves later was not served.
    return Reduction(
        (
            *excluded(linked, but=("abandoned", "no_customer", "no_reason", "part_of_contact")),
            not_recorded(waited),
            ("left_before_limit", abandoned & (waited <= limit)),
        ),
        yes(~abandoned & (waited <= limit)),
    )


MEASURE = Measure(
    id="service_level",
    title="Service level",
    estimand="share of contacts answered within the policy's limit; who left before the limit is left out",
    unit="share",
    reduce=reduce,
    rests_on=frozenset({"queued_at"}),
    needs="queue and answer times",
    columns=(
        "queued_at",
        "answered_at",
        "ended_at",
        "abandoned",
    ),
)
