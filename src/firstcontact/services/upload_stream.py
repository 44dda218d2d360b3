"""A file that arrives in one stream, whose size is known only at its end: what a form of a page sends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.sentence import clause
from firstcontact.kernel.time_id import time_id
from firstcontact.services.upload import (
    AT_ONCE,
    IMPORT_UNFIT,
    MOST_PART,
    Import,
    Imports,
    ImportState,
    Uploads,
    announced,
    finish,
    receive,
)

MOST_STREAM = 256 << 20
"""Largest file that comes in one stream; larger ones come in parts, which can be gone on with."""

_UPLOADING: frozenset[ImportState] = frozenset({"uploading"})


class UploadStream:
    """Takes in one file as it arrives, part by part, so that no more than a part of it is ever in memory.

    Args:
        imports: Where imports are kept.
        uploads: Where files are.
        name: Its plain name.
        source: The system its contacts come from.
        actor: Who brings it.
        now: The moment, UTC.

    Raises:
        FirstcontactError: A file cannot be announced like this (FC9451).
    """

    def __init__(
        self, imports: Imports, uploads: Uploads, *, name: str, source: str, actor: str, now: datetime
    ) -> None:
        announced(name, source, MOST_STREAM, None)
        self._imports = imports
        self._uploads = uploads
        # Announced as large as it may become; its true size is set when all of it is here.
        self._one = Import(
            id=time_id(now), name=name, source=source.strip(), size=MOST_STREAM, received=0, digest=None,
            state="uploading", mapping=None, preview=None, counts=None, faults=None, job_id=None, created_by=actor,
            created_at=now, ended_at=None,
        )  # fmt: skip
        self._rest = bytearray()
        imports.add(self._one)

    def write(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            FirstcontactError: There are more than allowed (FC9451), or there is no room (FC9455).
        """
        if self._one.received + len(self._rest) + len(data) > MOST_STREAM:
            fault = IMPORT_UNFIT.fault(
                where="file", saw="more", allowed=clause("at most {count} MiB at once", count=MOST_STREAM >> 20),
                cure="allow scripts in the browser, which send it in parts, or use `firstcontact upload`",
            )  # fmt: skip
            raise FirstcontactError([fault])
        self._rest += data
        while len(self._rest) >= MOST_PART:
            self._keep(bytes(self._rest[:MOST_PART]))
            del self._rest[:MOST_PART]

    def end(self, later: Callable[[Import], object]) -> Import:
        """Say that all has arrived.

        Args:
            later: Has a large file made whole in the background.

        Returns:
            The import as it then stands.

        Raises:
            FirstcontactError: Nothing has arrived, or more than allowed (FC9451), or there is no room (FC9455).
        """
        if self._rest:
            self._keep(bytes(self._rest))
        if not self._one.received:
            fault = IMPORT_UNFIT.fault(
                where="file", saw="0 bytes", allowed="a file that is not empty", cure="choose a file"
            )
            raise FirstcontactError([fault])
        one = self._imports.change(self._one.id, _UPLOADING, size=self._one.received) or self._one
        if one.size <= AT_ONCE:
            return finish(self._imports, self._uploads, one)
        later(one)
        return one

    def abandon(self, now: datetime) -> None:
        """Forget it: it broke off, or was not allowed."""
        self._imports.change(self._one.id, _UPLOADING, state="cancelled", ended_at=now)
        self._uploads.drop(self._one.id)

    def _keep(self, data: bytes) -> None:
        self._one = receive(
            self._imports, self._uploads, self._one, self._one.received, data, later=lambda _whole: None
        )
