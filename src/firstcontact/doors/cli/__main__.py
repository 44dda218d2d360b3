"""The program as it is started from a shell: `firstcontact`, or `python -m firstcontact.doors.cli`."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import NoReturn

from firstcontact.doors.cli.app import main
from firstcontact.kernel.errors import EXIT_INTERNAL, EXIT_OK, EXIT_OUTPUT

_SELDOM = frozenset(f"numpy.{name}" for name in ("ctypeslib", "f2py", "testing", "typing"))
"""Parts of numpy that scipy names and nobody here uses, nor in several threads at once, which a module that is put off
does not bear: with all that they ask for, 0.05 s."""


class _Sparing:
    """Loads what a short run can do without when it is used, and not when it is named; and pandas never.

    Arrow imports pandas where it is installed, only to ask whether a list is a data frame: a quarter of a second. No
    command needs it; the library, which hands out data frames, is not started here.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Refuse pandas, put off what is seldom used, and leave every other module to who comes next."""
        if name == "pandas":
            raise ModuleNotFoundError("the program does without pandas", name=name)
        spec = PathFinder.find_spec(name, path, target) if name in _SELDOM else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def run() -> None:
    """Entry point of the process, which ends with a code of `kernel.errors.EXIT_CODES`."""
    sys.meta_path.insert(0, _Sparing)
    code = EXIT_OK
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else EXIT_OK if end.code is None else EXIT_INTERNAL
    _end(code)


def _end(code: int) -> NoReturn:
    """End without taking the interpreter apart object by object: a third of a second after a short run.

    And an interruption that passed through `exec`, by which classes are made, leaves Python believing that nobody took
    it: it would end by the signal, and not by our exit status.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody listens any more
        code = code or EXIT_OUTPUT
    atexit._run_exitfuncs()
    os._exit(code)


if __name__ == "__main__":
    run()
