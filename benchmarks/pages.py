"""What each page of a running service takes: on the server, on the line, and in a headless Chromium."""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from tools.crawl import crawl, shape
from tools.gallery import chromium

MOST_MS, MOST_PAINT_MS, MOST_BYTES, MOST_SHIFT = 100.0, 1_000.0, 300_000, 0.0005
"""Targets: the 99th percentile on the server, the first paint, the weight without fonts, and the layout shift: none, to
the three places that are written."""

HEAD = """\
One page of each kind that links lead to, asked for by one visitor after the other had its answer, when every page had
been asked for twice. Weight: the page with its style and script, uncompressed, fonts not counted. First paint and
layout shift: in a headless Chromium with an empty cache, the middle of three.
"""

PAINTED = """() => new Promise((told) => {
  const found = { paint: null, shift: 0 };
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) found.shift += one.value;
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === "first-contentful-paint") {
      found.paint = one.startTime;
      setTimeout(() => told(found), 400);
    }
  }).observe({ type: "paint", buffered: true });
  setTimeout(() => told(found), 10_000);
})"""
"""When a page was first drawn, and how far what was drawn moved until a moment later; null where nothing was drawn."""


@dataclass
class PageTime:
    """What was measured of a page.

    Attributes:
        name: Its kind.
        address: Its own.
        role: Who looked.
        times: Seconds of each answer.
        weight: Bytes of the page, its style and its script.
        paint: Milliseconds until something was drawn; None where nothing was.
        shift: How far what was drawn moved (CLS).
    """

    name: str
    address: str
    role: str
    times: list[float]
    weight: int
    paint: float | None = None
    shift: float = 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the answers did not take longer than."""
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def met(self) -> bool:
        """Whether all targets are."""
        fast = self.percentile(0.99) < MOST_MS and self.paint is not None and self.paint < MOST_PAINT_MS
        return fast and self.weight < MOST_BYTES and self.shift < MOST_SHIFT


def time_pages(port: int, tokens: Mapping[str, str], seconds: float) -> list[PageTime]:
    """Ask for a page of each kind, again and again, and look at each in a browser.

    Args:
        port: Where the service listens.
        tokens: By role; each page is asked for by the first who may see it.
        seconds: How long each page is asked for.
    """
    found: list[PageTime] = []
    for role, token in tokens.items():
        known = {one.name for one in found}
        places = [one for one in _one_of_each(port, token) if shape(one) not in known]
        for address in places:
            print(f"  {address}", flush=True)
            answers = list(_asked(port, token, address, seconds))
            text = answers[-1][1]
            weight = len(text) + sum(len(_get(port, token, one)[1]) for one in _assets(text))
            found.append(PageTime(shape(address), address, role, [took for took, _ in answers[2:]], weight))
        _look(port, token, [one for one in found if one.role == role])
    return found


def section(found: list[PageTime]) -> str:
    """What the page of the load says of them.

    Args:
        found: All that were measured.
    """
    rows = [
        HEAD,
        "| page | p50 ms | p99 ms | KB | first paint ms | layout shift | |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for one in found:
        paint = "none" if one.paint is None else f"{one.paint:.0f}"
        rows.append(
            f"| `{one.name}` | {one.percentile(0.5):.1f} | {one.percentile(0.99):.1f} | {one.weight / 1000:.0f} | "
            f"{paint} | {one.shift:.3f} | {'met' if one.met else 'missed'} |"
        )
    targets = (
        f"Targets: p99 < {MOST_MS:.0f} ms, first paint < {MOST_PAINT_MS:.0f} ms, < {MOST_BYTES // 1000} KB, no shift."
    )
    return "\n".join([*rows, "", targets, ""])


def _get(port: int, token: str, address: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", address, headers=_headers(token))
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "text/html"}


def _one_of_each(port: int, token: str) -> list[str]:
    def get(address: str) -> tuple[int, str]:
        status, body = _get(port, token, address)
        return status, body.decode()

    found: dict[str, str] = {}
    for page in crawl(get, each=1):
        if page.status == 200:
            found.setdefault(shape(page.address), page.address)
    return list(found.values())


def _asked(port: int, token: str, address: str, seconds: float) -> Iterator[tuple[float, bytes]]:
    """Seconds and body of each answer, the first two of which only warm up."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    ending = time.perf_counter() + seconds
    count = 0
    while count < 12 or time.perf_counter() < ending:
        began = time.perf_counter()
        connection.request("GET", address, headers=_headers(token))
        answer = connection.getresponse()
        body = answer.read()
        yield time.perf_counter() - began, body
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"{address} answered {answer.status}")
        count += 1
    connection.close()


def _assets(text: bytes) -> set[str]:
    found = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', text.decode()))
    return {one for one in found if urlsplit(one).path.endswith((".css", ".js"))}


def _look(port: int, token: str, pages: list[PageTime]) -> None:
    """First paint and layout shift of each page, in a browser that has none of its files yet."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        for one in pages:
            seen = []
            for _ in range(3):
                context = browser.new_context(
                    viewport={"width": 1280, "height": 900}, extra_http_headers={"Authorization": f"Bearer {token}"}
                )
                page = context.new_page()
                page.goto(f"http://127.0.0.1:{port}{one.address}", wait_until="load")
                seen.append(page.evaluate(PAINTED))
                context.close()
            drawn = sorted(each["paint"] for each in seen if each["paint"] is not None)
            one.paint = drawn[1] if len(drawn) == len(seen) else None
            one.shift = max(each["shift"] for each in seen)
        browser.close()
