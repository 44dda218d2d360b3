"""Cases that go on under another customer: where split customer records show, if a source names cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np

from firstcontact.kernel.result import Estimate
from firstcontact.statistics.share import wilson

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.measures.row import ResultRow

SPLIT = "split_cases"
SPLIT_ESTIMAND = (
    "share of the cases with several contacts of known customers whose contacts stand under more than one customer"
)
LEAST_CASES = 100
"""Of fewer cases with several contacts nothing is said."""


def split_rows(context: Context, contacts: ir.Table) -> list[ResultRow]:
    """One row for the whole; none where the source names no cases, or too few that have several contacts.

    Args:
        context: The run.
        contacts: Its contacts with `customer` and `case_id`.
    """
    from scipy.special import ndtri

    if "case_id" not in contacts.columns:
        return []
    known = contacts.filter(contacts.case_id.notnull() & contacts.customer.notnull())
    each = known.group_by("case_id").aggregate(n=known.count(), most=known.customer.max(), least=known.customer.min())
    several = each.filter(each.n > 1)
    counted = several.aggregate(n=several.count(), split=(several.most != several.least).sum())
    found = context.engine.execute(counted.mutate(split=ibis.coalesce(counted.split, 0))).to_pylist()[0]
    n, split, level = int(found["n"]), int(found["split"]), context.policy.publish.level
    if n < LEAST_CASES:
        return []
    # Cases are of different customers, so that each counts by itself.
    low, high = wilson(np.array([split / n]), np.array([float(n)]), float(ndtri(0.5 + level / 2)))
    figure = Estimate(split / n, float(low[0]), float(high[0]), level, n, SPLIT_ESTIMAND)
    return [context.row(SPLIT, figure)]
