"""A directory that appears whole or not at all, readable by its owner only."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from firstcontact.kernel.errors import EXIT_OUTPUT, ErrorKind, FirstcontactError, of_system
from firstcontact.kernel.sentence import Sentence, clause

DIRECTORY_EXISTS = ErrorKind(
    "FC6001",
    "The output directory exists already",
    EXIT_OUTPUT,
    "Nothing is overwritten unasked. `--force` replaces an earlier output of the same kind, and nothing else.",
)
CANNOT_WRITE = ErrorKind(
    "FC6002",
    "The output directory cannot be written",
    EXIT_OUTPUT,
    "The place is read-only, full, or inside something that is not a directory. Nothing was left behind.",
)


class WholeFolder:
    """A directory written beside its place and moved there when complete.

    Args:
        folder: The directory.
        force: Whether an earlier output there may be replaced. A directory with anything else in it never is.
        mark: A file, relative to the directory, by which an earlier output is known.
    """

    def __init__(self, folder: Path, *, force: bool = False, mark: str) -> None:
        self._folder = folder
        self._force = force
        self._mark = mark

    def check(self) -> None:
        """Raise if the directory may not be written.

        Raises:
            FirstcontactError: Something is there that may not be replaced (FC6001), or the place is no place (FC6002).
        """
        try:
            str(self._folder).encode()
            self._check()
        except UnicodeEncodeError:
            raise self._unwritable(clause("a name that is no valid text")) from None
        except OSError as error:  # a name that is too long, a loop of links, a disk that went away
            raise self._unwritable(of_system(error)) from error

    def _check(self) -> None:
        folder = self._folder
        if folder.is_dir():
            earlier = (folder / self._mark).is_file()
            if any(folder.iterdir()) and not (self._force and earlier):
                cure = clause("Choose another directory.")
                if earlier:
                    cure = clause("Choose another directory, or add --force to replace it.")
                saw = "an earlier output" if earlier else "files that are not an earlier output"
                allowed = "a directory that is empty or not there yet"
                raise FirstcontactError(
                    [DIRECTORY_EXISTS.fault(where=str(folder), saw=saw, allowed=allowed, cure=cure)]
                )
        elif folder.exists():
            raise self._unwritable(clause("a file of that name"))
        existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
        if not os.access(existing, os.W_OK | os.X_OK):
            raise self._unwritable(clause("a place that may not be written"))

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """A private directory to fill; when the block ends well, it takes its place, and otherwise it is gone.

        Raises:
            FirstcontactError: As `check`; or the disk is full or read-only (FC6002).
        """
        self.check()
        new = self._new_parents()
        done = False
        partial = None
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            # Never a name that an earlier, killed run may have left behind; and known before the directory is there, so
            # that an interruption between the two finds it.
            partial = self._folder.parent / f"{self._folder.name[:150]}.partial-{secrets.token_hex(8)}"
            partial.mkdir(mode=0o700)
            yield partial
            for path in partial.rglob("*"):
                path.chmod(0o700 if path.is_dir() else 0o600)
            self._move(partial)
            done = True
        except OSError as error:
            raise self._unwritable(of_system(error)) from error
        finally:
            if partial is not None:
                shutil.rmtree(partial, ignore_errors=True)
            if not done:
                for parent in new:
                    with suppress(OSError):
                        parent.rmdir()

    def earlier(self, name: str) -> Path | None:
        """A file of the earlier output that will be replaced; None where there is none."""
        path = self._folder / name
        return path if path.is_file() else None

    def _new_parents(self) -> list[Path]:
        """Directories that must be made before this one, innermost first."""
        return [parent for parent in self._folder.absolute().parents if not parent.exists()]

    def _move(self, partial: Path) -> None:
        """Put the complete directory in its place; an earlier one goes only once the new one stands."""
        earlier = self._folder.with_name(f"{self._folder.name}.earlier-{os.getpid()}")
        replaces = self._folder.exists()
        if replaces:
            self._folder.rename(earlier)
        try:
            partial.rename(self._folder)
        except OSError:
            if replaces:
                earlier.rename(self._folder)
            raise
        shutil.rmtree(earlier, ignore_errors=True)

    def _unwritable(self, saw: Sentence) -> FirstcontactError:
        where, allowed = str(self._folder), "a place where you may write, with room enough"
        cure = "Choose another directory or make room."
        return FirstcontactError([CANNOT_WRITE.fault(where=where, saw=saw, allowed=allowed, cure=cure)])
