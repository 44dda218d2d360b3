"""What a file holds and how it would be understood: the step before measuring."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from firstcontact.contacts.inspection import Inspection
from firstcontact.kernel.errors import EXIT_OUTPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.progress import Progress, silent

if TYPE_CHECKING:
    from firstcontact.kernel.engine import Engine

MAPPING_NOT_WRITTEN = ErrorKind(
    "FC1030",
    "the mapping file could not be written",
    EXIT_OUTPUT,
    "The directory does not exist or may not be written to, or a file of that name exists and --force was not given.",
)


class Inspector(Protocol):
    """What can look into a source."""

    def inspect(
        self,
        engine: Engine,
        paths: Sequence[Path],
        mapping: Any = None,
        *,
        zone: str | None = None,
        extra: Sequence[str] = (),
        show_values: bool = False,
        progress: Progress = silent,
    ) -> Inspection:
        """Find out how files would be understood."""


def inspect(
    inspector: Inspector,
    engine: Engine,
    paths: Sequence[Path],
    mapping: Any = None,
    *,
    zone: str | None = None,
    extra: Sequence[str] = (),
    show_values: bool = False,
    write_mapping: Path | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> Inspection:
    """Look into files, and write the mapping for a person to correct.

    Args:
        inspector: The connector.
        engine: Where tables are kept meanwhile.
        paths: Files and directories.
        mapping: A mapping to try; guessed where None.
        zone: In which local times are understood.
        extra: Further source columns to keep.
        show_values: Whether samples are values rather than patterns of their characters.
        write_mapping: Where to write the mapping file; nowhere where None.
        force: Whether an existing mapping file may be replaced.
        progress: Told what is being done.

    Raises:
        FirstcontactError: When the files cannot be read at all, or FC1030.
    """
    if write_mapping is not None and write_mapping.exists() and not force:
        raise _not_written(write_mapping, "a file of that name", "a name that is free, or --force")
    found = inspector.inspect(
        engine, paths, mapping, zone=zone, extra=extra, show_values=show_values, progress=progress
    )
    if write_mapping is not None:
        _write(write_mapping, found.mapping_file)
    return found


def _write(path: Path, text: str) -> None:
    """Whole or not at all: under another name first."""
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _not_written(path, f"{type(error).__name__}", "a directory you may write to") from None


def _not_written(path: Path, saw: str, allowed: str) -> FirstcontactError:
    return FirstcontactError(
        [
            MAPPING_NOT_WRITTEN.fault(
                where=path.name, saw=saw, allowed=allowed, cure="choose another place with --write-mapping"
            )
        ]
    )
