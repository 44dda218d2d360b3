"""Which issues bring which others: whether B follows A more often than A follows B, within the same customers.

Customers who call much call about everything, so that any two reasons occur together. Their order does not care how
much a customer calls: where A brings nothing, B comes as often before it as after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.discovery import q_values
from firstcontact.statistics.share import t_quantile

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PairSums:
    """Sums about unordered pairs of reasons (a, b); arrays have shape (pairs, buckets) where not said otherwise.

    With f the times b follows a customer's a within reach, and g the times a follows b:

    Attributes:
        first: Number of reason a, shape (pairs,).
        second: Number of reason b, shape (pairs,); never the same.
        forward: Sum of f over customers.
        backward: Sum of g.
        forward_square: Sum of f².
        backward_square: Sum of g².
        cross: Sum of f g.
        forward_early, backward_early: The part of `forward` and `backward` in the first third of the reach.
        forward_late, backward_late: The part in the last third.
    """

    first: Ints
    second: Ints
    forward: Array
    backward: Array
    forward_square: Array
    backward_square: Array
    cross: Array
    forward_early: Array
    backward_early: Array
    forward_late: Array
    backward_late: Array


@dataclass(frozen=True, slots=True)
class NullProfile:
    """What order alone would give: expected pairs by lag, were the two reasons unrelated.

    Attributes:
        expected: Sum over days of (openers of a on the day) x (openers of b `lag` days later), shape (reasons,
            reasons, lags); only proportions matter.
    """

    expected: Array

    def ratio(self, first: Ints, second: Ints) -> Array:
        """Expected `forward` over expected `backward`; NaN where chance can bring one order only, or neither."""
        total = self.expected.sum(axis=2)
        ahead, back = total[first, second], total[second, first]
        known = (ahead > 0) & (back > 0)
        return np.where(known, ahead / np.where(known, back, 1.0), np.nan)

    def early_for_late(self, first: Ints, second: Ints) -> Array:
        """Expected pairs in the first third of the reach for each in the last; 1 where unknown."""
        early, late = thirds(self.expected.shape[2])
        ahead = self.expected[first, second]
        one, other = ahead[:, early].sum(axis=1), ahead[:, late].sum(axis=1)
        known = (one > 0) & (other > 0)
        return np.where(known, one / np.where(known, other, 1.0), 1.0)


@dataclass(frozen=True, slots=True)
class Sequences:
    """Directed pairs of reasons, both directions of each pair that was looked at.

    Attributes:
        cause: Number of the reason that comes first.
        effect: Number of the reason that follows.
        count: Times the effect followed the cause within reach.
        reverse: Times it was the other way round.
        ratio: What `count / reverse` would be, were they unrelated.
        excess: `count - ratio * reverse`: issues that the cause brought, in the data.
        excess_low, excess_high: Interval of the excess.
        z: How many standard errors the excess lies above 0.
        p: One-sided p-value of "brings none".
        q: The same among all directed pairs that were looked at.
        share: Excess over openers of the cause; NaN where there are none.
        share_low, share_high: Interval of the share.
        mutual: Whether each seems to bring the other, by how fast they follow: order cannot tell such pairs apart.
        fast: Where mutual, the excess of the first third over what the last third predicts, over openers of the cause.
        fast_low, fast_high: Interval of that.
    """

    cause: Ints
    effect: Ints
    count: Array
    reverse: Array
    ratio: Array
    excess: Array
    excess_low: Array
    excess_high: Array
    z: Array
    p: Array
    q: Array
    share: Array
    share_low: Array
    share_high: Array
    mutual: NDArray[np.bool_]
    fast: Array
    fast_low: Array
    fast_high: Array


MUTUAL_Z = 3.3
"""Both directions must be this clearly faster than chance for a pair to be called mutual."""


def thirds(lags: int) -> tuple[slice, slice]:
    """The lags of the first and of the last third of a reach, equally many.

    >>> thirds(45)
    (slice(0, 15, None), slice(30, 45, None))
    """
    width = max(1, lags // 3)
    return slice(0, width), slice(lags - width, lags)


def null_profile(daily: Array, lags: int) -> NullProfile:
    """Expected pairs by lag from the daily numbers of openers alone, so that growth and seasons are no effects.

    Estimand: under independence of two reasons inside customers, pairs at each lag up to a constant.
    Formula: e_ab(u) = sum over days d of n_a(d) n_b(d + u), half of it for u = 0, as a day's two orders are one lag.
    Assumes: the trend is that of all customers.
    Lies when: customers come and go in bulk, so that those who have reason a are not there when b is launched.
    Oracle: with constant daily numbers the ratio is 1; the brute-force double sum over days.
    References: Tsiropoulos, I., Andersen, M. & Hallas, J. (2009), Pharmacoepidemiology and Drug Safety 18(6), 483-491.

    Args:
        daily: Openers by reason and day, shape (reasons, days).
        lags: Length of the reach in days.

    Returns:
        The profile. First contacts in the last `lags` days have no full reach and make no pairs.
    """
    reasons, days = daily.shape
    expected = np.zeros((reasons, reasons, lags))
    whole = max(0, days - lags)
    for lag in range(min(lags, days)):
        expected[:, :, lag] = daily[:, :whole] @ daily[:, lag : lag + whole].T * (0.5 if lag == 0 else 1.0)
    return NullProfile(expected)


def sequences(sums: PairSums, openers: Array, profile: NullProfile, level: float = 0.95) -> Sequences:
    """Compare the two orders of each pair.

    Estimand: how many issues of reason B are there because an issue of reason A was, within the reach.
    Formula: d_i = f_i - r g_i for customer i, r the null ratio; excess = sum d_i; its variance is sum d_i^2, and at
        least r sum(f_i + g_i), which it is where pairs are independent and unrelated: where chance makes one order
        rare, none of it may have been seen. z = excess / sqrt(variance); q by Benjamini and Hochberg over all directed
        pairs given; share = excess / openers of A, its variance between customer buckets and no less than that. A pair
        is mutual where in both directions the first third of the reach holds clearly more than the last third predicts.
        Where chance can bring one order only, nothing is said.
    Assumes: unrelated reasons occur in either order alike inside a customer, up to trends that everybody shares; issues
        that A brings come within the reach.
    Lies when: A and B bring each other (the orders cancel, see `mutual`); A is a wrong code for B; B comes later than
        the reach, which the excess then misses.
    Oracle: McNemar's test of `statsmodels.stats.contingency_tables.mcnemar` where each customer has one pair; the
        q-values are those of `multipletests`.
    References: Hallas, J. (1996), Epidemiology 7(5), 478-484; Tsiropoulos, Andersen & Hallas (2009); Benjamini &
        Hochberg (1995).

    Args:
        sums: Sums of the pairs that are looked at: choose them by `forward + backward` alone.
        openers: Openers that have a full reach, by reason and bucket, shape (reasons, buckets).
        profile: What order alone would give.
        level: Confidence level of intervals.

    Returns:
        Both directions of each pair, forward ones first.
    """
    ratio = profile.ratio(sums.first, sums.second)
    telling = np.isfinite(ratio)
    ratio = np.where(telling, ratio, 1.0)
    ahead = _direction(sums, ratio, swap=False)
    back = _direction(sums, 1.0 / ratio, swap=True)
    cause = np.concatenate([sums.first, sums.second])
    effect = np.concatenate([sums.second, sums.first])
    by_bucket, square, count, reverse = (np.concatenate(pair) for pair in zip(ahead, back, strict=True))
    excess = by_bucket.sum(axis=1)
    both_ways = np.concatenate([ratio, 1.0 / ratio])
    spread = np.sqrt(np.maximum(square, both_ways * (count + reverse)))
    judged = np.concatenate([telling, telling]) & (spread > 0)
    z = np.where(judged, excess / np.where(judged, spread, 1.0), 0.0)
    from scipy.special import ndtr, ndtri

    p = np.asarray(ndtr(-z), dtype=float)
    quantile = float(ndtri(0.5 + level / 2))
    share, half = _share(by_bucket, openers[cause], level)
    half = np.maximum(half, quantile * spread / np.maximum(openers[cause].sum(axis=1), 1.0))
    early = np.concatenate([sums.forward_early, sums.backward_early])
    late = np.concatenate([sums.forward_late, sums.backward_late])
    predicted = profile.early_for_late(cause, effect)
    fast, fast_half = _share(early - predicted[:, None] * late, openers[cause], level)
    noise = np.sqrt(early.sum(axis=1) + predicted**2 * late.sum(axis=1))
    quick = (early.sum(axis=1) - predicted * late.sum(axis=1)) > MUTUAL_Z * np.maximum(noise, 1.0)
    pairs = len(sums.first)
    both = quick[:pairs] & quick[pairs:]
    return Sequences(
        cause,
        effect,
        count,
        reverse,
        both_ways,
        excess,
        excess - quantile * spread,
        excess + quantile * spread,
        z,
        p,
        q_values(p),
        share,
        share - half,
        share + half,
        np.concatenate([both, both]),
        fast,
        fast - fast_half,
        fast + fast_half,
    )


def _direction(sums: PairSums, ratio: Array, *, swap: bool) -> tuple[Array, Array, Array, Array]:
    """Excess by bucket, sum of customers' squared differences, and the counts of both orders."""
    one, other = (sums.backward, sums.forward) if swap else (sums.forward, sums.backward)
    squares = (sums.backward_square, sums.forward_square) if swap else (sums.forward_square, sums.backward_square)
    by_bucket = one - ratio[:, None] * other
    square = (squares[0] - 2 * ratio[:, None] * sums.cross + ratio[:, None] ** 2 * squares[1]).sum(axis=1)
    return by_bucket, np.maximum(square, 0.0), one.sum(axis=1), other.sum(axis=1)


