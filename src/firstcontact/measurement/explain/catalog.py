"""All explanations, in the order in which they are made. A new one is a file beside this one and a line here."""

from __future__ import annotations

from firstcontact.measurement.explain import (
    agent_support,
    channel_path,
    comparison,
    control_chart,
    csat_relation,
    downstream,
    driver,
    nowcast,
    opportunity,
    return_window,
    team_effect,
)
from firstcontact.measurement.explain.explanation import Explanation
from firstcontact.measurement.explain.root_cause import explanation as root_cause

EXPLANATIONS: tuple[Explanation, ...] = (
    return_window.EXPLANATION,
    nowcast.EXPLANATION,
    driver.EXPLANATION,
    opportunity.EXPLANATION,
    root_cause.EXPLANATION,
    downstream.EXPLANATION,
    channel_path.EXPLANATION,
    csat_relation.EXPLANATION,
    team_effect.EXPLANATION,
    agent_support.EXPLANATION,
    comparison.EXPLANATION,
    control_chart.EXPLANATION,
)
