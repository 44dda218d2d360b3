"""Whether a risk means what it says: of the contacts with a risk of 20 %, do 20 % come back?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firstcontact.statistics.bucket import Array

BINS = 10


@dataclass(frozen=True, slots=True)
class Calibration:
    """A risk held against what happened.

    Attributes:
        slope: Of the outcome on the logit of the risk; 1 is right, below 1 the risk is too sure of itself.
        intercept: Of the same line; 0 is right.
        ece: Expected calibration error: mean distance between risk and outcome over tenths of the contacts.
        bias: Mean risk minus mean outcome.
        predicted: Mean risk of each tenth, lowest first.
        observed: Mean outcome of each.
        weight: Weight of each.
    """

    slope: float
    intercept: float
    ece: float
    bias: float
    predicted: Array
    observed: Array
    weight: Array


def calibrate(risk: Array, excess: Array, exposure: Array) -> Calibration | None:
    """Hold risks against net outcomes: returns minus coincidence, over what can have come of caused ones by now.

    Estimand: E(outcome | risk) as a function of the risk, its slope on the logit scale and its distance from the
        diagonal.
    Formula: within tenths of equal exposure, observed = sum(excess) / sum(exposure) and predicted =
        sum(exposure risk) / sum(exposure); ECE = sum w |predicted - observed|; slope b and intercept a solve
        sum(excess - exposure p(a + b logit)) = 0 and the same with each term times its logit.
    Assumes: contacts were not used to learn the risk. With the outcome itself for `excess` and 1 for `exposure` it is
        the usual calibration.
    Lies when: there are few caused returns: the error is then mostly chance, and never 0.
    Oracle: with a plain outcome, slope and intercept are those of `statsmodels` GLM (binomial) on the logit.
    References: Van Calster, B. et al. (2019) Calibration: the Achilles heel of predictive analytics, BMC Medicine 17.

    Args:
        risk: Risks, strictly between 0 and 1, shape (contacts,).
        excess: Return seen (0 or 1) minus the probability of a coincidental one by then.
        exposure: Share of caused returns that can have been seen.

    Returns:
        The comparison; None where nothing can have been seen, or all risks are alike.
    """
    total = float(exposure.sum())
    if total <= 0 or len(risk) < BINS or float(np.ptp(risk)) <= 0:
        return None
    order = np.argsort(risk, kind="stable")
    place = np.minimum((np.cumsum(exposure[order]) / total * BINS).astype(np.int64), BINS - 1)
    weight = np.bincount(place, exposure[order], BINS).astype(float)
    held = weight > 0
    safe = np.where(held, weight, 1.0)
    predicted = np.bincount(place, exposure[order] * risk[order], BINS) / safe
    observed = np.bincount(place, excess[order], BINS) / safe
    share = weight / weight.sum()
    slope, intercept = _line(risk, excess, exposure)
    return Calibration(
        slope=slope,
        intercept=intercept,
        ece=float(share @ np.abs(predicted - observed)),
        bias=float((exposure @ risk - excess.sum()) / total),
        predicted=predicted[held],
        observed=observed[held],
        weight=weight[held],
    )


def _line(risk: Array, excess: Array, exposure: Array) -> tuple[float, float]:
    """Slope and intercept, by Newton's method on the two estimating equations."""
    logit = np.log(risk) - np.log1p(-risk)
    columns = np.stack([np.ones_like(logit), logit])
    found = np.array([0.0, 1.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(found @ columns, -30, 30)))
        score = columns @ (excess - exposure * chance)
        curve = (columns * (exposure * chance * (1 - chance))) @ columns.T
        step = np.linalg.solve(curve + 1e-9 * np.eye(2), score)
        found = found + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-8:
            break
    return float(found[1]), float(found[0])


def discrimination(risk: Array, yes: Array, no: Array) -> float | None:
    """Area under the ROC curve: how often the risk of a contact that came back is above that of one that did not.

    Estimand: P(risk of a yes > risk of a no), ties counting one half.
    Formula: the rank statistic of Mann and Whitney, each contact counting as much yes and as much no as it weighs.
    Assumes: contacts were not used to learn the risk.
    Lies when: it is read as calibration: a risk may order contacts well and still be twice too high.
    Oracle: `scipy.stats.mannwhitneyu` with whole weights.
    References: Hanley, J. A. & McNeil, B. J. (1982), Radiology 143(1).

    Args:
        risk: Risks, shape (contacts,).
        yes: Weight of each as one that caused a return.
        no: Weight of each as one that did not.

    Returns:
        The area, 0 to 1; None where either side weighs nothing.

    >>> discrimination(np.array([0.1, 0.2, 0.2]), np.array([0.0, 0, 1]), np.array([1.0, 1, 0]))
    0.75
    """
    if not (yes.sum() > 0 and no.sum() > 0):
        return None
    _, place = np.unique(risk, return_inverse=True)
    own_yes, own_no = np.bincount(place, yes), np.bincount(place, no)
    below = np.cumsum(own_no) - own_no
    return float((own_yes * (below + own_no / 2)).sum() / (yes.sum() * no.sum()))
