"""What counts as a failed contact when groups of contacts are compared, and the sums of it by group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce as fold
from operator import or_
from typing import TYPE_CHECKING, Any, Literal

import ibis
import numpy as np

from firstcontact.measurement.measures.cause import excluded, yes
from firstcontact.measurement.measures.verdict import by_verdict
from firstcontact.measurement.policy.model import cut_reason

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.fit.declared import Fit
    from firstcontact.measurement.policy.model import Policy
    from firstcontact.statistics.bucket import Array, Ints

SAID: frozenset[str] = frozenset({"agent_says_resolved", "survey_resolved", "survey_contacts_needed"})
"""Signals that say what somebody thinks, not what happened."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How contacts enter a comparison.

    Attributes:
        kind: `net`: failures are caused returns, coincidental ones subtracted; `verdict`: contacts that the policy does
            not count as resolved; `mixed`: the first for reasons whose returns were learned, else the second.
        contacts: The contacts that enter, with `exposure` (weight), `failed` (failures) and `grown` (share of the time
            to a return that has passed).
        said: Signals among those it rests on that only say what somebody thinks.
    """

    kind: Literal["net", "verdict", "mixed"]
    contacts: ir.Table
    said: tuple[str, ...]

    @property
    def net(self) -> bool:
        """Whether any failure is a caused return."""
        return self.kind != "verdict"

    @property
    def words(self) -> str:
        """What is compared, in words."""
        return {
            "net": "openers that cause no return",
            "verdict": "contacts that the policy counts as resolved",
            "mixed": "openers that cause no return, and for reasons whose returns could not be learned that the policy "
            "counts as resolved",
        }[self.kind]


def outcome(linked: ir.Table, policy: Policy, *, fit: Fit | None = None, young: bool = False) -> Outcome:
    """Choose what is compared: caused returns where the fit has learned them, the policy's verdict otherwise.

    Args:
        linked: Linked, judged and annotated contacts.
        policy: The policy.
        fit: What was learned; where it is given, contacts whose reason was not learned enter with the verdict.
            Otherwise they are left out, unless the columns of what was learned are missing altogether.
        young: Whether contacts that are too young to count are kept, without weight.

    Returns:
        The contacts that enter, each with its weight, its failures and `grown`: the share of the time to a return that
        has passed.
    """
    there = {"net_return", "exposure", "latency"} <= set(linked.columns) and "returned" in policy.signals
    learned = there and (fit is None or any(model.learned for model in fit.models))
    reduction = by_verdict(linked, policy, openers=policy.link.index == "openers")
    causes = [cause for cause in reduction.causes if not young or cause[0] != "immature"]
    if reduction.open is not None:
        causes.append(("unsettled", reduction.open))
    judged, grown, failed = ~_any(causes), ibis.ifelse(linked.mature, 1.0, 0.0), yes(linked.outcome == "no")
    said = tuple(sorted(policy.signals & SAID))
    if not learned:
        kept = linked.filter(judged)
        grown = ibis.ifelse(kept.mature, 1.0, 0.0)
        return Outcome(
            "verdict", kept.mutate(exposure=grown, failed=yes(kept.outcome == "no") * grown, grown=grown), said
        )
    index = [*excluded(linked), ("not_opener", ~linked.opener), ("left_censored", linked.left_censored)]
    known = linked.exposure.notnull() & ~_any(index)
    weighty = known if young else known & (linked.exposure > 0).fill_null(False)
    mixed = fit is not None and policy.link.index == "openers"
    if not mixed:
        kept = linked.filter(weighty)
        return Outcome("net", kept.mutate(failed=kept.net_return, grown=kept.latency), ())
    entered = linked.mutate(
        entered=weighty | (linked.exposure.isnull() & judged),
        failed=ibis.ifelse(linked.exposure.notnull(), linked.net_return, failed * grown),
        grown=ibis.ifelse(linked.exposure.notnull(), linked.latency, grown),
        exposure=linked.exposure.fill_null(grown),
    )
    return Outcome("mixed", entered.filter(entered.entered).drop("entered"), said)


def _any(causes: list[tuple[str, ir.BooleanValue]]) -> ir.BooleanValue:
    return fold(or_, (condition.fill_null(False) for _, condition in causes))


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums of an outcome by some columns and by customer bucket.

    Attributes:
        values: The different values of each column, in order; `None` for what is not recorded.
        codes: For each column, the number of the value of each row.
        bucket: Customer bucket of each row.
        count: Contacts of each row.
        exposure: Their weight.
        failed: Failures among them.
    """

    values: dict[str, list[Any]]
    codes: dict[str, Ints]
    bucket: Ints
    count: Array
    exposure: Array
    failed: Array

    def only(self, rows: NDArray[np.bool_]) -> Tally:
        """Some of the rows."""
        return Tally(
            self.values,
            {name: codes[rows] for name, codes in self.codes.items()},
            self.bucket[rows],
            self.count[rows],
            self.exposure[rows],
            self.failed[rows],
        )

    def combined(self, *columns: str) -> Ints:
        """One number for each combination of values of some columns that occurs."""
        number = np.zeros(len(self.bucket), dtype=np.int64)
        for name in columns:
            number = number * max(len(self.values[name]), 1) + self.codes[name]
        return np.unique(number, return_inverse=True)[1].astype(np.int64).ravel()


def tally(engine: Engine, policy: Policy, chosen: Outcome, columns: list[str]) -> Tally:
    """Sum an outcome by some columns, reasons at the policy's level.

    Args:
        engine: Where it runs.
        policy: The policy.
        chosen: From `outcome`.
        columns: Columns of the contacts.

    Returns:
        The sums.
    """
    table = chosen.contacts
    grouped = table.group_by([*columns, "bucket"]).aggregate(
        tally_count=table.count(), tally_exposure=table.exposure.sum(), tally_failed=table.failed.sum()
    )
    # In a fixed order, so that what NumPy adds up does not depend on the engine's threads.
    rows = engine.execute(grouped.order_by([*columns, "bucket"]))
    values: dict[str, list[Any]] = {}
    codes: dict[str, Ints] = {}
    for name in columns:
        found = rows[name].to_pylist()
        if name == "reason":
            paths = {path: cut_reason(path, policy.link.reason_level) for path in set(found)}
            found = [paths[path] for path in found]
        different = sorted(set(found), key=lambda value: (value is not None, value))
        place = {value: number for number, value in enumerate(different)}
        values[name] = different
        codes[name] = np.array([place[value] for value in found], dtype=np.int64)

    def numbers(column: str) -> Array:
        return np.asarray(rows[column].to_numpy(zero_copy_only=False), dtype=np.float64)

    return Tally(
        values,
        codes,
        np.asarray(rows["bucket"].to_numpy(zero_copy_only=False), dtype=np.int64),
        numbers("tally_count"),
        numbers("tally_exposure"),
        numbers("tally_failed"),
    )
