"""Goes through the pages of a service by their links, as a visitor would: for tests, for the gallery, for the load."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit

NO_PAGES = ("/api/", "/static/", "/take", "/login", "/logout", "/sso/")
"""Beginnings of addresses that are files, forms or the way out."""

_OWN = re.compile(r"(?<=/)(?=[^/]*\d)[0-9A-Za-z_.:-]+")
_HANDBOOK = re.compile(r"^/help/.+")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page.

    Attributes:
        address: Where it leads, without what stands after `#`.
        text: What stands in it.
        counts: Whether it is a count that leads to its rows.
        source: Address of the page that it stands on.
    """

    address: str
    text: str
    counts: bool
    source: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was visited.

    Attributes:
        address: Its own.
        status: Of HTTP.
        text: As it came.
        links: All that lead to pages and files of the service.
    """

    address: str
    status: int
    text: str
    links: tuple[Link, ...]

    @property
    def total(self) -> int | None:
        """How many rows it says that it lists; None where it lists none."""
        found = re.search(r'class="(?:[^"]* )?of(?: [^"]*)?"[^>]*>(.*?)</p>', self.text, re.S)
        numbers = figures(re.sub(r"<[^>]+>", " ", found.group(1))) if found else []
        return numbers[-1] if numbers else None


def figures(text: str) -> list[int]:
    """Whole numbers in an English text.

    >>> figures("1–50 of 1,204 contacts")
    [1, 50, 1204]
    """
    return [int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", text)]


def shape(address: str) -> str:
    """What addresses of one kind of page have in common: what stands for one thing among many is a star.

    >>> shape("/imports/01a2c3?run=1"), shape("/reason?name=x"), shape("/help/theory/nowcast")
    ('/imports/*', '/reason', '/help/*')
    """
    return _HANDBOOK.sub("/help/*", _OWN.sub("*", urlsplit(address).path))


def crawl(
    get: Callable[[str], tuple[int, str]],
    begin: str = "/",
    *,
    each: int = 3,
    wanted: Callable[[Link], bool] | None = None,
) -> Iterator[Page]:
    """Every page that links lead to, the nearest first.

    Args:
        get: Gives status and text of an address.
        begin: Where to begin.
        each: At most so many pages of one shape.
        wanted: Which links are followed, whatever their page's shape; None for no others.
    """
    waiting, known, visited = deque([begin]), {begin}, Counter[str]()
    while waiting:
        address = waiting.popleft()
        status, text = get(address)
        found = links(text, address)
        yield Page(address, status, text, found)
        for one in found:
            kind = shape(one.address)
            if one.address in known or one.address.startswith(NO_PAGES):
                continue
            if visited[kind] < each or (wanted is not None and wanted(one)):
                visited[kind] += 1
                known.add(one.address)
                waiting.append(one.address)


def links(text: str, source: str) -> tuple[Link, ...]:
    """The links of a page that stay in the service.

    Args:
        text: The page.
        source: Its address.
    """
    reader = _Reader(source)
    reader.feed(text)
    return tuple(reader.found)


class _Reader(HTMLParser):
    """Gathers links."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source
        self._open: tuple[str, bool] | None = None
        self._said = ""
        self.found: list[Link] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        href = given.get("href") or given.get("xlink:href")
        if tag != "a" or not href or href.startswith(("#", "mailto:")):
            return
        address = href.partition("#")[0]
        if address.startswith("?"):
            address = urlsplit(self._source).path + address
        if address.startswith("/") and not address.startswith("//"):
            self._open = (address, "rows-behind" in (given.get("class") or "").split())
            self._said = ""

    def handle_data(self, data: str) -> None:
        self._said += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open is not None:
            address, counts = self._open
            self.found.append(Link(address, " ".join(self._said.split()), counts, self._source))
            self._open = None
