"""Survey FCR: what the customers who answered say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import WITHOUT_LINKING, excluded, not_recorded, yes
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    one = linked.survey_contacts_needed.fill_null(1) <= 1
    said = linked.survey_resolved
    return Reduction((*excluded(linked, but=WITHOUT_LINKING), not_recorded(said)), yes(said & one))


MEASURE = Measure(
    id="survey_fcr",
    title="FCR, by survey",
    estimand="share of answering customers who say it is resolved and took one contact; not corrected for who answers",
    unit="share",
    reduce=reduce,
    rests_on=frozenset({"survey.resolved"}),
    needs="survey answers about resolution",
    signals=(
        "survey_resolved",
        "survey_contacts_needed",
    ),
)
