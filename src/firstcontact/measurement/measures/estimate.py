"""From sums to figures: an estimate with its interval, or a refusal with its reason. NumPy only."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Literal

import numpy as np

from firstcontact.kernel.result import (
    NONE_MATURE,
    NOTHING_TO_COUNT,
    ONE_CUSTOMER_DOMINATES,
    SIGNAL_ABSENT,
    SUPPRESSED,
    TOO_FEW,
    Estimate,
    Refusal,
)
from firstcontact.kernel.sentence import Sentence, listed
from firstcontact.statistics.bucket import ratio
from firstcontact.statistics.mean import clustered_mean
from firstcontact.statistics.share import clustered_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firstcontact.measurement.measures.measure import Measure
    from firstcontact.measurement.measures.reduce import Sums
    from firstcontact.measurement.policy.model import Policy

    Floats = NDArray[np.float64]


def estimate(
    measure: Measure, sums: Sums, policy: Policy, largest: dict[int, int] | None = None
) -> list[Estimate | Refusal]:
    """One figure or refusal a cell.

    Args:
        measure: The measure.
        sums: Its sums.
        policy: What may be printed.
        largest: Counted contacts of the largest customer, by cell, for the cells where that has been looked at.

    Returns:
        As many results as there are cells.
    """
    if measure.correct is not None:
        return _corrected(measure, measure.correct(measure, sums, policy), sums, policy, largest or {})
    counts, immature, opened = (one.sum(axis=1) for one in (sums.count, sums.immature, sums.open))
    # Smaller cells are refused whatever their figure, and there may be very many of them.
    large = np.flatnonzero(counts >= policy.publish.minimum_sample)
    values, lows, highs = _figures(measure, sums, large, policy)
    known = counts + immature
    maturities = np.where(known > 0, counts / np.where(known > 0, known, 1.0), 0.0)
    largest, level = largest or {}, policy.publish.level
    results: list[Estimate | Refusal] = []
    # Plain numbers: to take them from arrays one by one costs more than all that is done with them.
    columns = (counts.astype(int), immature.astype(int), maturities, opened > 0, values, lows, highs)
    for cell, row in enumerate(zip(*(one.tolist() for one in columns), strict=True)):
        n, young, maturity, unsettled, value, low, high = row
        refusal = _refuse(measure, policy, n, young, maturity, largest.get(cell), sums.astray.get(cell))
        if refusal is None and not isfinite(high - low):
            refusal = _no_interval(measure, n, maturity)
        if refusal is not None:
            results.append(refusal)
            continue
        status: Literal["final", "provisional", "unsettled"] = (
            "unsettled" if unsettled else "provisional" if maturity < 1 else "final"
        )
        results.append(Estimate(value, low, high, level, n, measure.estimand, measure.unit, maturity, status))
    return results


def _figures(measure: Measure, sums: Sums, large: NDArray[np.int64], policy: Policy) -> tuple[Floats, Floats, Floats]:
    """Value and both ends of its interval, shape (cells,), of some cells; NaN for the others."""
    count, total, unsettled = (one[large] for one in (sums.count, sums.total, sums.open))
    cells = ratio(count, total)
    interval = clustered_share if measure.kind == "share" else clustered_mean
    low, high = interval(cells, policy.publish.level)
    opened, value = unsettled.sum(axis=1), cells.value
    if opened.any():
        # The point is the share among contacts the definition settles; the ends hold both readings.
        decided = cells.count - opened
        value = np.where(decided > 0, total.sum(axis=1) / np.maximum(decided, 1), np.nan)
        _, generous = interval(ratio(count, total + unsettled), policy.publish.level)
        high = np.where(opened > 0, generous, high)
        value = np.where(decided > 0, value, (low + high) / 2)
    found = np.full((3, len(sums.count)), np.nan)
    found[:, large] = value, low, high
    return found[0], found[1], found[2]


def _corrected(
    measure: Measure, found: list[Estimate | Refusal], sums: Sums, policy: Policy, largest: dict[int, int]
) -> list[Estimate | Refusal]:
    """What a measure that corrects found, where the policy lets a cell of this size be shown."""
    counts, immature = sums.count.sum(axis=1), sums.immature.sum(axis=1)
    results: list[Estimate | Refusal] = []
    for cell, result in enumerate(found):
        n = int(counts[cell])
        refusal = _refuse(
            measure, policy, n, int(immature[cell]), result.maturity, largest.get(cell), sums.astray.get(cell)
        )
        results.append(refusal or result)
    return results


def crowded(sums: Sums, policy: Policy) -> NDArray[np.bool_]:
    """Buckets in which one customer may hold too much of a cell, shape (cells, buckets): none holds more than all."""
    n = sums.count.sum(axis=1, keepdims=True)
    return np.asarray((n >= policy.publish.minimum_sample) & (sums.count > policy.publish.dominance * n))


def readings(sums: Sums) -> tuple[float, float] | None:
    """The figure with every unsettled contact counted against it, and for it; None where nothing is unsettled."""
    count, opened = sums.count.sum(), sums.open.sum()
    if not opened or not count:
        return None
    total = sums.total.sum()
    return float(total / count), float((total + opened) / count)


def absent(measure: Measure, lacking: str) -> Refusal:
    """The refusal of a measure that the data cannot show."""
    return Refusal(
        SIGNAL_ABSENT,
        Sentence("signal-absent", "The data do not hold {lacking}.", lacking=lacking),
        Sentence("signal-absent.cure", "A source that holds it, or a mapping that names where it stands."),
        estimand=measure.estimand,
    )


def _no_interval(measure: Measure, n: int, maturity: float) -> Refusal:
    return Refusal(
        TOO_FEW,
        Sentence(
            "too-few.customers",
            "{n:,} contacts, but of too few customers: their spread, and so an interval, cannot be known.",
            "{n:,} contact, but of too few customers: their spread, and so an interval, cannot be known.",
            "n",
            n=n,
        ),
        Sentence("too-few.customers.cure", "A longer period or a coarser cut, with more customers."),
        n,
        measure.estimand,
        maturity,
    )


# Most cells of a fine cut are too small, and small in few ways: what says so is made once for all that are alike.
@lru_cache(maxsize=1024)
def _suppressed(limit: int, estimand: str) -> Refusal:
    return Refusal(
        SUPPRESSED,
        Sentence("suppressed", "Fewer than {limit} contacts.", limit=limit),
        Sentence("suppressed.cure", "A longer period or a coarser cut."),
        # How few is what must not be shown.
        0,
        estimand,
    )


@lru_cache(maxsize=65_536)
def _too_few(n: int, least: int, estimand: str, maturity: float) -> Refusal:
    return Refusal(
        TOO_FEW,
        Sentence(
            "too-few",
            "{n} contacts; the policy's minimum is {least}.",
            "{n} contact; the policy's minimum is {least}.",
            "n",
            n=n,
            least=least,
        ),
        Sentence(
            "too-few.cure", "A longer period, a coarser cut, or a lower {setting}.", setting="publish.minimum_sample"
        ),
        n,
        estimand,
        maturity,
    )


NO_FIRST_CONTACT, NO_HISTORY = "nothing-to-count.no-first", "nothing-to-count.no-history"
"""Codes of what is said where every contact is a later one, or lies too close to the beginning of the data."""
_LEFT_OUT = {
    "abandoned": Sentence("left-out.abandoned", "abandoned"),
    "after_cutoff": Sentence("left-out.after", "after the cut-off"),
    "before_since": Sentence("left-out.before", "before the period"),
    "channel": Sentence("left-out.channel", "on a channel that the policy does not count"),
    "left_censored": Sentence("left-out.early", "too close to the beginning of the data"),
    "no_customer": Sentence("left-out.customer", "without a known customer"),
    "no_reason": Sentence("left-out.reason", "without a reason"),
    "not_opener": Sentence("left-out.later", "no first contact"),
    "outbound": Sentence("left-out.outbound", "called by the centre"),
    "part_of_contact": Sentence("left-out.part", "part of another contact"),
    "self_service": Sentence("left-out.self", "self-service"),
}
_LATER = frozenset({"not_opener", "left_censored", "part_of_contact"})


@lru_cache(maxsize=4096)
def nothing(astray: frozenset[str], quiet: float, estimand: str) -> Refusal:
    """The refusal of a cell without contacts that count, by why they do not.

    Args:
        astray: Every code for which contacts of the cell are left out.
        quiet: Days without a contact before a first one.
        estimand: What would have been estimated.
    """
    if astray & {"not_opener", "left_censored"} and astray <= _LATER:
        cure = Sentence("nothing-to-count.no-history.cure", "A longer history.")
        if "not_opener" in astray:
            said = Sentence(
                NO_FIRST_CONTACT,
                "None of the contacts is a first one: each comes within {days:g} days of an earlier one of the same "
                "customer for the same reason, or of the beginning of the data.",
                days=quiet,
            )
            cure = Sentence(
                "nothing-to-count.no-first.cure",
                "FCR by contact, which looks at every contact; a shorter {setting}; or a longer history.",
                setting="link.look_back_days",
            )
        else:
            said = Sentence(
                NO_HISTORY,
                "All contacts lie so close to the beginning of the data that nobody knows who had come before.",
            )
    elif astray == {"no_customer"}:
        said = Sentence("nothing-to-count.no-customer", "Of none of the contacts is the customer known.")
        cure = Sentence("nothing-to-count.no-customer.cure", "Customer ids or identifiers for these contacts.")
    elif astray == {"not_recorded"}:
        said = Sentence("nothing-to-count.not-recorded", "For none of the contacts is it recorded.")
        cure = Sentence("nothing-to-count.not-recorded.cure", "Records of these contacts that hold it.")
    elif astray and astray <= _LEFT_OUT.keys():
        causes = listed([_LEFT_OUT[code] for code in sorted(astray)])
        said = Sentence("nothing-to-count.left-out", "Every contact is left out: {causes}.", causes=causes)
        cure = Sentence("nothing-to-count.left-out.cure", "A longer period, or a policy that counts such contacts.")
    else:
        said = Sentence(
            "nothing-to-count", "No contact belongs to this measure; the ledger says where each one stands."
        )
        cure = Sentence("nothing-to-count.cure", "See the ledger's causes.")
    return Refusal(NOTHING_TO_COUNT, said, cure, 0, estimand)


def _refuse(
    measure: Measure,
    policy: Policy,
    n: int,
    immature: int,
    maturity: float,
    largest: int | None,
    astray: frozenset[str] | None,
) -> Refusal | None:
    publish = policy.publish
    if n == 0 and immature:
        return Refusal(
            NONE_MATURE,
            Sentence(
                "none-mature",
                "None of {immature:,} contacts is old enough: the window of each reaches beyond the cut-off.",
                "The only contact is not old enough: its window reaches beyond the cut-off.",
                "immature",
                immature=immature,
            ),
            Sentence("none-mature.cure", "Wait until windows have closed, or declare a shorter window."),
            0,
            measure.estimand,
        )
    if n == 0:
        return nothing(astray or frozenset(), policy.link.look_back_days, measure.estimand)
    if n < publish.suppress_below:
        return _suppressed(publish.suppress_below, measure.estimand)
    if n < publish.minimum_sample:
        return _too_few(n, publish.minimum_sample, measure.estimand, maturity)
    if largest is not None and largest > publish.dominance * n:
        return Refusal(
            ONE_CUSTOMER_DOMINATES,
            Sentence(
                "one-customer-dominates",
                "One customer holds {share:.0%} of {n:,} contacts; the policy allows {limit:.0%}.",
                "One customer holds the only contact; the policy allows {limit:.0%}.",
                "n",
                share=largest / n,
                n=n,
                limit=publish.dominance,
            ),
            Sentence(
                "one-customer-dominates.cure",
                "If that customer is a placeholder (a test line, an unknown caller), name it as a missing value or "
                "exclude it by policy; otherwise raise {setting}.",
                setting="publish.dominance",
            ),
            n,
            measure.estimand,
            maturity,
        )
    return None
