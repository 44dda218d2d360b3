"""Sets a page of ours as a PDF, in a process of its own.

Run as a program, this file reads what to set as JSON and writes the PDF. Setting a page takes seconds of processor time
and much memory, and cannot be stopped half way: a process can, and nobody else's page waits for it. It imports nothing
of the package, and loads nothing from anywhere: what the page needs stands in it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import suppress
from copy import deepcopy
from ctypes import CDLL, byref, c_uint32
from typing import Any
from unicodedata import bidirectional
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

LACKING = 3
"""How the program ends where WeasyPrint, or the Pango that it writes with, is not there."""

_SVG = "{http://www.w3.org/2000/svg}"
_GONE_TAGS = {"script", "style", "link", "template", "form", "button", "nav"}
_GONE = {"top", "side", "skip", "take", "tour", "what", "filters", "pager", "unseen", "live", "narrow"}
"""Classes of what has no use on paper."""
_ROLES = {
    "table": "table",
    "row": "tr",
    "columnheader": "th",
    "cell": "td",
}
"""Tables whose rows are drawn say by their roles what they are; on paper they become tables, which may turn the page
and run from right to left."""

_FRIBIDI = ("libfribidi.so.0", "libfribidi.0.dylib", "libfribidi-0.dll")
_FROM_THE_LEFT = 0x110
"""FriBidi's word for a paragraph that runs from left to right, as scales do in every language."""

_BEGIN = {"h2", "h3", "section", "article", "aside", "footer"}
"""What ends the part that a small heading stands over."""

_BELOW = 12
"""How far a mark of a drawing may reach beyond its place, in units of the drawing."""


def press(asked: dict[str, Any]) -> bytes:
    """A PDF that follows PDF/UA: tagged, with title and language.

    Args:
        asked: `html`, and `css` after its own; `base`, the address that links start from; `letters`, the fonts of
            drawings; `paints`, the value of each colour that drawings name; `foot`, what stands at the foot of each
            sheet: what the page itself says that its figures rest on where empty.

    Raises:
        ImportError: WeasyPrint is not installed.
        OSError: Pango is not.
    """
    import weasyprint
    from weasyprint.urls import URLFetcher

    class Nothing(URLFetcher):  # type: ignore[misc]
        """Fetches nothing at all."""

        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002 - as the library asks
            raise ValueError("a PDF is made of nothing but its page")

    page = weasyprint.HTML(string=asked["html"], base_url=asked["base"] or None, url_fetcher=Nothing())
    root = page.etree_element
    css = "\n".join([*("".join(one.itertext()) for one in root.iter("style")), asked["css"]])
    lay_out(root, asked)
    style = weasyprint.CSS(string=css, url_fetcher=Nothing())
    made = page.write_pdf(stylesheets=[style], pdf_variant="pdf/ua-1")
    return bytes(made)


def lay_out(root: Element, asked: dict[str, Any]) -> None:
    """Make what was written for a screen fit for paper, in place.

    Args:
        root: The page.
        asked: As for `press`.
    """
    kept = {
        one.get("id", ""): one for one in root.iter() if one.tag in (f"{_SVG}g", f"{_SVG}pattern") and one.get("id")
    }
    _clear(root)
    for one in root.iter():
        one.text, one.tail = _short(one.text, 300 if one.tag in ("bdi", "a") else 1_000), _short(one.tail, 1_000)
        if one.tag == f"{_SVG}svg":
            _drawing(one, kept, asked["letters"], asked["paints"])
        elif one.tag == "dl":
            _pair(one)
        elif one.get("role") == "cell" and "name" in one.get("class", "").split():
            one.tag = "th"
            one.set("scope", "row")
        elif one.get("role") in _ROLES:
            one.tag = _ROLES[one.get("role", "")]
        elif one.get("role") == "rowgroup":
            one.tag = "thead" if one.find("*[@role='row']/*[@role='columnheader']") is not None else "tbody"
    body = root.find("body")
    if body is not None:
        body.set("data-title", (root.findtext("head/title") or "").partition(" · ")[0])
        body.set("data-foot", asked["foot"] or _foot(root, asked["base"]))


def _clear(at: Element) -> None:
    for one in _asking(at):
        _drop(at, one)
    for one in list(at):
        classes = set(one.get("class", "").split())
        if one.tag in _GONE_TAGS or classes & _GONE or (one.tag == f"{_SVG}svg" and "store" in classes):
            _drop(at, one)
            continue
        _clear(one)
        if one.get("role") == "rowgroup" and not len(one):
            at.remove(one)


def _short(text: str | None, most: int) -> str | None:
    """A text whose words are no longer than that. Lines of a name of thousands of letters take minutes to set; it
    stands in full on the page.
    """
    if text is None or len(text) <= most:
        return text
    return re.sub(rf"\S{{{most},}}", lambda found: found[0][: most - 1] + "\u2026", text)


