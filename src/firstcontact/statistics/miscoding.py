"""What R-FCR would be if returns for another reason were the same issue under a wrong code: how far down it may go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.sequence_symmetry import PairSums, Sequences, thirds
from firstcontact.statistics.share import t_quantile


@dataclass(frozen=True, slots=True)
class CrossSums:
    """Openers for another reason after an opener of the same customer, all pairs of reasons together.

    Attributes:
        early: In the first third of the reach, by bucket.
        late: In the last third.
        early_for_late: How many come early for each late one where chance alone brings them.
        openers: Openers with a full reach, by bucket.
    """

    early: Array
    late: Array
    early_for_late: float
    openers: Array


@dataclass(frozen=True, slots=True)
class Crossing:
    """Returns for another reason that neither chance nor a one-way pair of reasons explains, for each opener.

    Attributes:
        share: For each opener; may fall below 0 by chance.
        low: Lower end of its interval.
        high: Upper end.
        openers: Openers.
    """

    share: float
    low: float
    high: float
    openers: int


def pooled_early_for_late(daily: Array, lags: int) -> float:
    """Pairs of different reasons in the first third of a reach for each in the last, by daily numbers alone.

    Estimand: the ratio under independence of reasons inside customers.
    Formula: e(u) = sum over days d of n_a(d) n_b(d + u), all pairs of different reasons together; a lag of u to u + 1
        days counts (e(u) + e(u + 1)) / 2, since it ends on either of two dates.
    Assumes: the trend is that of all customers.
    Lies when: customers come and go in bulk.
    Oracle: 1 where numbers are constant; the double sum over days.
    References: Tsiropoulos, Andersen & Hallas (2009), as `sequence_symmetry.null_profile`.

    Args:
        daily: Openers by reason and day, shape (reasons, days).
        lags: Length of the reach in days.

    Returns:
        The ratio; 1 where it is not known.

    >>> pooled_early_for_late(np.ones((2, 400)), 30)
    1.0
    """
    days, total = daily.shape[1], daily.sum(axis=0)
    first = days - lags
    if first < 1:
        return 1.0
    # All pairs less those of the same reason.
    by_date = np.array(
        [
            total[:first] @ total[lag : lag + first] - (daily[:, :first] * daily[:, lag : lag + first]).sum()
            for lag in range(lags + 1)
        ]
    )
    expected = by_date[:-1] + by_date[1:]
    ahead, last = thirds(lags)
    early, late = float(expected[ahead].sum()), float(expected[last].sum())
    return early / late if early > 0 and late > 0 else 1.0


def crossing(
    cross: CrossSums, sums: PairSums, found: Sequences, edges: np.ndarray, level: float = 0.95
) -> Crossing | None:
    """Returns for another reason that come soon, beyond chance and beyond pairs that go one way.

    Estimand: openers for another reason that follow an opener within a third of the reach, for each opener, less those
        that come anyway and those that one reason is found to bring for another.
    Formula: x = (E - k L - sum over edges of (e - k l) - r (e' - k l')) / n. E and L count pairs early and late in the
        reach, k is E for each L under chance, e and l those of an edge, e' and l' those of its other order, r the null
        ratio of the two. Variance by customer buckets, not below that of a Poisson count.
    Assumes: a wrong code falls on the first contact of an issue as easily as on the return, so that what it makes goes
        both ways; what comes anyway comes at any lag within the reach alike.
    Lies when: two reasons bring each other, or bring one another too seldom to be found: both count as wrong codes
        here; and where returns come later than a third of the reach, which are not seen.
    Oracle: the simulator's `coding.wrong`: about 2 f c (1 - c) for a share f of openers that cause a return.
    References: Hallas, J. (1996), Epidemiology 7(5) (sequence symmetry), for what is taken off.

    Args:
        cross: All pairs.
        sums: Pairs of reasons that meet often enough to be looked at singly.
        found: What `sequence_symmetry.sequences` says of those.
        edges: Numbers of the directed pairs that are a finding of their own.
        level: Confidence level.

    Returns:
        The share with its interval; None where openers are of too few buckets for one.
    """
    k, openers = cross.early_for_late, cross.openers
    n, held = float(openers.sum()), int((openers > 0).sum())
    if held < 2:
        return None
    excess = cross.early - k * cross.late
    pairs = len(sums.first)
    forward = sums.forward_early - k * sums.forward_late
    backward = sums.backward_early - k * sums.backward_late
    for edge in edges.tolist():
        one, other = (forward, backward) if edge < pairs else (backward, forward)
        excess = excess - (one[edge % pairs] - found.ratio[edge] * other[edge % pairs])
    share = float(excess.sum()) / n
    spread = held / (held - 1) * float(((excess - share * openers) ** 2).sum())
    counted = float((cross.early + k**2 * cross.late).sum())
    half = float(t_quantile(level, np.array([held - 1.0]))[0]) * max(spread, counted) ** 0.5 / n
    return Crossing(share, share - half, share + half, round(n))


def if_miscoded(
    no_return: float, low: float, high: float, share: float, share_low: float, share_high: float
) -> tuple[float, float, float]:
    """R-FCR, if all those returns were the same issue under a wrong code.

    Estimand: the least that R-FCR may be for wrong codes, as far as the data show them.
    Formula: F' = (F + x) / (1 - x), F = 1 - R: x returns more, and as many openers fewer that began nothing. x below 0
        counts as 0. Ends by the delta method, each with its own side of both intervals.
    Assumes: as `crossing`; both errors are independent.
    Lies when: codes are wrong twice alike, as where one agent codes everything alike: such returns are linked.
    Oracle: recovery of the simulator's R-FCR with one code in ten wrong.
    References: Oehlert, G. W. (1992), The American Statistician 46(1), on the delta method.

    Args:
        no_return: R as measured.
        low: Lower end of its interval.
        high: Upper end.
        share: x, as `Crossing.share`.
        share_low: Lower end of its interval.
        share_high: Upper end.

    Returns:
        R', lower and upper end; within 0 to 1, and none above that of R.

    >>> [round(end, 3) for end in if_miscoded(0.88, 0.86, 0.90, 0.04, 0.02, 0.06)]
    [0.833, 0.801, 0.865]
    """
    x, failed = min(max(share, 0.0), 0.5), 1 - no_return
    value = 1 - (failed + x) / (1 - x)
    by_failed, by_share = 1 / (1 - x), (1 + failed) / (1 - x) ** 2
    lower = value - float(np.hypot((no_return - low) * by_failed, (share_high - x) * by_share))
    upper = value + float(np.hypot((high - no_return) * by_failed, max(x - share_low, 0.0) * by_share))
    ends = np.clip([value, min(lower, value), min(upper, high)], 0.0, 1.0)
    return float(ends[0]), float(ends[1]), float(max(ends[2], ends[0]))
