"""The directory of a run: known by its run.json, refused where it is another's or damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from firstcontact.kernel.errors import EXIT_INPUT, ErrorKind, Faults, FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.services.publish import RUN_FILE
from firstcontact.services.record import RUN_FORMAT

NOT_A_RUN = ErrorKind(
    "FC6150",
    "This is not the directory of a run",
    EXIT_INPUT,
    "A run is the directory that `firstcontact measure --out DIR` wrote; it is known by its run.json.",
)
NEWER_RUN = ErrorKind(
    "FC6151",
    "The run was written by a newer firstcontact",
    EXIT_INPUT,
    "Its directory has a form that this version does not know. Install the newer version to read it.",
)
DAMAGED_RUN = ErrorKind(
    "FC6152",
    "A file of the run cannot be read",
    EXIT_INPUT,
    "A file is missing, may not be read, or does not hold what firstcontact wrote there. Measure again.",
)

T = TypeVar("T")

_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, pa.ArrowException)


def read_head(place: Path, faults: Faults) -> dict[str, Any] | None:
    """What `run.json` of a directory holds, with a fault where it cannot be read.

    Args:
        place: The directory.
        faults: Where faults are noted (FC6150 to FC6152).

    Returns:
        Its data: none in it where they are damaged; None where the other files are not worth looking at, since it is
        not the directory of a run or of a form that is not known.
    """
    if not (place / RUN_FILE).is_file():
        saw = clause("a file") if place.exists() else clause("nothing")
        if place.is_dir():
            saw = clause("a directory without {file}", file=RUN_FILE)
        cure = "name a directory that `firstcontact measure --out` wrote"
        faults.add(NOT_A_RUN, where=str(place), saw=saw, allowed="the directory of a run", cure=cure)
        return None
    run = part(place, RUN_FILE, _run, faults)
    if run is None:
        return {}
    form = run.get("format", 1)
    if not isinstance(form, int) or form > RUN_FORMAT:
        cure = "read it with the version that wrote it, or measure again with this one"
        saw = clause("form {form}", form=form) if isinstance(form, int) else clause("a form that is no whole number")
        faults.add(
            NEWER_RUN,
            where=str(place / RUN_FILE),
            saw=saw,
            allowed=clause("form {form}", form=RUN_FORMAT),
            cure=cure,
        )
        return None
    return run


def part(place: Path, name: str, read: Callable[[Path], T], faults: Faults) -> T | None:
    """What one file of a run holds; None, and why not, where it cannot be read.

    Args:
        place: The run's directory.
        name: The file's name.
        read: Reads it.
        faults: Where the fault is noted (FC6152).
    """
    try:
        return read(place / name)
    except _DAMAGE as error:
        saw = clause("{error} while reading", error=type(error).__name__)
        if isinstance(error, FileNotFoundError):
            saw = clause("no such file")
    except FirstcontactError as error:
        saw = clause(error.faults[0].kind.title.lower())
    cure = "measure again, or take the file from a copy"
    faults.add(DAMAGED_RUN, where=str(place / name), saw=saw, allowed="the file as it was written", cure=cure)
    return None


def json_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        TypeError: It holds something else.
        ValueError: It holds no JSON.
        OSError: It cannot be read.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise TypeError("not an object")
    return data


def _run(path: Path) -> dict[str, Any]:
    data = json_object(path)
    for end in ("since", "cutoff"):
        datetime.fromisoformat(data["frame"][end])
    return data
