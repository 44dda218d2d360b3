"""What ends a command early, in words: faults, an interruption, a full disk, a reader that went away, a defect."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup

from firstcontact.kernel.errors import (
    EXIT_INTERNAL,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_OUTPUT,
    INTERNAL,
    ErrorKind,
    Fault,
    FirstcontactError,
    out_of_memory,
)

NO_ROOM = ErrorKind(
    "FC6003",
    "there is no room to write",
    EXIT_OUTPUT,
    "A disk is full, a quota is used up or a file would be larger than allowed: where temporary data go (the directory "
    "that TMPDIR names), or where the standard output leads.",
)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
_AGAIN_SECONDS = 3.0
_USAGE: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class _Interruption:
    """Whether and when the command was asked to end, and whether that has been said."""

    at: float | None = None
    said = False


class Told(TyperGroup):
    """The commands, with one place where whatever ends them becomes words and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was typed."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except KeyboardInterrupt:
            raise _interrupted() from None
        except FirstcontactError as error:
            _trace()
            say(error)
            raise typer.Exit(error.exit_code) from None
        except MemoryError:
            _trace()
            lacking = out_of_memory()
            say(lacking)
            raise typer.Exit(lacking.exit_code) from None
        except (typer.Exit, typer.Abort):
            raise
        except SystemExit:  # how rich ends when the reader went away
            raise typer.Exit(EXIT_OK) from None
        except Exception as error:
            raise ended(error) from None


def prepare_streams() -> None:
    """Make both streams take any text: a closed one, and one whose encoding lacks a character of a file's name."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.StringIO())
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn Ctrl-C, a closed terminal and a request to end into one `KeyboardInterrupt`.

    Whatever an engine makes of it on its way up, the command then ends as interrupted. A second one soon after is the
    same wish, and does not disturb the tidying up.
    """
    _Interruption.at, _Interruption.said = None, False
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wishes = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {wish: signal.signal(wish, _interrupt) for wish in wishes if signal.getsignal(wish) != signal.SIG_IGN}
    unraisable = sys.unraisablehook
    try:
        yield
    finally:
        sys.unraisablehook = unraisable
        for wish, handler in before.items():
            signal.signal(wish, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    moment = time.monotonic()
    if _Interruption.at is None or moment - _Interruption.at > _AGAIN_SECONDS:
        _Interruption.at = moment
        # What a library leaves half done may not bear being thrown away; that is no news to who asked to end.
        sys.unraisablehook = lambda _: None
        raise KeyboardInterrupt


ALIKE = 5
"""Of faults that take the same cure, so many are told."""


def say(error: FirstcontactError) -> None:
    """Print the faults on standard error; of many alike the first few, and how many more there are."""
    seen: Counter[tuple[str, str]] = Counter()
    for fault in error.faults:
        alike = fault.kind.code, fault.cure
        seen[alike] += 1
        if seen[alike] <= ALIKE:
            print(told(fault), file=sys.stderr)
    for (code, cure), found in seen.items():
        if found > ALIKE:
            print(f"… and {found - ALIKE:,} more like the {code} above: {printable(cure)}", file=sys.stderr)


def told(fault: Fault) -> str:
    r"""A fault on readable lines.

    >>> print(told(NO_ROOM.fault(where="a\nb", saw="a full disk", allowed="room", cure="make room")))
    FC6003 there is no room to write
      where    a\nb
      saw      a full disk
      allowed  room
      do       make room
    """
    clauses = (("where", fault.where), ("saw", fault.saw), ("allowed", fault.allowed), ("do", fault.cure))
    lines = [f"{fault.kind.code} {fault.kind.title}"]
    return "\n".join(lines + [f"  {name:<8} {printable(text) or 'nothing'}" for name, text in clauses])


def printable(text: str) -> str:
    r"""Text that a terminal shows and does not obey.

    >>> printable("calls\x1b[2J.csv")
    'calls\\x1b[2J.csv'
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def ended(error: Exception) -> Exception:
    """Say what no step expected.

    Returns:
        What to raise instead: an exit with its code, or the error itself where typer says it.
    """
    if _Interruption.at is not None:  # an engine may raise an error of its own when it is interrupted
        return _interrupted()
    if isinstance(error, _USAGE):  # the command line was not understood, which typer says itself
        return error
    if isinstance(error, BrokenPipeError):
        _close_output()  # the reader has seen enough
        return typer.Exit(EXIT_OK)
    _trace()
    if isinstance(error, OSError) and error.errno in _FULL:
        where = Path(error.filename).name if isinstance(error.filename, str) else "temporary data, or standard output"
        cure = "make room, or name another directory with TMPDIR"
        fault = NO_ROOM.fault(where=where, saw=error.strerror or "a full disk", allowed="room enough", cure=cure)
        say(FirstcontactError([fault]))
        _close_output()
        return typer.Exit(EXIT_OUTPUT)
    # An engine's own message may quote a customer's row, so only the kind of error and its place are said.
    print(f"{INTERNAL.code} {INTERNAL.title}: {type(error).__name__} in {_place(error)}.", file=sys.stderr)
    print("Run again with FIRSTCONTACT_TRACEBACK=1 to see more; that text may hold your data.", file=sys.stderr)
    return typer.Exit(EXIT_INTERNAL)


def _close_output() -> None:
    """What is still in the buffer has nowhere to go, and shall not fail again at the end of the process."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupted() -> typer.Exit:
    _trace()
    _Interruption.said = True
    print("Interrupted. Nothing was left half-written.", file=sys.stderr)
    return typer.Exit(EXIT_INTERRUPTED)


def say_interrupted() -> None:
    """Say that the command was interrupted where nobody has: before it had understood what was typed."""
    if _Interruption.at is not None and not _Interruption.said:
        _interrupted()


def _place(error: Exception) -> str:
    """The innermost line of firstcontact's own that was running."""
    own = [
        step for step in traceback.extract_tb(error.__traceback__) if f"{os.sep}firstcontact{os.sep}" in step.filename
    ]
    if not own:
        return "an unknown place"
    return f"{own[-1].filename.rpartition(f'{os.sep}firstcontact{os.sep}')[2]}:{own[-1].lineno}"


def _trace() -> None:
    if os.environ.get("FIRSTCONTACT_TRACEBACK") == "1":
        traceback.print_exc()
