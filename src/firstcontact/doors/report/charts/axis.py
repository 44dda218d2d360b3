"""Round places on a scale, so that a reader meets only numbers that are easy to say."""

from __future__ import annotations

import math

_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round shares that reach from below `low` to above `high`.

    Args:
        low: Smallest share that is drawn.
        high: Largest share that is drawn.
        most: How many steps there may be at most.

    Returns:
        At least two shares in order, inside 0 to 1.

    >>> ticks(0.612, 0.788)
    [0.6, 0.65, 0.7, 0.75, 0.8]
    >>> ticks(0.5, 0.5)
    [0.499, 0.5, 0.501]
    """
    low, high = max(0.0, low), min(1.0, high)
    for step in _STEPS:
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if first == last:
            first, last = first - 1, last + 1
        if last - first <= most:
            return [round(k * step, 6) for k in range(first, last + 1) if -1e-9 <= k * step <= 1 + 1e-9]
    return [0.0, 0.5, 1.0]


def marks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers of any size that reach from below `low` to above `high`.

    Args:
        low: Smallest number that is drawn.
        high: Largest number that is drawn.
        most: How many steps there may be at most.

    Returns:
        At least two numbers in order, evenly apart.

    >>> marks(0, 87)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    >>> marks(-0.03, 0.11)
    [-0.05, 0.0, 0.05, 0.1, 0.15]
    """
    size = max(high - low, abs(high) * 1e-6, 1e-9)
    power = math.floor(math.log10(size / most))
    for factor in (1, 2, 5, 10, 20):
        step = factor * 10.0**power
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        last = max(last, first + 1)
        if last - first <= most:
            break
    return [round(k * step, 12) for k in range(first, last + 1)]
