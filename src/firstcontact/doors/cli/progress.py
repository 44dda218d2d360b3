"""A line that moves while something long runs; nothing where the output is read by a program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firstcontact.kernel.progress import Progress


@contextmanager
def moving(first: str) -> Iterator[Progress]:
    """Show what is being done, on standard error, where that is a terminal.

    Args:
        first: What is done first.

    Yields:
        What to call with each step.
    """
    from firstcontact.kernel.progress import silent

    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(first, total=None)
        yield lambda step: bar.update(task, description=step)
