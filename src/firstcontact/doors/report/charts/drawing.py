"""From marks on a sheet to a drawing that may stand inside the page.

A chart is described in Vega-Lite's own grammar, as plain data, and drawn by Vega. Altair builds the same data through
objects; importing and checking those takes longer than all the rest of a report, so it is used in the tests, which
hold every chart against Vega-Lite's schema.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from markupsafe import Markup

from firstcontact.doors.report.charts.press import PRESS

Record = dict[str, Any]

_SVG = "{http://www.w3.org/2000/svg}"
_DROPPED = {"aria-hidden", "aria-roledescription", "aria-label", "role", "class", "pointer-events", "font-family"}
_NUMBER = re.compile(r"-?\d+\.\d{3,}")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, drawn.

    Attributes:
        width: In units of the drawing, about a pixel each.
        height: As above.
        content: What stands inside the `svg` element.
        row: Height of one row, of a drawing that is cut into rows.
    """

    width: int
    height: int
    content: Markup
    row: int = 0


@dataclass(slots=True)
class Sheet:
    """What marks are put on.

    Attributes:
        width: Of the drawing.
        height: Of the drawing. Downwards, places are units of the drawing.
        across: (from, to) of the horizontal scale; None for units of the drawing.
        room: Where those two stand on the sheet; the first to the right of the second where text runs to the left.
        row: Height of a row, where it will be cut into rows.
        layers: What was put on it so far, from the lowest to the topmost.
    """

    width: int
    height: int
    across: tuple[float, float] | None = None
    room: tuple[float, float] | None = None
    row: int = 0
    layers: list[Record] = field(default_factory=list)

    def add(self, mark: str, records: Sequence[Record], style: Record | None = None, **places: str) -> None:
        """Put one mark a record on the sheet.

        Args:
            mark: `rule`, `rect`, `point`, `text`, `line` or `area`.
            records: What is marked.
            style: Looks that all marks share, in Vega-Lite's words.
            places: Which part of a record says where it is and what it looks like: `x`, `x2`, `y`, `y2`, `text`,
                `fill`, `stroke`, `size`, `detail` (what a line must not join) and `description` (its title).
        """
        encoding = {channel: self._channel(channel, part) for channel, part in places.items()}
        # Left alone, Vega would describe every mark by its places on the sheet.
        looks = {"type": mark, "aria": "description" in places, **(style or {})}
        self.layers.append({"data": {"values": list(records)}, "mark": looks, "encoding": encoding})

    def _channel(self, channel: str, part: str) -> Record:
        if channel in {"x2", "y2"}:
            return {"field": part}
        if channel == "x":
            domain = list(self.across or (0, self.width))
            scale = {"domain": domain, "range": list(self.room or (0, self.width)), "nice": False, "zero": False}
            return {"field": part, "type": "quantitative", "axis": None, "scale": scale}
        if channel == "y":
            scale = {"domain": [0, self.height], "range": [0, self.height], "nice": False}
            return {"field": part, "type": "quantitative", "axis": None, "scale": scale}
        if channel in {"fill", "stroke"}:
            return {"field": part, "type": "nominal", "scale": None}
        if channel == "size":
            return {"field": part, "type": "quantitative", "scale": None}
        return {"field": part, "type": "nominal"}

    @property
    def spec(self) -> Record:
        """The sheet in Vega-Lite's grammar: no frame, no ground, no room that the library would add by itself."""
        return {
            "width": self.width,
            "height": self.height,
            "background": "transparent",
            "padding": 0,
            "autosize": {"type": "none"},
            "config": {"view": {"stroke": None}, "text": {"fontSize": 12}},
            "layer": self.layers,
        }

    def draw(self) -> Drawing:
        """Draw what is on the sheet. Descriptions of marks become titles, which show when one points at them."""
        root = ET.fromstring(PRESS.draw(self.spec))  # noqa: S314 - what the library drew just now
        for element in list(root):
            if element.tag == f"{_SVG}rect":
                root.remove(element)  # the ground
        _clean(root)
        text = "".join(ET.tostring(child, encoding="unicode") for child in root)
        text = text.replace("ns0:", "").replace(' xmlns:ns0="http://www.w3.org/2000/svg"', "")
        text = _NUMBER.sub(lambda number: f"{float(number[0]):.2f}", text)
        return Drawing(self.width, self.height, Markup(text), self.row)  # noqa: S704 - it holds no name from the data


def _clean(element: ET.Element) -> None:
    """Drop what the page does not need, and turn descriptions into titles."""
    for child in list(element):
        if child.tag == f"{_SVG}path" and child.get("class") in {"background", "foreground"}:
            element.remove(child)
            continue
        description = child.get("aria-label") if child.get("role") == "graphics-symbol" else None
        _clean(child)
        for name in _DROPPED & set(child.attrib):
            del child.attrib[name]
        if description:
            ET.SubElement(child, f"{_SVG}title").text = description
        if child.tag == f"{_SVG}g" and len(child) == 0:
            element.remove(child)
