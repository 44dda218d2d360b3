"""The run whose figures a page shows, read back whole, and the writer that puts it into the visitor's words."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from fastapi import Request

from firstcontact.doors.api.problem import not_there
from firstcontact.doors.report.notation import Notation
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.page import Stamp, sentences
from firstcontact.doors.web.viewer import viewer
from firstcontact.services.measure_history import KeptRun
from firstcontact.services.read_run import read_run
from firstcontact.services.run import Run
from firstcontact.services.service import Service

_KEPT_PIECES = 400
"""Pieces of pages that it holds ready: some twenty pages in five languages, of those runs."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One run, for one visitor.

    Attributes:
        kept: What the service keeps of it.
        run: All that was measured.
        writer: Speaks the visitor's language; days are those of the business.
        asked: Whether the address names the run, so that links stay with it.
    """

    kept: KeptRun
    run: Run
    writer: Writer
    asked: bool

    @property
    def stamp(self) -> Stamp:
        """What the page says at its foot."""
        writer, run = self.writer, self.run
        return Stamp(
            self.kept.id,
            self.kept.state == "current",
            writer.notation.moment(run.frame.cutoff),
            f"{writer.name(run.policy.name)} {self.kept.policy_number or ''}".strip(),
            writer.notation.moment(run.created_at),
        )

    def piece(self, make: Callable[[Run, Writer], Any], key: Hashable) -> Any:
        """What a function makes of a run and a writer, made once for all visitors of a language.

        Args:
            make: The function; what it makes depends on nothing else.
            key: Names what it makes.
        """
        return _piece((self.kept.id, id(self.run), str(self.writer.notation.locale), key), self.run, self.writer, make)


def snapshot(request: Request) -> Snapshot | None:
    """The run that a page shows: the one in force, or the one that `?run=` names; None before the first.

    Raises:
        FirstcontactError: The address names a run that is not there (FC9302), or that cannot be read.
    """
    service: Service = request.app.state.service
    asked = request.query_params.get("run", "")
    kept = service.runs.find(asked) if asked else service.runs.current()
    if kept is None:
        if asked:
            raise not_there("the run")
        return None
    folder = service.runs.place(kept)
    if not (folder / "results.parquet").is_file():
        if asked:
            raise not_there("the files of this run")
        return None
    run = read(folder)
    seen = viewer(request)
    return Snapshot(kept, run, Writer(Notation(seen.locale, run.zone), sentences(seen.language)), bool(asked))


def read(folder: Path) -> Run:
    """A run, from memory where it was read before (`services.read_run`)."""
    return read_run(folder)


_drawing = Lock()
_pieces: OrderedDict[Hashable, Any] = OrderedDict()


def _piece(key: Hashable, run: Run, writer: Writer, make: Callable[[Run, Writer], Any]) -> Any:
    # One at a time: two that draw the same take twice as long for nothing.
    with _drawing:
        if key not in _pieces:
            _pieces[key] = make(run, writer)
            while len(_pieces) > _KEPT_PIECES:
                _pieces.popitem(last=False)
        _pieces.move_to_end(key)
        return _pieces[key]
