"""What a run needs once its files have been read: loaded at the beginning, and not while threads work."""

from __future__ import annotations

from contextlib import suppress


def load_ahead(language: str) -> None:
    """Load the report, and wake what draws charts in a process beside this one.

    In this thread: where two load at once and one is interrupted, Python may leave both waiting for a module for ever.

    Args:
        language: Language of the report.
    """
    from firstcontact.doors.report.charts.press import PRESS

    PRESS.start()
    # What cannot be loaded fails again where it is needed, and is told there.
    with suppress(Exception):
        from firstcontact.doors.report.build import make_ready

        make_ready(language)
