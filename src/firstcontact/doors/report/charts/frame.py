"""The ground that a chart with two scales stands on: its scales, their lines and their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firstcontact.doors.report.charts.drawing import Sheet
from firstcontact.doors.report.theme import NARROW, paint

_LEFT, _RIGHT, _TOP, _FOOT = 52, 20, 12, 26

Tick = tuple[float, str]
"""A place on a scale, and how it is written."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things stand on a chart of two scales. Numbers grow to the right in every language, as on any ruler.

    Attributes:
        width: Of the drawing.
        across: Ticks of the horizontal scale, in order; at least two.
        up: Ticks of the vertical scale, in order; at least two.
    """

    width: int
    across: Sequence[Tick]
    up: Sequence[Tick]

    @property
    def height(self) -> int:
        return 240 if self.width <= NARROW else 300

    def x(self, value: float) -> float:
        """Where a value stands from the left."""
        first, last = self.across[0][0], self.across[-1][0]
        return _LEFT + (self.width - _LEFT - _RIGHT) * (value - first) / (last - first)

    def y(self, value: float) -> float:
        """Where a value stands from the top."""
        first, last = self.up[0][0], self.up[-1][0]
        bottom = self.height - _FOOT
        return bottom - (bottom - _TOP) * (value - first) / (last - first)

    def sheet(self) -> Sheet:
        """A sheet with the scales on it."""
        sheet = Sheet(self.width, self.height)
        levels = [{"x": _LEFT, "end": self.width - _RIGHT, "y": self.y(at), "text": text} for at, text in self.up]
        sheet.add("rule", levels, {"color": paint("grid")}, x="x", x2="end", y="y")
        words = {"color": paint("soft"), "align": "right", "dx": -8, "baseline": "middle"}
        sheet.add("text", levels, words, x="x", y="y", text="text")
        room = max(2, (self.width - _LEFT) // 64)
        every = -(-len(self.across) // room)
        places = [{"x": self.x(at), "y": self.height - 6, "text": text} for at, text in self.across[::every]]
        words = {"color": paint("soft"), "baseline": "bottom", "fontSize": 11.5}
        sheet.add("text", places, words, x="x", y="y", text="text")
        return sheet
