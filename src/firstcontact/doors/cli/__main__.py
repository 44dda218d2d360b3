"""The program as it is started from a shell: `firstcontact`, or `python -m firstcontact.doors.cli`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType

from firstcontact.doors.cli.app import main


class _WithoutPandas:
    """Says that pandas is not installed.

    Arrow imports it where it is, only to ask whether a list is a data frame: a quarter of a second of a short run. No
    command needs it; the library, which hands out data frames, is not started here.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:  # noqa: ARG004
        """Refuse pandas, and leave every other module to who comes next."""
        if name == "pandas":
            raise ModuleNotFoundError("the program does without pandas", name=name)


def run() -> None:
    """Entry point of the process.

    Raises:
        SystemExit: Always, with a code of `kernel.errors.EXIT_CODES`.
    """
    sys.meta_path.insert(0, _WithoutPandas)
    try:
        main()
    finally:
        # An interruption that passes through `exec`, by which classes are made, leaves Python believing that nobody
        # took it: it would end by the signal, not by our exit status. To run anything afterwards tells it otherwise.
        exec("")  # noqa: S102


if __name__ == "__main__":
    run()
