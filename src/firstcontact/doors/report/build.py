"""The report of a run: one HTML file that needs nothing else, not even a network.

It opens with the answer in a sentence, goes through the sections of `sections/catalog.py`, and ends with how all that
came about. It only formats what the run holds, and ranks for display.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from firstcontact.doors.font import fonts
from firstcontact.doors.language import SOURCE, matched
from firstcontact.services.run import Run

if TYPE_CHECKING:
    from firstcontact.doors.report.writer import Writer

_HERE = Path(__file__).parent
_HYPHENED = re.compile(r"\b([RTS])-FCR\b")


def render(run: Run, language: str = "en") -> str:
    """The report of a run as one HTML file.

    Args:
        run: What was measured.
        language: A language tag of those the report speaks (`report.translation.languages`).

    Returns:
        HTML text, to be written as UTF-8.

    Raises:
        FirstcontactError: FC6100, the report has not been translated into the language.
    """
    from firstcontact.doors.report.charts.press import PRESS

    # Where nobody thought of it earlier, the drawing engine at least wakes while the rest is imported.
    Thread(target=PRESS.wake, daemon=True).start()
    from firstcontact.doors.report.writer import Writer

    writer = Writer.of(language, run.zone)
    try:
        page = _page(run, writer)
    finally:
        PRESS.stop()
    html: str = _template(matched(language) or SOURCE).render(**page)
    # At its hyphen a line could break; from right to left the other half would stand on the other side of the page.
    return _HYPHENED.sub("\\1-\u2060FCR", html) if matched(language) != SOURCE else html


def make_ready(language: str) -> None:
    """Load all that `render` needs but the run, so that it begins at once.

    Args:
        language: As `render` will be given it.
    """
    from firstcontact.doors.report.sections import catalog  # noqa: F401 - loaded, not used
    from firstcontact.doors.report.translation import locale

    locale(language)
    _template(matched(language) or SOURCE)


def _page(run: Run, writer: Writer) -> dict[str, Any]:
    """Everything that the template sets on the page."""
    from markupsafe import Markup

    from firstcontact.doors.report import theme
    from firstcontact.doors.report.sections.catalog import SECTIONS

    style = (_HERE / "style.css").read_text(encoding="utf-8")
    return {
        "number": writer.notation,
        "writer": writer,
        "style": Markup(theme.tokens() + fonts() + style),  # noqa: S704 - our own style sheet
        "language": str(writer.notation.locale).replace("_", "-"),
        "direction": "rtl" if writer.rtl else "ltr",
        **opening(run, writer),
        "sections": [section for write in SECTIONS for section in write(run, writer)],
    }


def opening(run: Run, writer: Writer) -> dict[str, Any]:
    """What the opening shows (`templates/opening.html.j2`), in the report and at the head of a page.

    Args:
        run: What was measured.
        writer: Speaks the reader's language.
    """
    from firstcontact.doors.report.answer import answer, asks_return
    from firstcontact.services.reach import judged

    return {
        "run": run,
        "answer": answer(run, writer),
        "returns": asks_return(run.policy),
        "issues": run.headline_measure == "fcr_issue",
        "warnings": [finding for finding in run.findings if finding.level == "warning"],
        "dates": " – ".join(map(writer.notation.day, judged(run))),
    }


@lru_cache
def _template(language: str) -> Any:
    """The page's template, speaking a language."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from firstcontact.doors.report.translation import translations

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return environment.get_template("report.html.j2")
