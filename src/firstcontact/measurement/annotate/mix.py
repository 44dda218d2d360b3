"""What a reason's openers stand for: openers leave out issues that begin soon after an earlier one of the same reason.

An issue that begins in the look-back of an earlier one has no opener, and that happens more often the commoner a reason
is. So the reasons of all openers together are not those of all first contacts. How many first contacts a reason has is
known in sum, though of no single contact: every contact counts for the probability that no earlier one caused it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np

from firstcontact.measurement.linking.portable import grained

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

COLUMN = "mix_weight"
"""What `annotate_mix` adds."""
DIGITS = 4
"""Digits of a weight after the point, so that it does not depend on the order of rows."""


def annotate_mix(engine: Engine, linked: ir.Table) -> ir.Table:
    """Add how many first contacts each opener stands for, relative to the mean opener.

    Args:
        engine: Where it runs.
        linked: Linked contacts as `annotate.returns` leaves them.

    Returns:
        The contacts with `mix_weight`: constant within a reason, so that figures of one reason stay as they are; 1
        where nothing was learned.
    """
    index = linked.takes_part & ~linked.left_censored & linked.excluded_code.isnull()
    first = grained(1 - linked.p_caused.fill_null(0.0))
    opened = ibis.ifelse(linked.opener, linked.exposure, ibis.null("float64"))
    counted = linked.filter(index).group_by("key").aggregate(first=first.sum(), opened=opened.sum())
    rows = engine.execute(counted.filter(counted.opened > 0).order_by("key"))
    first_of, opened_of = (np.asarray(rows[name].to_numpy(), dtype=np.float64) for name in ("first", "opened"))
    if not len(first_of):
        return linked.mutate(**{COLUMN: ibis.literal(1.0)})
    weights = np.round(first_of / opened_of * (opened_of.sum() / first_of.sum()), DIGITS)
    of_key = ibis.cases(
        *((linked.key == key, weight) for key, weight in zip(rows["key"].to_pylist(), weights.tolist(), strict=True)),
        else_=1.0,
    )
    return linked.mutate(**{COLUMN: of_key.cast("float64")})
