"""Use case: learn a fit from files, and say what moved since an earlier one."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firstcontact.kernel.errors import EXIT_OUTPUT, ErrorKind, FirstcontactError
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.progress import Progress, silent
from firstcontact.measurement.fit.compare import Movement, compare
from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.linking.frame import Frame
from firstcontact.services.learn_fit import learn_fit
from firstcontact.services.prepare import Connector, Options, prepare

if TYPE_CHECKING:
    from firstcontact.kernel.engine import Engine


FIT_NOT_WRITTEN = ErrorKind(
    "FC4013",
    "The fit could not be written",
    EXIT_OUTPUT,
    "The directory does not exist or may not be written to, or a file of that name exists and --force was not given.",
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fit, and what a reader must know about it.

    Attributes:
        fit: The fit.
        frame: The period that it was learned from.
        contacts: How many contacts were read.
        findings: What was inferred and noticed.
        movements: What became of each reason since the earlier fit; empty without one.
    """

    fit: Fit
    frame: Frame
    contacts: int
    findings: tuple[Finding, ...]
    movements: tuple[Movement, ...] = ()


def fit(
    engine: Engine,
    connector: Connector,
    paths: Sequence[Path],
    options: Options,
    *,
    previous: Fit | None = None,
    progress: Progress = silent,
) -> Fitted:
    """Learn a fit.

    Args:
        engine: Where it runs.
        connector: What reads the files.
        paths: The files.
        options: What the user decided; a saved fit in it is not used.
        previous: An earlier fit to compare with.
        progress: Told about each step.

    Returns:
        The fit.

    Raises:
        FirstcontactError: The files cannot be read or mapped, or nothing is left.
    """
    prepared = prepare(engine, connector, paths, options, progress)
    progress("telling caused from coincidental returns")
    learned = learn_fit(engine, prepared, options.policy)
    movements = compare(previous, learned) if previous else ()
    return Fitted(learned, prepared.frame, prepared.loaded.ledger.contacts, prepared.findings, movements)


def check_target(path: Path, *, force: bool = False) -> None:
    """See before any work is done whether a fit may be kept there.

    Raises:
        FirstcontactError: FC4013, something of that name is there and may not be replaced.
    """
    if path.is_dir() or (path.exists() and not force):
        raise _not_written(path, "something of that name", "a name that is free, or --force for a file")
    if not path.parent.is_dir():
        raise _not_written(path, "a directory that does not exist", "a directory that exists")


def write_fit(fitted: Fit, path: Path) -> None:
    """Keep a fit in a file, whole or not at all.

    Raises:
        FirstcontactError: FC4013, it cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        partial.write_text(json.dumps(fitted.as_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise _not_written(path, "a place that may not be written to", "a directory you may write to") from None


def _not_written(path: Path, saw: str, allowed: str) -> FirstcontactError:
    fault = FIT_NOT_WRITTEN.fault(where=path.name, saw=saw, allowed=allowed, cure="choose another place with --out")
    return FirstcontactError([fault])
