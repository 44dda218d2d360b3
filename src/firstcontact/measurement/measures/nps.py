"""Net promoter score: promoters (9, 10) less detractors (0 to 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firstcontact.measurement.measures.cause import WITHOUT_LINKING, excluded, not_recorded
from firstcontact.measurement.measures.measure import Measure, Reduction

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Policy


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    promoter = (linked.survey_nps >= 9).cast("float64")
    detractor = (linked.survey_nps <= 6).cast("float64")
    return Reduction((*excluded(linked, but=WITHOUT_LINKING), not_recorded(linked.survey_nps)), promoter - detractor)


MEASURE = Measure(
    id="nps",
    title="NPS",
    estimand="promoters less detractors among answering customers, -1 to 1",
    unit="score",
    reduce=reduce,
    kind="mean",
    rests_on=frozenset({"survey.nps"}),
    needs="survey answers",
    columns=("survey_nps",),
)