def _share(total: Array, count: Array, level: float) -> tuple[Array, Array]:
    """A ratio of sums and half its interval, by the spread between buckets."""
    n = count.sum(axis=1)
    safe = np.where(n > 0, n, 1.0)
    held = (count > 0).sum(axis=1).astype(float)
    value = total.sum(axis=1) / safe
    spread = (total - value[:, None] * count) / safe[:, None]
    factor = np.where(held > 1, held / np.maximum(held - 1, 1.0), np.nan)
    half = t_quantile(level, held - 1) * np.sqrt(factor * (spread**2).sum(axis=1))
    return np.where(n > 0, value, np.nan), np.where(n > 0, half, np.nan)


def lag_quantiles(
    count: Array, reverse: Array, ratio: float, spread: float, level: float = 0.95
) -> tuple[float, float, float] | None:
    """Median delay of the issues that a cause brought, with its interval.

    Estimand: the median lag of the excess.
    Formula: the lag at which the cumulated `count - ratio * reverse` first reaches half its end, interpolated inside
        the day; for the interval, the lags at which it reaches half plus and minus q s / 2 of it, s the standard error
        of the excess relative to the excess (Woodruff's inversion).
    Assumes: what is unrelated has the same lags in either order.
    Lies when: the delay is longer than the reach.
    Oracle: the sample median where nothing comes in reverse.
    References: as `sequences`; Woodruff, R. S. (1952), JASA 47(260), 635-646.

    Args:
        count: Pairs in the order cause, effect by whole days of lag.
        reverse: Pairs in the other order.
        ratio: The null ratio.
        spread: Standard error of the excess.
        level: Confidence level.

    Returns:
        Median, lower and upper end in days; None where nothing is left over.

    >>> [round(days, 2) for days in lag_quantiles(np.array([1.0, 3.0, 2.0]), np.zeros(3), 1.0, 6**0.5)]
    [1.67, 0.6, 2.7]
    """
    from scipy.special import ndtri

    total = np.cumsum(count - ratio * reverse)
    if not len(total) or total[-1] <= 0:
        return None
    half = float(ndtri(0.5 + level / 2)) * spread / float(total[-1]) / 2
    return _lag_at(total, 0.5), _lag_at(total, max(0.0, 0.5 - half)), _lag_at(total, min(1.0, 0.5 + half))


