"""What a run needs once its files have been read, loaded while the engine reads them."""

from __future__ import annotations

import atexit
from contextlib import suppress
from importlib import import_module
from threading import Event, Thread

LONGEST_SECONDS = 5
"""An ending program waits no longer for what is being loaded."""
_LATER = ("scipy.special", "firstcontact.doors.cli.summary")


def load_ahead(language: str) -> Thread:
    """Load the report and slow packages in a thread, and wake what draws charts in a process, both beside this one.

    Args:
        language: Language of the report.

    Returns:
        The thread, which nobody has to wait for: what is not loaded yet where it is needed is waited for there.
    """
    from firstcontact.doors.report.charts.press import PRESS

    PRESS.start()
    enough = Event()
    thread = Thread(target=_load, args=(language, enough), daemon=True)
    thread.start()
    atexit.register(_settle, thread, enough)
    return thread


def _settle(thread: Thread, enough: Event) -> None:
    """Let the module that is being loaded come to its end: a thread cut off inside it may block the process's own."""
    enough.set()
    thread.join(LONGEST_SECONDS)


def _load(language: str, enough: Event) -> None:
    # What cannot be loaded fails again where it is needed, and is told there.
    with suppress(Exception):
        from firstcontact.doors.report.build import make_ready

        for name in _LATER:
            if enough.is_set():
                return
            import_module(name)
        if not enough.is_set():
            make_ready(language)
