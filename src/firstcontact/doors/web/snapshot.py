"""The run whose figures a page shows, read back whole, and the writer that puts it into the visitor's words."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

from fastapi import Request

from firstcontact.doors.api.problem import not_there
from firstcontact.doors.report.notation import Notation
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.page import Stamp, sentences
from firstcontact.doors.web.translation import locale
from firstcontact.doors.web.viewer import viewer
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.once import Once
from firstcontact.measurement.linking.period import WEEK_STARTS
from firstcontact.services.access import Permission, Principal, refused
from firstcontact.services.find_contacts import CONTACTS_FILE
from firstcontact.services.measure_history import KeptRun
from firstcontact.services.read_run import read_run
from firstcontact.services.run import Run
from firstcontact.services.service import Service

_KEPT_PIECES = 400
"""Pieces of pages of one run that are held ready: some twenty pages in five languages."""

_KEPT_RUNS = 4
"""Runs of which pieces are held: as many as are held themselves."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One run, for one visitor.

    Attributes:
        kept: What the service keeps of it.
        run: All that was measured.
        writer: Speaks the visitor's language; days are those of the business.
        asked: Whether the address names the run, so that links stay with it.
        rows_kept: Whether its contacts are kept still, so that counts can lead to them.
        noted: What it noted of each of them: their columns.
    """

    kept: KeptRun
    run: Run
    writer: Writer
    asked: bool
    rows_kept: bool
    noted: frozenset[str] = frozenset()

    @property
    def stamp(self) -> Stamp:
        """What the page says at its foot."""
        writer, run = self.writer, self.run
        return Stamp(
            self.kept.id,
            self.kept.state,
            self.rows_kept,
            writer.notation.moment(run.frame.cutoff),
            f"{writer.name(run.policy.name)} {self.kept.policy_number or ''}".strip(),
            writer.notation.moment(run.created_at),
            WEEK_STARTS[run.policy.calendar.week_start],
            run.zone,
        )

    def piece(self, make: Callable[[Run, Writer], Any], key: Hashable) -> Any:
        """What a function makes of a run and a writer, made once for all visitors of a language.

        Args:
            make: The function; what it makes depends on nothing else.
            key: Names what it makes.
        """
        named = (self.kept.id, str(self.writer.notation.locale), key)
        return _shelf(self.run).get(named, lambda: make(self.run, self.writer))


def snapshot(request: Request) -> Snapshot | None:
    """The run that a page shows: the one in force, or the one that `?run=` names; None before the first.

    Raises:
        FirstcontactError: The address names a run that is not there (FC9302), that the visitor may not see (FC9201),
            or that cannot be read.
    """
    service: Service = request.app.state.service
    asked = request.query_params.get("run", "")
    kept = service.runs.find(asked) if asked else service.runs.current()
    if kept is None:
        if asked:
            raise not_there("the run")
        return None
    if kept.state != "current":
        _permit(getattr(request.state, "principal", None), kept)
    shown = snapshot_of(service, kept, viewer(request).language, asked=bool(asked))
    if shown is None and asked:
        raise not_there("the files of this run")
    return shown


def snapshot_of(service: Service, kept: KeptRun, language: str, *, asked: bool = False) -> Snapshot | None:
    """A run for whoever speaks a language; None where its files are not there.

    Args:
        service: Where it is.
        kept: The run.
        language: A language tag.
        asked: As in `Snapshot`.
    """
    folder = service.runs.place(kept)
    if not (folder / "results.parquet").is_file():
        return None
    run = read(folder)
    writer = Writer(Notation(locale(language), run.zone), sentences(language))
    contacts = folder / CONTACTS_FILE
    noted = frozenset(service.kept_contacts.columns(contacts)) if contacts.is_file() else frozenset[str]()
    return Snapshot(kept, run, writer, asked, bool(noted), noted)


def _permit(who: Principal | None, kept: KeptRun) -> None:
    """Refuse a run that is not in force to who may see no more than the board, and a trial to who tries no policies."""
    needed = [Permission.READ_FIGURES, *([Permission.DRAFT_POLICIES] if kept.state == "trial" else [])]
    for permission in needed:
        if who is None or not who.may(permission):
            raise refused(permission)


def read(folder: Path) -> Run:
    """A run, from memory where it was read before (`services.read_run`).

    Raises:
        FirstcontactError: As there; it names files of the run, and not where this server keeps them.
    """
    try:
        return read_run(folder)
    except FirstcontactError as error:
        raise FirstcontactError([replace(one, where=Path(one.where).name) for one in error.faults]) from error


_shelving = Lock()
_shelves: list[tuple[Run, Once[Any]]] = []


def _shelf(run: Run) -> Once[Any]:
    """The pieces that were made of a run: of this one, not of another that is called the same."""
    with _shelving:
        found = next((one for one in _shelves if one[0] is run), None) or (run, Once[Any](_KEPT_PIECES))
        _shelves[:] = [*(one for one in _shelves if one[0] is not run), found][-_KEPT_RUNS:]
    return found[1]