def _lag_at(total: Array, part: float) -> float:
    """The lag at which a cumulated excess first reaches a part of its end."""
    wanted = part * float(total[-1])
    day = int(np.argmax(total >= wanted))
    before = float(total[day - 1]) if day else 0.0
    step = float(total[day]) - before
    return day + (max(0.0, wanted - before) / step if step > 0 else 0.0)


def hidden(occupied: Array, background: Array, delay: Array) -> Array:
    """What part of the brought issues shows as an excess of openers.

    Estimand: the expected excess over the number of issues that the cause brought.
    Formula: (1 - o) (1 - b (1 - d)). An issue brought while one of its kind is still open is no opener: o is the
        share of the cause's openers that have such an issue about them. And a brought one makes later unrelated ones
        within the reach no openers: b of them are expected, of which the part 1 - d comes after it.
    Assumes: what is open about a customer does not depend on whether the cause brings anything; look-back and reach
        are about equal.
    Lies when: most of the cause's customers have the effect open already: then little is seen and the correction large.
    Oracle: simulated edges of known strength.
    References: the thinning of a point process by its own dead time; derived on the theory page.

    Args:
        occupied: Share of the cause's openers with a contact for the effect within the look-back before.
        background: Unrelated openers of the effect expected within the reach, for each opener of the cause.
        delay: Median delay over the reach, 0 to 1.

    Returns:
        Parts, above 0.1 and at most 1.

    >>> hidden(np.array([0.2]), np.array([0.1]), np.array([0.5])).round(3).tolist()
    [0.76]
    """
    part = (1 - np.clip(occupied, 0.0, 1.0)) * (1 - np.clip(background, 0.0, 1.0) * (1 - np.clip(delay, 0.0, 1.0)))
    return np.asarray(np.clip(part, 0.1, 1.0))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole with its interval."""

    value: float
    low: float
    high: float


def part_of(part: Array, rest: Array, level: float = 0.95) -> Part | None:
    """The share that one sum has in it and another, by delete-a-group jackknife.

    Estimand: part / (part + rest).
    Formula: pseudo-values over the buckets; Student's t with their number less one.
    Assumes: customers fall into buckets at random.
    Lies when: either sum is near 0 and mostly noise.
    Oracle: the linearised variance of `bucket.ratio`, which it approaches.
    References: Kott, P. S. (2001), Journal of Official Statistics 17(4).

    Args:
        part: By bucket.
        rest: By bucket.
        level: Confidence level.

    Returns:
        The share, its interval cut to 0 and 1; None where the whole is not above 0 in every replicate.
    """
    groups = len(part)
    whole = part.sum() + rest.sum()
    without = whole - part - rest
    if groups < 2 or whole <= 0 or (without <= 0).any():
        return None
    value = float(part.sum() / whole)
    replicates = (part.sum() - part) / without
    variance = (groups - 1) / groups * float(((replicates - replicates.mean()) ** 2).sum())
    half = float(t_quantile(level, np.array([groups - 1.0]))[0]) * variance**0.5
    return Part(value, max(0.0, value - half), min(1.0, value + half))
