"""The handbook: the documentation as it was built with this version, as pages. It is in English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from firstcontact.doors.web.place import N_

PACKAGE = Path(__file__).parents[2]
BUILT = PACKAGE / "handbook"
"""Where a wheel carries the documentation; in a clone it lies in `docs`, beside `src`."""

GUIDE = N_("Guide")
MEASURING = N_("How it measures")
LOOKED_UP = N_("To look things up")

CHAPTERS: dict[str, tuple[str, ...]] = {
    GUIDE: ("tutorial", "service", "access", "reading-files", "report", "policy", "diff", "library", "simulator"),
    MEASURING: ("definitions", "truth", "proof", "theory/*"),
    LOOKED_UP: ("GLOSSARY", "reference/*"),
}
"""What stands in the handbook, by heading."""

_COMMENT = re.compile(r"\A\s*<!--.*?-->\s*", re.DOTALL)
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_/-]{0,80}")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A page of the handbook.

    Attributes:
        name: Its address below `/help/`.
        title: Its heading.
    """

    name: str
    title: str


def root() -> Path:
    """Where the documentation lies."""
    return BUILT if BUILT.is_dir() else PACKAGE.parents[1] / "docs"


@lru_cache
def chapters() -> tuple[tuple[str, tuple[Chapter, ...]], ...]:
    """The table of contents: headings, and the pages below each that are there."""
    found = []
    for heading, names in CHAPTERS.items():
        pages = [name for pattern in names for name in _named(pattern)]
        found.append((heading, tuple(Chapter(name, _title(_text(name) or "") or name) for name in pages)))
    return tuple((heading, pages) for heading, pages in found if pages)


def _named(pattern: str) -> list[str]:
    if not pattern.endswith("/*"):
        return [pattern] if _file(pattern) else []
    folder = pattern.removesuffix("/*")
    return [f"{folder}/{path.stem}" for path in sorted((root() / folder).glob("*.md")) if path.stem != "README"]


def _file(name: str) -> Path | None:
    """The file of a page; the glossary of a clone lies beside `docs`."""
    if not _NAME.fullmatch(name):
        return None
    places = (root() / f"{name}.md", root().parent / f"{name}.md") if name == "GLOSSARY" else (root() / f"{name}.md",)
    return next((path for path in places if path.is_file()), None)


def _text(name: str) -> str | None:
    path = _file(name)
    return _COMMENT.sub("", path.read_text(encoding="utf-8")) if path is not None else None


def _title(text: str) -> str:
    found = _TITLE.search(text)
    return found[1].replace("`", "") if found else ""


def known() -> frozenset[str]:
    """Names of all pages; nothing else is read, whatever an address asks for."""
    return frozenset(page.name for _, pages in chapters() for page in pages)


@lru_cache(maxsize=64)
def chapter(name: str) -> tuple[str, Markup] | None:
    """A page's heading and what stands below it; None where there is no such page.

    Args:
        name: Its address below `/help/`, such as `theory/nowcast`.
    """
    text = _text(name) if name in known() else None
    if text is None:
        return None
    body = _TITLE.sub("", text, count=1)
    return _title(text) or name, Markup(_reader(name, _title(text)).render(body))  # noqa: S704 - our documentation; its HTML is text


def _reader(name: str, title: str) -> MarkdownIt:
    """Reads a page: raw HTML stays text, headings can be linked to, links between pages stay inside the handbook."""
    above = ""

    def heading(self: Any, tokens: Any, place: int, options: Any, _env: Any) -> str:
        nonlocal above
        above = tokens[place + 1].content.replace("`", "")
        tokens[place].attrSet("id", _anchor(tokens[place + 1].content))
        return str(self.renderToken(tokens, place, options, _env))

    def link(self: Any, tokens: Any, place: int, options: Any, _env: Any) -> str:
        tokens[place].attrSet("href", _inside(name, str(tokens[place].attrGet("href") or "")))
        return str(self.renderToken(tokens, place, options, _env))

    def picture(_self: Any, tokens: Any, place: int, _options: Any, _env: Any) -> str:
        return f"<em>{Markup.escape(tokens[place].content)}</em>"

    def table(self: Any, tokens: Any, place: int, options: Any, _env: Any) -> str:
        name = Markup.escape(above or title)
        return f'<div class="scroll" tabindex="0" role="group" aria-label="{name}">' + str(
            self.renderToken(tokens, place, options, _env)
        )

    def table_end(self: Any, tokens: Any, place: int, options: Any, _env: Any) -> str:
        return str(self.renderToken(tokens, place, options, _env)) + "</div>"

    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    for kind, rule in (
        ("heading_open", heading),
        ("link_open", link),
        ("image", picture),
        ("table_open", table),
        ("table_close", table_end),
    ):
        reader.add_render_rule(kind, rule)
    return reader


def _anchor(words: str) -> str:
    """The name of a heading, as those who host Markdown make it.

    >>> _anchor("Backup and upgrade"), _anchor("`results.parquet`")
    ('backup-and-upgrade', 'resultsparquet')
    """
    kept = re.sub(r"[^\w\- ]", "", words.lower())
    return kept.replace(" ", "-")


def _inside(name: str, target: str) -> str:
    """Where a link of a page leads in the handbook; outside addresses stay as they are.

    >>> _inside("theory/nowcast", "../service.md#start"), _inside("service", "access.md"), _inside("a", "https://x.y")
    ('/help/service#start', '/help/access', 'https://x.y')
    """
    if re.match(r"[a-z]+:|#|//", target):
        return target
    path, _, part = target.partition("#")
    if not path.endswith(".md"):
        return "/help"
    steps: list[str] = []
    for step in (*PurePosixPath(name).parent.parts, *PurePosixPath(path).parts):
        if step == "..":
            steps = steps[:-1]
        elif step != ".":
            steps.append(step)
    return f"/help/{'/'.join(steps).removesuffix('.md')}" + (f"#{part}" if part else "")
