"""What a run needs once its files have been read, loaded while the engine reads them."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from threading import Thread

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
    thread = Thread(target=_load, args=(language,), daemon=True)
    thread.start()
    return thread


def _load(language: str) -> None:
    # What cannot be loaded fails again where it is needed, and is told there.
    with suppress(Exception):
        from firstcontact.doors.report.build import make_ready

        for name in _LATER:
            import_module(name)
        make_ready(language)
