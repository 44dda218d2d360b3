"""PDF of our own pages and reports, set by WeasyPrint where the extra `pdf` is installed.

Each is set in a process of its own (`pdf_press`), which may take so much time and memory and no more, knows nothing of
this one's settings, and fetches nothing. One is set at a time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from ctypes import CDLL
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import BoundedSemaphore, Semaphore

from firstcontact.doors import pdf_press
from firstcontact.doors.report.theme import LIGHT
from firstcontact.kernel.errors import EXIT_INPUT, EXIT_OUTPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause

NO_PDF = ErrorKind(
    "FC9801",
    "This installation makes no PDF",
    EXIT_OUTPUT,
    "A PDF is set by WeasyPrint, which the extra `pdf` brings, with the system's Pango. Everything else works without "
    "them, and a browser makes a PDF of any page by printing it.",
)
TOO_MUCH = ErrorKind(
    "FC9802",
    "This is too much for a PDF",
    EXIT_INPUT,
    "Setting a PDF may take so much time and memory, so that nobody else waits for it. The workbook has no such limit.",
)
BUSY = ErrorKind(
    "FC9803",
    "Other PDFs are being made",
    EXIT_OUTPUT,
    "One PDF is made at a time by each web process, and few may wait. Nothing is wrong; ask again a little later.",
)

SECONDS = 30
"""Of a processor; twice as long by the clock. The longest page of the demonstration takes 2."""
WAIT_SECONDS = 30
"""So long does one wait for those before it."""
WAITING = 4
"""So many are made or waited for; each holds one of the threads that answer requests."""
MOST_TEXT = 4_000_000
"""Characters of a page that is set at all."""
MEMORY = 2 << 30
"""Bytes of addresses that setting may take; of a page with a table of 3,000 rows it fills 400 MB."""

_PANGO = ("libpango-1.0.so.0", "libpango-1.0.so", "libpango-1.0.dylib", "libpango-1.0-0.dll", "pango-1.0-0")
"""What WeasyPrint looks for, on each system."""

_one = BoundedSemaphore(1)
_places = Semaphore(WAITING)


@lru_cache
def pdf_made() -> bool:
    """Whether this installation makes PDF. Asked once: who installs the extra starts the program anew."""
    return find_spec("weasyprint") is not None and any(_loads(name) for name in _PANGO)


def pdf(html: str, css: str, *, base: str = "", letters: str = "sans-serif", foot: str = "") -> bytes:
    """A page as PDF: tagged, with title, language, page numbers and links.

    Args:
        html: The page, of our own making.
        css: Style sheets after its own, `paper` last.
        base: The address that its links start from; those within it alone work where empty.
        letters: The fonts of its drawings, in the order of preference.
        foot: What stands at the foot of each sheet; what the page says that its figures rest on where empty.

    Raises:
        FirstcontactError: WeasyPrint or Pango is not there (FC9801), the page is too much (FC9802), or too many are
            asked for at once (FC9803).
    """
    if not pdf_made():
        raise _no_pdf()
    if len(html) > MOST_TEXT:
        raise _too_much(clause("{count} characters", count=MOST_TEXT))
    asked = {"html": html, "css": css, "base": base, "letters": letters, "foot": foot, "paints": LIGHT}
    if not _places.acquire(blocking=False):
        raise _busy()
    try:
        if not _one.acquire(timeout=WAIT_SECONDS):
            raise _busy()
        try:
            return _press(json.dumps({**asked, "seconds": SECONDS, "memory": MEMORY}).encode())
        finally:
            _one.release()
    finally:
        _places.release()


@lru_cache
def paper(direction: str) -> str:
    """The style sheet of paper; it stands after all others.

    Args:
        direction: `ltr` or `rtl`: on which side a sheet begins.
    """
    start, end = ("left", "right") if direction == "ltr" else ("right", "left")
    text = (Path(__file__).parent / "paper.css").read_text(encoding="utf-8")
    return (
        text.replace("@top-start", f"@top-{start}")
        .replace("@top-end", f"@top-{end}")
        .replace("@bottom-start", f"@bottom-{start}")
        .replace("@bottom-end", f"@bottom-{end}")
    )


def _press(asked: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - our own file
            [sys.executable, "-P", pdf_press.__file__],
            input=asked, capture_output=True, timeout=2 * SECONDS, check=False,
            # What the service is set up with, secrets among it, is none of its business.
            env={name: value for name, value in os.environ.items() if not name.startswith("FIRSTCONTACT_")},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise _too_much(clause("{count} seconds", count=2 * SECONDS)) from error
    if done.returncode == pdf_press.LACKING:
        raise _no_pdf()
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        raise _too_much(clause("{count} seconds of a processor, {size} GB of memory", count=SECONDS, size=MEMORY >> 30))
    return done.stdout


def _loads(name: str) -> bool:
    try:
        CDLL(name)
    except OSError:
        return False
    return True


def _no_pdf() -> FirstcontactError:
    return FirstcontactError(
        [
            NO_PDF.fault(
                where="this installation",
                saw="no WeasyPrint, or no Pango that it could write with",
                allowed="the extra `pdf`, and Pango 1.44 or newer",
                cure="install firstcontact[pdf] and the system's Pango (docs/service.md), or print from the browser",
            )
        ]
    )


def _too_much(allowed: Sentence) -> FirstcontactError:
    cure = "take the workbook, ask for fewer rows, or print from the browser"
    return FirstcontactError([TOO_MUCH.fault(where="this page", saw="more", allowed=allowed, cure=cure)])


def _busy() -> FirstcontactError:
    cure = "ask again in a few seconds"
    return FirstcontactError(
        [
            BUSY.fault(
                where="this server",
                saw="other PDFs in the making",
                allowed=clause("{count} at once", count=WAITING),
                cure=cure,
            )
        ]
    )
