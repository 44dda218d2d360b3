"""Draws Vega-Lite charts as SVG, beside the program where that was asked for in time.

The drawing engine takes a third of a second to wake, and keeps the interpreter to itself while it works. Run as a
program, this file draws what it reads: a line of JSON in, a line of JSON out. It imports nothing of the package, so
that it starts at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from threading import Lock
from typing import Any

_EMPTY: dict[str, Any] = {"data": {"values": []}, "mark": "point"}


class Press:
    """Draws charts in a process of its own once `start` was called, and in this one otherwise."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = Lock()

    def start(self) -> None:
        """Start the process and return at once. Where none can be started, this process draws.

        The process ends with this one, or when `stop` is called. An interruption of this one does not reach it.
        """
        with self._lock, suppress(OSError):
            if self._process is None and sys.executable:
                self._process = subprocess.Popen(  # noqa: S603 - this very file
                    [sys.executable, __file__],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    encoding="utf-8", start_new_session=True,
                )  # fmt: skip

    def wake(self) -> None:
        """Wake the engine in this process, unless another one draws."""
        if self._process is None:
            _draw(_EMPTY)

    def draw(self, chart: dict[str, Any]) -> str:
        """A chart, in Vega-Lite's grammar, as SVG."""
        with self._lock:
            drawn = self._ask(json.dumps(chart))
        return _draw(chart) if drawn is None else drawn

    def stop(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._end()

    def _ask(self, line: str) -> str | None:
        """What the process drew; None where it could not, which no report may suffer from."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            return str(json.loads(process.stdout.readline()))
        except (OSError, ValueError):
            self._end()
            return None

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _draw(chart: dict[str, Any]) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(chart))


PRESS = Press()
"""Of this program."""

if __name__ == "__main__":
    _draw(_EMPTY)
    for asked in sys.stdin:
        sys.stdout.write(json.dumps(_draw(json.loads(asked))) + "\n")
        sys.stdout.flush()
