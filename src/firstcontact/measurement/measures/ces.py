"""Customer effort, as ease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import WITHOUT_LINKING, excluded, not_recorded
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    return Reduction((*excluded(linked, but=WITHOUT_LINKING), not_recorded(linked.survey_ces)), linked.survey_ces)


MEASURE = Measure(
    id="ces",
    title="CES",
    estimand="mean ease of answering customers, 0 (hard) to 1 (easy)",
    unit="score",
    reduce=reduce,
    kind="mean",
    rests_on=frozenset({"survey.ces"}),
    needs="survey answers",
    columns=("survey_ces",),
)
