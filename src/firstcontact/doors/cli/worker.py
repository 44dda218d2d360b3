"""`firstcontact worker`: does the service's jobs, beside the process that serves or on another machine."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from firstcontact.services.work import Worker


def worker(
    follow: Annotated[
        bool, typer.Option("--follow", hidden=True, help="End when the standard input does: whoever began it is gone.")
    ] = False,
) -> None:
    """Do the service's jobs: link what arrived, measure, deliver webhooks. Several may run at once."""
    from firstcontact.doors.cli.surroundings import surroundings

    settings = surroundings()
    from firstcontact import bootstrap
    from firstcontact.doors.log import start_logs
    from firstcontact.doors.report.build import render
    from firstcontact.kernel.errors import EXIT_INTERNAL
    from firstcontact.services.work import LANES, work_together

    start_logs()
    service = bootstrap.open_service(settings, lambda run: render(run, "en"))
    workers = [bootstrap.open_worker(service, lane=lane) for lane in LANES]
    _end_well(workers, follow=follow)
    try:
        well = work_together(workers)
    finally:
        service.close()
    if not well:
        raise typer.Exit(EXIT_INTERNAL)


def _end_well(workers: Sequence[Worker], *, follow: bool) -> None:
    """Have workers give their jobs back when they are asked to end."""

    def end(_number: int = 0, _frame: FrameType | None = None) -> None:
        for one in workers:
            one.stop()

    if threading.current_thread() is threading.main_thread():
        for wish in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wish, end)
    if follow:

        def watch() -> None:
            sys.stdin.buffer.read()
            end()

        threading.Thread(target=watch, daemon=True).start()
