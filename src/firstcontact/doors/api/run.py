"""Listen: one web process, or several behind one address, with a worker beside them that is begun anew if it dies."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from firstcontact import bootstrap
from firstcontact.doors.api.app import create_app

if TYPE_CHECKING:
    from fastapi import FastAPI

    from firstcontact.kernel.service_settings import ServiceSettings

KILL_SECONDS = 10
"""How long a web process may take for the requests that it has begun, once it is asked to end."""

_log = logging.getLogger("firstcontact.serve")


def run(settings: ServiceSettings, *, processes: int = 1, demo: bool = False) -> None:
    """Serve until somebody asks it to end; requests that were begun are answered first.

    Args:
        settings: What the surroundings say.
        processes: How many web processes.
        demo: Whether simulated contacts keep arriving.
    """
    with _worker(settings), _arrivals(settings, demo=demo):
        if processes == 1:
            asyncio.run(_serve(settings))
            return
        from granian import Granian
        from granian.constants import Interfaces

        # They read it from there: what was typed at the command line wins over what was set.
        for name in ("data", "database", "host", "port"):
            os.environ[f"FIRSTCONTACT_{name.upper()}"] = str(getattr(settings, name))
        server = Granian(
            "firstcontact.doors.api.run:application",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            workers=processes,
            factory=True,
            log_enabled=False,
            websockets=False,
            respawn_failed_workers=True,
            # One that is told to end while it begins does not hear it.
            workers_kill_timeout=KILL_SECONDS,
        )
        server.serve()


def application() -> FastAPI:
    """The application of a web process that was begun by another, from its environment."""
    from firstcontact.doors.log import start_logs
    from firstcontact.kernel.service_settings import read_settings

    start_logs()
    return _app(read_settings())


def _app(settings: ServiceSettings) -> FastAPI:
    app = create_app(bootstrap.open_service(settings, longest=settings.statement_seconds))
    # What is there now stays until the end, and is not gone through again while somebody waits.
    gc.collect()
    gc.freeze()
    return app


async def _serve(settings: ServiceSettings) -> None:
    from granian.constants import Interfaces
    from granian.server.embed import Server

    app = _app(settings)
    server = Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        websockets=False,
    )
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, server.stop)
    _log.info("serving")
    await server.serve()
    _log.info("ended")


@contextmanager
def _worker(settings: ServiceSettings) -> Iterator[None]:
    """A process that does the jobs, for the length of a block; a measurement takes no time from who asks."""
    if not settings.worker:
        yield
        return
    ending = threading.Event()
    running: list[subprocess.Popen[bytes]] = []
    surroundings = {
        **os.environ,
        "FIRSTCONTACT_DATA": str(settings.data.absolute()),
        "FIRSTCONTACT_DATABASE": settings.database,
    }
    command = [sys.executable, "-m", "firstcontact.doors.cli", "worker", "--follow"]

    def begin() -> subprocess.Popen[bytes]:
        # A group of its own: Ctrl-C reaches this process, which then lets the worker end well.
        return subprocess.Popen(command, stdin=subprocess.PIPE, env=surroundings, start_new_session=True)  # noqa: S603

    def keep() -> None:
        while not ending.wait(1):
            if running[0].poll() is not None:
                _log.warning("the worker ended and is begun anew", extra={"exit": running[0].returncode})
                running[0] = begin()

    running.append(begin())
    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join()
        _let_end(running[0])


def _let_end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()  # it hears of it, gives its job back, and ends
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _arrivals(settings: ServiceSettings, *, demo: bool) -> Iterator[None]:
    """Simulated contacts that arrive as their time comes, for the length of a block."""
    if not demo:
        yield
        return
    from firstcontact.doors.demo import arrive

    ending = threading.Event()
    work: Callable[[], None] = lambda: arrive(settings, ending)  # noqa: E731 - what the thread does
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(5)
