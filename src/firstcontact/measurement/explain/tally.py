"""Sums as arrays, and the names that stand for their places: what explanations count with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
from numpy.typing import NDArray

from firstcontact.kernel.result import RefusalKind
from firstcontact.measurement.explain.outcome import outcome
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
class Fared:
    """Contacts of which it is known, by the best that is known, how they fared.

    Attributes:
        contacts: Linked contacts with `failed` (what a contact adds to failures), `exposure` (what it weighs) and
            `passed` (share of the time to a return that has passed, 0 to 1).
        net: Whether any failure is a caused return, coincidental ones subtracted; of the other contacts it is the
            policy's verdict.
    """

    contacts: ir.Table
    net: bool


_LEARNED = ("net_return", "exposure", "latency")


def fared(context: Context) -> Fared:
    """How contacts fared: caused returns for reasons whose returns have been learned, the verdict for the others.

    Contacts are only ever compared inside a reason, so that the two never stand against each other.

    Args:
        context: The run.

    Returns:
        The contacts that can be judged.
    """
    linked, policy = context.linked, context.policy
    learned = {model.reason for model in context.fit.models if model.learned}
    held = set(_LEARNED) <= set(linked.columns) and "returned" in policy.signals
    plain = linked.drop(*(name for name in _LEARNED if name in linked.columns))
    if not held or not learned:
        contacts = outcome(plain, policy).contacts
        return Fared(contacts.mutate(passed=ibis.literal(1.0)), False)
    net = outcome(linked, policy).contacts
    net = net.mutate(passed=net.latency.cast("float64"))
    others = sorted(key for key, name in reason_names(context).items() if name not in learned)
    if not others:
        return Fared(net, True)
    unlearned = outcome(plain.filter(plain.key.isin(others)), policy).contacts
    columns = [*plain.columns, "failed", "exposure", "passed"]
    parts = [
        part.select(*plain.columns, **{name: part[name].cast("float64") for name in ("failed", "exposure", "passed")})
        for part in (net, unlearned.mutate(passed=ibis.literal(1.0)))
    ]
    return Fared(parts[0].select(columns).union(parts[1].select(columns)), True)


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
