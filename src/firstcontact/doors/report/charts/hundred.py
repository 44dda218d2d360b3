"""A hundred squares: how many of a hundred issues were settled, how many came back, and how many may be either."""

from __future__ import annotations

from firstcontact.doors.report.charts.drawing import Drawing, Sheet
from firstcontact.doors.report.theme import paint

_COLUMNS = 10
_STEP = 22
_SIDE = 16


def parts(low: float, high: float) -> tuple[int, int, int]:
    """Squares that are settled, uncertain and returned: 100 together.

    >>> parts(0.72, 0.76)
    (72, 4, 24)
    """
    sure, may = round(low * 100), round(high * 100)
    return sure, may - sure, 100 - may


def hundred(low: float, high: float, *, rtl: bool = False) -> Drawing:
    """Draw the squares, ten a row.

    Args:
        low: Lower end of the interval of the share that was settled.
        high: Upper end of it.
        rtl: Whether rows begin at the right.
    """
    sure, unsure, _ = parts(low, high)
    squares = []
    for index in range(100):
        column = index % _COLUMNS
        role, fill = "returned", paint("paper")
        if index < sure:
            role, fill = "settled", paint("settled")
        elif index < sure + unsure:
            role, fill = "settled", paint("settled-band")
        squares.append(
            {
                "x": _STEP * ((_COLUMNS - 1 - column if rtl else column) + 0.5),
                "y": _STEP * (index // _COLUMNS + 0.5),
                "fill": fill,
                "stroke": paint(role),
            }
        )
    side = _STEP * _COLUMNS
    sheet = Sheet(side, side)
    look = {"shape": "square", "size": _SIDE**2, "strokeWidth": 1.5, "filled": False, "opacity": 1}
    sheet.add("point", squares, look, x="x", y="y", fill="fill", stroke="stroke")
    return sheet.draw()
