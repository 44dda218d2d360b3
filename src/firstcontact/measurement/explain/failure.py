"""Which contacts failed, by whatever is known best: what explanations of failure have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.result import RefusalKind
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.policy.model import cut_reason

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from firstcontact.measurement.explain.explanation import Context

NOTHING_CLEAR = RefusalKind(
    "nothing-clear",
    "Nothing stands out from chance",
    "Everything that was looked at is as chance alone would have it, or too little of it is known to tell.",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """Contacts that are judged, and how each fared.

    Attributes:
        contacts: The linked contacts with two further columns: `failed` (how much failure a contact adds) and `weight`
            (how much of it is judged).
        learned: Whether failure is a caused return, coincidental ones subtracted; else it is the policy's verdict.
    """

    contacts: ir.Table
    learned: bool

    @property
    def words(self) -> str:
        """What failing means, for estimands."""
        return "causing a return" if self.learned else "failing by the policy's verdict"


def judge(context: Context) -> Judged:
    """Find the contacts that can be said to have failed or not.

    Where returns have been learned, a contact adds its net return and weighs as much as of its returns could have been
    seen; contacts of unlearned reasons stay out. Elsewhere it adds 1 where the policy's verdict is `no`, and weighs 1
    where it is `yes` or `no`.

    Args:
        context: The run.

    Returns:
        The judged contacts of known customers.
    """
    linked = context.linked
    if "learned" in context.has and "exposure" in linked.columns:
        kept = linked.filter(
            linked.opener & ~linked.left_censored & linked.excluded_code.isnull() & (linked.exposure > 0)
        )
        return Judged(kept.mutate(failed=kept.net_return.cast("float64"), weight=kept.exposure.cast("float64")), True)
    kept = linked.filter(linked.verdict.isin(["yes", "no"]) & linked.customer.notnull())
    failed = ibis.ifelse(kept.verdict == "no", 1.0, 0.0)
    return Judged(kept.mutate(failed=failed, weight=ibis.literal(1.0)), False)


def reason_names(context: Context) -> dict[int, str]:
    """The reason at the policy's level by linking key; "" where reasons do not matter."""
    linked = context.linked
    rows = context.engine.execute(linked.select("key", "reason").distinct())
    level = context.policy.link.reason_level
    return {
        key: cut_reason(reason, level)
        for key, reason in zip(rows["key"].to_pylist(), rows["reason"].to_pylist(), strict=True)
    }


def array_of(rows: pa.Table, places: list[NDArray[np.int64]], sizes: list[int], name: str) -> NDArray[np.float64]:
    """Sums of grouped rows as an array.

    Args:
        rows: With `bucket` and the column.
        places: The row's place in each dimension before the last, which is the customer bucket.
        sizes: Length of each of these dimensions.
        name: The column.

    Returns:
        Shape (*sizes, buckets).
    """
    out = np.zeros((*sizes, BUCKETS))
    values = np.nan_to_num(rows[name].to_numpy(zero_copy_only=False).astype(np.float64))
    np.add.at(out, (*places, rows["bucket"].to_numpy()), values)
    return out


def numbered(values: list[Any]) -> tuple[list[Any], NDArray[np.int64]]:
    """The different values in order, missing ones first, and the number of each value's."""
    different = sorted(set(values), key=lambda value: (value is not None, value))
    place = {value: number for number, value in enumerate(different)}
    return different, np.array([place[value] for value in values], dtype=np.int64)