def _asking(at: Element) -> list[Element]:
    """What stands under a small heading together with a form: without it, it says nothing."""
    parts: list[list[Element]] = [[]]
    for one in at:
        if one.tag in _BEGIN:
            parts.append([])
        parts[-1].append(one)
    asking = [part for part in parts if part and part[0].tag == "h3" and any(one.tag == "form" for one in part)]
    return [one for part in asking for one in part]


def _drop(at: Element, one: Element) -> None:
    """Take an element out, and leave the text that follows it."""
    before = at[list(at).index(one) - 1] if at[0] is not one else None
    if before is None:
        at.text = (at.text or "") + (one.tail or "")
    else:
        before.tail = (before.tail or "") + (one.tail or "")
    at.remove(one)


def _pair(of: Element) -> None:
    """What and value side by side, each pair in a part of its own, as most lists have it already."""
    for what in of.findall("dt"):
        place = list(of).index(what)
        pair, value = Element("div"), of[place + 1]
        pair.extend((what, value))
        of.remove(what)
        of.remove(value)
        of.insert(place, pair)


def _drawing(svg: Element, kept: dict[str, Element], letters: str, paints: dict[str, str]) -> None:
    """A drawing that holds all that it is made of, and says in its title what a reader of the screen would hear."""
    for use in svg.findall(f"{_SVG}use"):
        whole = kept.get(use.get("href", "").removeprefix("#"))
        svg.remove(use)
        if whole is not None:
            part = deepcopy(whole)
            part.attrib.pop("id", None)
            _, top, _, height = (float(one) for one in svg.get("viewBox", "0 0 0 0").split())
            _crop(part, 0.0, top, top + height)
            svg.append(part)
    title = svg.find(f"{_SVG}title")
    if title is None:
        title = Element(f"{_SVG}title")
        title.text = " ".join(one.text or "" for one in svg.iter(f"{_SVG}text")) or "\u2013"
        svg.insert(0, title)
    title.text = svg.get("aria-label", title.text)
    if "hatch" in kept and any(one.get("fill") == "url(#hatch)" for one in svg.iter()):
        svg.insert(0, deepcopy(kept["hatch"]))
    for one in svg.iter():
        for name, value in one.attrib.items():
            found = re.fullmatch(r"var\(--([a-z-]+)\)", value)
            if found:
                one.set(name, paints[found[1]])
    for one in svg.iter(f"{_SVG}text"):
        one.text = visible(one.text or "")
    svg.set("font-family", letters)


def visible(text: str) -> str:
    """A text in the order in which it is seen from left to right, since drawings are lettered in that order.

    Without FriBidi, which Pango brings along, it stays as it is.

    >>> visible("29 Dec")
    '29 Dec'
    """
    if not any(bidirectional(one) in ("R", "AL") for one in text):
        return text
    for name in _FRIBIDI:
        with suppress(OSError, AttributeError):
            order = CDLL(name).fribidi_log2vis
            size = len(text)
            given, seen = (c_uint32 * size)(*map(ord, text)), (c_uint32 * size)()
            base = c_uint32(_FROM_THE_LEFT)
            if order(given, size, byref(base), seen, None, None, None):
                return "".join(map(chr, seen))
    return text


def _crop(at: Element, down: float, top: float, bottom: float) -> None:
    """Leave out of a drawing what stands above and below a row of it."""
    for one in list(at):
        moved = re.search(r"translate\([^,)]+,([^)]+)\)", one.get("transform", ""))
        place = down + (float(moved[1]) if moved else 0.0)
        if len(one):
            _crop(one, place, top, bottom)
            continue
        reach = float(one.get("y2") or one.get("height") or 0.0)
        if one.tag == f"{_SVG}path":
            reach = max((abs(float(number)) for number in re.findall(r"-?[\d.]+", one.get("d", ""))), default=0.0)
            outside = place + reach < top or place - reach > bottom
        else:
            outside = place + max(reach, 0.0) + _BELOW < top or place + min(reach, 0.0) - _BELOW > bottom
        if outside:
            at.remove(one)


def _foot(root: Element, base: str) -> str:
    """What every figure rests on, for the foot of each sheet; each part keeps its own direction."""
    stamp = root.find(".//footer[@class='stamp']")
    said = []
    for one in () if stamp is None else stamp.findall("dl/div"):
        what, value = ("".join(part.itertext()).strip() for part in (one[0], one[-1]))
        link = one.find(".//a")
        if link is None:
            said.append(f"{what} \u2068{value}\u2069")
        else:
            link.set("data-href", urljoin(base, link.get("href", "")))
    return " · ".join(said)


def _bound(seconds: int, memory: int) -> None:
    """Let others go first, and where the system can, let it end this process when it takes more than it may."""
    with suppress(AttributeError, OSError):
        os.nice(5)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _run() -> int:
    asked = json.load(sys.stdin.buffer)
    _bound(asked["seconds"], asked["memory"])
    try:
        import weasyprint
    except (ImportError, OSError):
        return LACKING
    weasyprint.LOGGER.disabled = True  # what it says may hold parts of the page
    sys.stdout.buffer.write(press(asked))
    return 0


if __name__ == "__main__":
    sys.exit(_run())
