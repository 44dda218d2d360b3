"""What can be said of true resolution without a single label: between which shares it must lie."""

from __future__ import annotations


def resolution_bounds(no_return: float, return_least: float) -> tuple[float, float]:
    """Bounds of the share truly resolved, from the share that brings nobody back.

    Estimand: the ends of T-FCR given R-FCR = R and that an unresolved contact brings the customer back with a
        probability of at least rho.
    Formula: T = 1 - (1 - R) / rho, so T lies in [1 - (1 - R) / rho_least, R].
    Assumes: a resolved contact causes no return; rho is at least what was declared.
    Lies when: more customers give up silently than was declared. rho cannot be learned from contacts, whatever the
        model: who gives up leaves no trace.
    Oracle: at rho = 1 both ends are R.
    References: none; it is arithmetic.

    Args:
        no_return: R, 0 to 1.
        return_least: The least rho thought possible, above 0 and at most 1.

    Returns:
        Lower and upper end, within 0 to 1.

    >>> [round(end, 3) for end in resolution_bounds(0.86, 0.5)]
    [0.72, 0.86]
    """
    return max(0.0, 1 - (1 - no_return) / return_least), no_return
