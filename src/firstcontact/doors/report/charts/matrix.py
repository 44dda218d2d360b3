"""How strongly the cells of a matrix are shaded. The matrix is a table of numbers; shading only guides the eye."""

from __future__ import annotations

from collections.abc import Sequence

STEPS = 5
"""Different shades, beside none."""


def steps(values: Sequence[Sequence[float | None]]) -> list[list[int]]:
    """A shade for each cell: in even steps from 0 to the largest value.

    Args:
        values: Amounts, none below 0; None where there is nothing to shade.

    Returns:
        0 (no shade) to `STEPS`, in the shape of `values`.

    >>> steps([[0, 1, 10], [None, 5, 2]])
    [[0, 1, 5], [0, 2, 1]]
    """
    top = max((value for row in values for value in row if value), default=0.0)
    return [[_step(value, top) for value in row] for row in values]


def _step(value: float | None, top: float) -> int:
    return max(1, round(STEPS * value / top - 1e-9)) if value and top else 0
