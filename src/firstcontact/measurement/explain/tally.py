"""Sums as arrays, and the names that stand for their places: what explanations count with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.result import RefusalKind
from firstcontact.measurement.linking.portable import BUCKETS
from firstcontact.measurement.policy.model import cut_reason

if TYPE_CHECKING:
    import pyarrow as pa

    from firstcontact.measurement.explain.explanation import Context

NOTHING_CLEAR = RefusalKind(
    "nothing-clear",
    "Nothing stands out from chance",
    "Everything that was looked at is as chance alone would have it, or too little of it is known to tell.",
)


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
