"""Private directories for the length of a run, and the removal of those whose run was killed.

They hold customer data: unpacked files, and what the engine spills. A killed run cannot tidy up after itself, so the
next one does it.
"""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # a system without file locks: nobody can tell a killed run from a living one, so nothing is swept
    fcntl = None  # type: ignore[assignment]

_PREFIX = "firstcontact-"
_LOCK = ".running"
_held: dict[Path, int] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_held.clear)


def make_scratch(parent: Path | None = None) -> Path:
    """A new directory that only its owner can read. Directories of killed runs are removed on the way.

    Args:
        parent: Where; the system's directory for temporary files where None.

    Returns:
        The directory. It stays until `remove_scratch`, and is known to be in use while this process lives.

    Raises:
        OSError: None can be made.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    except FileNotFoundError as error:
        raise OSError(errno.EROFS, "no directory for temporary files can be written") from error
    if fcntl is not None:
        handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        _held[folder] = handle
        _sweep(folder.parent)
    return folder


def remove_scratch(folder: Path) -> None:
    """Remove a directory that `make_scratch` made, with everything in it."""
    shutil.rmtree(folder, ignore_errors=True)
    handle = _held.pop(folder, None)
    if handle is not None:
        with suppress(OSError):
            os.close(handle)


@atexit.register
def _remove_the_rest() -> None:
    """What an interruption kept from being removed in its place."""
    for folder in list(_held):
        remove_scratch(folder)


def _sweep(parent: Path) -> None:
    """Remove directories whose lock nobody holds any more. One without a lock is not ours to judge."""
    for folder in parent.glob(f"{_PREFIX}*"):
        if folder in _held:
            continue
        with suppress(OSError):
            handle = os.open(folder / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)
