"""What is seen of a contact once its window has closed, in a few small codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from firstcontact.measurement.linking.portable import DAY_US
from firstcontact.statistics.latent_class import LAGS, RETURN_DAYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

SIGNALS: tuple[str, ...] = ("agent_says_resolved", "reopens", "survey_resolved")
"""Signals that the codes are made of, beside the return that linking finds."""

NONE, YES, NO = 0, 1, 2


def judged(linked: ir.Table) -> ir.BooleanValue:
    """Openers whose window has closed: the contacts that what is learned here is learned from."""
    return linked.excluded_code.isnull() & linked.opener & ~linked.left_censored & linked.mature


def behaviour(linked: ir.Table) -> ir.IntegerValue:
    """What the customer did, as `statistics.latent_class` codes it: how soon they came back, and whether the record was
    opened again. Lags count from where the policy's windows do.
    """
    lag = ibis.least(linked.next_gap_us, linked.related_next_gap_us)
    lag = ibis.coalesce(lag, linked.next_gap_us, linked.related_next_gap_us)
    classes = [(lag <= int(days * DAY_US), number) for number, days in enumerate(RETURN_DAYS, start=1)]
    came = ibis.ifelse(linked.returned.fill_null(False), ibis.cases(*classes, else_=LAGS - 1), 0)
    reopened = ibis.ifelse((linked.reopens > 0).fill_null(False), LAGS, 0)
    return (came + reopened).cast("int64")


def answer(said: ir.BooleanValue) -> ir.IntegerValue:
    """An answer as 0 none, 1 yes, 2 no."""
    return ibis.cases((said.isnull(), NONE), (said, YES), else_=NO).cast("int64")


def codes(linked: ir.Table) -> dict[str, ir.Value]:
    """All codes: `seen_reason` (empty where there is none), `seen_behaviour`, `seen_survey`, `seen_wrap_up`."""
    return {
        "seen_reason": linked.reason.fill_null(""),
        "seen_behaviour": behaviour(linked),
        "seen_survey": answer(linked.survey_resolved),
        "seen_wrap_up": answer(linked.agent_says_resolved),
    }
