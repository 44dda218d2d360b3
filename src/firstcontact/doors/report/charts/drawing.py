"""From a chart's description to a drawing that may stand inside the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import vl_convert
from markupsafe import Markup

_SVG = "{http://www.w3.org/2000/svg}"
_DROPPED = {"aria-hidden", "aria-roledescription", "aria-label", "role", "class", "pointer-events", "font-family"}
_NUMBER = re.compile(r"-?\d+\.\d{3,}")

CONFIG: dict[str, Any] = {
    "background": None,
    "padding": 0,
    "autosize": {"type": "none"},
    "config": {"view": {"stroke": None}, "text": {"fontSize": 12}},
}
"""What all charts share: no frame, no ground, no room that the library would add by itself."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, drawn.

    Attributes:
        width: In units of the drawing, about a pixel each.
        height: As above.
        row: Height of one row, of a drawing that is cut into rows.
        content: What stands inside the `svg` element.
    """

    width: int
    height: int
    content: Markup
    row: int = 0


def draw(chart: Any, width: int, height: int, row: int = 0) -> Drawing:
    """Draw a chart.

    Args:
        chart: An Altair chart; its colours are roles of the theme.
        width: Of the drawing.
        height: Of the drawing.
        row: Height of a row, where it will be cut into rows.

    Returns:
        The drawing, with the descriptions of its marks as titles that show when one points at them.
    """
    spec: Mapping[str, Any] = {**chart.to_dict(), **CONFIG, "width": width, "height": height}
    root = ET.fromstring(vl_convert.vegalite_to_svg(dict(spec)))  # noqa: S314 - what the library drew just now
    for element in list(root):
        if element.tag == f"{_SVG}rect":
            root.remove(element)  # the ground
    _clean(root)
    text = "".join(ET.tostring(child, encoding="unicode") for child in root)
    text = text.replace("ns0:", "").replace(' xmlns:ns0="http://www.w3.org/2000/svg"', "")
    content = _NUMBER.sub(lambda number: f"{float(number[0]):.2f}", text)
    return Drawing(width, height, Markup(content), row)  # noqa: S704 - drawn just now, and it holds no names


def _clean(element: ET.Element) -> None:
    """Drop what the page does not need, and turn descriptions into titles."""
    for child in list(element):
        kind = child.get("class", "")
        if child.tag == f"{_SVG}path" and kind in {"background", "foreground"}:
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
