"""How a change compares with what happened at the same time where nothing was changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array

AT_LEAST = 6
"""Fewer controls say too little about what happens where nothing was changed."""


@dataclass(frozen=True, slots=True)
class Placebo:
    """A change beside the changes of its controls.

    Attributes:
        size: Change of the treated minus the mean change of the controls.
        low: Lower end of its interval.
        high: Upper end.
        p: Two-sided probability of a difference at least as large where the treated is like the controls.
        changes: Change of each control minus that of the others, for a picture.
    """

    size: float
    low: float
    high: float
    p: float
    changes: Array


def placebo(treated: Array, controls: Array, after: Array | NDArray[np.bool_], level: float = 0.95) -> Placebo | None:
    """Judge a change by how much controls change over the same weeks.

    Estimand: the treated one's change from before to after, minus what it would have been without the action.
    Formula: c_i = mean after - mean before, of every unit; (c_treated - mean(c)) / (s sqrt(1 + 1 / J)) against
        Student's t with J - 1 degrees of freedom, s the standard deviation of the J controls' changes.
    Assumes: without the action the treated one would have changed as a control drawn by lot.
    Lies when: controls are larger, and so steadier, than the treated (too many alarms) or smaller (too few); the
        action reaches the controls too.
    Oracle: the prediction interval of `statsmodels` OLS on a constant.
    References: Abadie, A., Diamond, A. & Hainmueller, J. (2010), JASA 105(490), on placebo in space; Conley, T. G. &
        Taber, C. R. (2011), Review of Economics and Statistics 93(1).

    Args:
        treated: One value a week, shape (weeks,).
        controls: Shape (controls, weeks).
        after: Whether each week lies after the change.
        level: Level of the interval.

    Returns:
        The comparison; None with fewer than six controls, or no week on one side.
    """
    from scipy.special import stdtr, stdtrit

    later = np.asarray(after, dtype=bool)
    if len(controls) < AT_LEAST or later.all() or not later.any():
        return None
    change = controls[:, later].mean(axis=1) - controls[:, ~later].mean(axis=1)
    count = len(change)
    size = float(treated[later].mean() - treated[~later].mean() - change.mean())
    error = float(change.std(ddof=1) * np.sqrt(1 + 1 / count))
    half = float(stdtrit(count - 1, 0.5 + level / 2)) * error
    p = float(2 * stdtr(count - 1, -abs(size) / error)) if error > 0 else float(size == 0)
    others = (change.sum() - change) / (count - 1)
    return Placebo(size, size - half, size + half, p, change - others)
