"""How many contacts need not have come, were a reason as good as it already is at its own best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array

CHAIN_LIMIT = 0.9
"""A repeat is taken to bring a further one with at most this probability, so that a chain of contacts has an end."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """Rates drawn towards their group's mean.

    Attributes:
        rate: Shrunk rates, same shape as what was given.
        prior: The mean they are drawn to.
        between: Variance between true rates; 0 where the spread is no more than chance.
    """

    rate: Array
    prior: float
    between: float


def shrink(count: Array, total: Array, variance: Array | None = None) -> Shrunk:
    """Draw noisy rates towards their mean, the more the less is known of them.

    Estimand: the true rate of each cell, given that cells are draws from one distribution.
    Formula: moments: prior m = sum(x) / sum(n); between-variance from the weighted spread less what sampling explains
        (DerSimonian and Laird), not below 0; rate = m + B (p - m) with B = between / (between + variance).
    Assumes: cells are exchangeable; their rates roughly normal around the mean.
    Lies when: two kinds of cells are mixed (each is drawn to a mean that is neither's).
    Oracle: recovery: smaller squared error than raw rates; B goes to 1 with the count.
    References: Morris, C. N. (1983), JASA 78(381), 47-55; DerSimonian, R. & Laird, N. (1986), Controlled Clinical
        Trials 7(3), 177-188.

    Args:
        count: Contacts (or exposure) of each cell, shape (cells,).
        total: Their failures.
        variance: Sampling variance of each rate; binomial at the mean where not given.

    Returns:
        The shrunk rates; the mean for a cell with no contacts.
    """
    n = count.sum()
    prior = float(total.sum() / n) if n > 0 else 0.0
    held = count > 0
    if held.sum() < 2:
        return Shrunk(np.where(held, total / np.where(held, count, 1.0), prior), prior, 0.0)
    floor = prior * (1 - prior) / np.where(held, count, 1.0)
    noise = floor if variance is None else np.maximum(np.nan_to_num(variance, nan=0.0), floor)
    raw = np.where(held, total / np.where(held, count, 1.0), prior)
    safe = np.where(held & (noise > 0), noise, 1.0)
    weight = np.where(held & (noise > 0), 1.0 / safe, 0.0)
    weights = weight.sum()
    if weights <= 0:
        return Shrunk(raw, prior, 0.0)
    centre = float((weight * raw).sum() / weights)
    heterogeneity = float((weight * (raw - centre) ** 2).sum())
    scale = float(weights - (weight**2).sum() / weights)
    between = max(0.0, (heterogeneity - (int((weight > 0).sum()) - 1)) / scale) if scale > 0 else 0.0
    trust = between / (between + safe) if between > 0 else np.zeros_like(raw)
    return Shrunk(np.where(weight > 0, prior + trust * (raw - prior), prior), prior, between)


def own_best(count: Array, total: Array, variance: Array | None = None, part: float = 0.25) -> float | None:
    """The rate that a reason already reaches in its own best cells.

    Estimand: the mean true rate of the best quarter of a reason's cells, by contacts.
    Formula: cells are shrunk, sorted by rate, and the first whose contacts reach a quarter of all are averaged, the
        last of them in part.
    Assumes: cells are comparable: the same reason, contacts handed out without regard to their difficulty.
    Lies when: the best cells get the easy contacts. Shrinking makes it err towards the mean, which claims less.
    Oracle: recovery against known rates.
    References: as `shrink`.

    Args:
        count: Contacts of the reason's comparable cells (teams, or stretches of four weeks), shape (cells,).
        total: Their failures.
        variance: Sampling variance of the rates, as in `shrink`.
        part: How much of the reason is its best.

    Returns:
        The rate; None where fewer than two cells hold contacts.
    """
    if int((count > 0).sum()) < 2:
        return None
    rate = shrink(count, total, variance).rate
    order = np.argsort(rate, kind="stable")
    wanted = part * count.sum()
    before = np.concatenate([[0.0], np.cumsum(count[order])[:-1]])
    taken = np.clip(wanted - before, 0.0, count[order])
    return float((taken * rate[order]).sum() / taken.sum())


def recoverable(volume: Array, rate: Array, target: Array, again: Array) -> Array:
    """Contacts that need not have come.

    Estimand: contacts that would not arrive, were the rate of failure at the target.
    Formula: V max(0, p - target) / (1 - q).
    Assumes: every avoided failure avoids the chain of contacts that followed it, each coming again with probability q.
    Lies when: the target is another kind of contact's; when failures that were avoided would not have called.
    Oracle: simulated reasons with known rates: claimed over true within 0.85 to 1.05.
    References: the gap to a benchmark that peers already reach: Kiefe, C. I. et al. (1998), International Journal for
        Quality in Health Care 10(5), 443-447. Here the peers are the reason's own cells.

    Args:
        volume: Contacts that can fail.
        rate: Their (shrunk) rate of failing and coming again.
        target: The rate the same reason already reaches.
        again: Probability that a repeat is itself followed by one; taken as at most 0.9.

    Returns:
        Contacts, not below 0.

    >>> recoverable(np.array([1000.0]), np.array([0.3]), np.array([0.2]), np.array([0.5])).round(6).tolist()
    [200.0]
    """
    q = np.clip(again, 0.0, CHAIN_LIMIT)
    return np.asarray(volume * np.maximum(0.0, rate - target) / (1.0 - q))
