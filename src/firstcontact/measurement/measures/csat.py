"""Customer satisfaction. Never merged with FCR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import WITHOUT_LINKING, excluded, not_recorded
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    return Reduction((*excluded(linked, but=WITHOUT_LINKING), not_recorded(linked.survey_csat)), linked.survey_csat)


MEASURE = Measure(
    id="csat",
    title="CSAT",
    estimand="mean satisfaction of answering customers, 0 to 1",
    unit="score",
    reduce=reduce,
    kind="mean",
    rests_on=frozenset({"survey.csat"}),
    needs="survey answers",
    columns=("survey_csat",),
)
